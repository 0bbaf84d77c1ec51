// Tests of ops as data. A file <op>_case.cc says for one op or family what it is fed and what must
// come out, by an oracle: a few naive lines in double. op_runner.h makes of each case
//   - the shapes that the shape function infers, for declared extents and for unknown ones,
//   - the values of every CPU kernel, of every combination of types, against the oracle,
//   - the gradient against central differences of the oracle, and in float against double,
//   - the message of every bad input,
// and completeness_test.cc lists what no case covers.
//
//   const OpCaseRegistration kSub({
//       .op = "Sub",
//       .oracle = Elementwise([](double x, double y) { return x - y; }),
//       .cases = {{"odd", {Uniform({3, 17}), Uniform({17})}}, {"empty", {Uniform({0}), ...}}},
//       .bad = {{"shapes", {Uniform({2}), Uniform({3})}, "cannot broadcast"}},
//   });
#ifndef VIV_TESTS_OPS_OP_CASE_H_
#define VIV_TESTS_OPS_OP_CASE_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "core/tensor/attr.h"
#include "core/tensor/tensor.h"

namespace viv {

// A tensor as oracles see it, whatever its type: booleans are 0 and 1, the string "7" is 7.
struct Array {
  Array() = default;
  explicit Array(Shape s, double fill = 0)
      : shape(std::move(s)), values(shape.num_elements(), fill) {}

  double& operator()(absl::Span<const int64_t> index) { return values[Offset(index)]; }
  double operator()(absl::Span<const int64_t> index) const { return values[Offset(index)]; }
  double& operator()(std::initializer_list<int64_t> i) {
    return values[Offset({i.begin(), i.size()})];
  }
  double operator()(std::initializer_list<int64_t> i) const {
    return values[Offset({i.begin(), i.size()})];
  }
  int64_t dim(int i) const { return shape.dim(i); }
  // Row-major.
  size_t Offset(absl::Span<const int64_t> index) const;

  Shape shape;
  std::vector<double> values;
};
// The tensor of these elements, rounded to `dtype`, and back.
Tensor ToTensor(const Array& array, DType dtype);
Array ToArray(const Tensor& tensor);

// What an input of a case is: these values or, where there are none, uniform ones in [low, high).
struct OpInput {
  Shape shape;
  double low = -2, high = 2;
  std::vector<double> values;
  // Only where the op does not say: its input is of "any" type, or the case has a builder function
  // and the input is not of type T.
  DType type = kInvalid;
};
OpInput Uniform(const Shape& shape, double low = -2, double high = 2);
OpInput Given(const Shape& shape, std::vector<double> values, DType type = kInvalid);
// An int64 vector: a shape, a list of axes.
OpInput GivenShape(const std::vector<int64_t>& extents);

// One application of an op, for oracles.
struct OpCall {
  std::vector<Array> in;
  std::vector<DType> input_types;
  AttrMap attrs;
  // Values of the op's type variables.
  std::map<std::string, DType> types;

  const Array& operator[](int i) const { return in[i]; }
};
// All outputs; for an op that updates variables, their new values.
using Oracle = std::function<std::vector<Array>(const OpCall&)>;
// What is wrong with the outputs of an op that has no oracle (random ones); "" where all is well.
using Property = std::function<std::string(const OpCall&, const std::vector<Array>& outputs)>;
// Applies a builder function to the inputs.
using BuildFn = std::function<std::vector<Output>(const GraphBuilder&, const std::vector<Output>&)>;

enum class GradientKind {
  // Central differences of the oracle decide.
  kDifferences,
  // As kDifferences, and the gradient of the gradient too.
  kTwice,
  // Nothing flows through the op.
  kZero,
};

struct OpCase {
  // What is particular about it.
  std::string name;
  std::vector<OpInput> inputs;
  AttrMap attrs = {};
};

// A case that must fail, when the graph is built or, where the extents are not declared, when it is
// run.
struct BadCase {
  std::string name;
  std::vector<OpInput> inputs;
  // A part of the message.
  std::string message;
  AttrMap attrs = {};
};

struct OpCases {
  // The op; with `build` a name for the builder function.
  std::string op;
  Oracle oracle;
  Property property = nullptr;
  BuildFn build = nullptr;
  // In units in the last place of numbers around max(1, |expected|). Integers are exact.
  double tolerance = 4;
  GradientKind gradient = GradientKind::kDifferences;
  // The outputs through which a gradient may flow; empty: all that are floating-point.
  std::vector<int> loss_outputs = {};
  // Inputs of the gradient check; empty: all that are floating-point.
  std::vector<int> gradient_inputs = {};
  // The results' shapes are known only when it has run, although its op (of a builder function)
  // does not say so.
  bool dynamic = false;
  std::vector<OpCase> cases;
  std::vector<BadCase> bad = {};
};

class OpCaseRegistration {
 public:
  explicit OpCaseRegistration(OpCases cases);
  // A family.
  explicit OpCaseRegistration(const std::vector<OpCases>& family);
};
// All of them, sorted by op.
const std::map<std::string, OpCases>& AllOpCases();

// Parts of oracles.

// f(x) or, with broadcasting, f(x, y); where T is uint8 it wraps.
Oracle Elementwise(std::function<double(double)> f);
Oracle Elementwise(std::function<double(double, double)> f);
// NumPy's broadcasting.
Shape BroadcastOf(const Shape& a, const Shape& b);
// The element that broadcasting `a` puts at an index of a larger shape.
double BroadcastAt(const Array& a, absl::Span<const int64_t> index);
// Calls f for each index of a shape, in row-major order.
void ForEachIndex(const Shape& shape, const std::function<void(absl::Span<const int64_t>)>& f);

}  // namespace viv

#endif  // VIV_TESTS_OPS_OP_CASE_H_
