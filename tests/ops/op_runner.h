// Runs op cases (see op_case.h). Everything returns what is wrong as a Status, so that the runner
// itself can be tested with ops that are wrong.
#ifndef VIV_TESTS_OPS_OP_RUNNER_H_
#define VIV_TESTS_OPS_OP_RUNNER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/runtime/session.h"
#include "op_case.h"

namespace viv {

// Values of the op's type variables.
using OpTypes = std::map<std::string, DType>;

// Every combination of types that the op allows and a CPU kernel serves; T = float and double for a
// builder function.
std::vector<OpTypes> ServedTypes(const OpCases& cases);
// The combination for gradients: every floating-point variable is `dtype`. Empty optional: none.
absl::StatusOr<OpTypes> GradientTypes(const OpCases& cases, DType dtype);

enum class Form {
  // Shapes are declared, values that shape functions read are constants.
  kDeclared,
  // All extents are unknown, everything is fed, and inputs are temporaries that a kernel may
  // overwrite.
  kOpen,
};

// A graph that applies the op once.
struct CaseGraph {
  GraphBuilder b;
  OpCall call;
  // By input; invalid where it is no placeholder (constants, variables).
  std::vector<Output> placeholders;
  Feeds feeds;
  // The outputs, or one target.
  std::vector<Output> outputs;
  // Names of the variables that the op updates.
  std::vector<std::string> variables;
  // Where there are such: another update, which runs before.
  Output earlier_update;
};
absl::StatusOr<CaseGraph> BuildCase(const OpCases& cases, const std::vector<OpInput>& inputs,
                                    const AttrMap& attrs, const OpTypes& types, Form form);

// Adds the gradients of a weighted sum of the outputs in the inputs.
struct GradientGraph {
  CaseGraph graph;
  Output loss;
  std::vector<Output> xs;
  // Which input each of xs is.
  std::vector<int> inputs;
  // By output; empty where it is not in the loss.
  std::vector<Array> weights;
  std::vector<Output> gradients;
  // Of a weighted sum of `gradients`; for GradientKind::kTwice.
  Output second_loss;
  std::vector<Output> second;
};
// `xs` is empty where no input or output is floating-point: there is nothing to check.
absl::StatusOr<GradientGraph> BuildGradients(const OpCases& cases, const OpCase& one,
                                             const OpTypes& types);

absl::Status CheckValues(const OpCases& cases, const OpCase& one, const OpTypes& types, Form form);
absl::Status CheckGradient(const OpCases& cases, const OpCase& one);
absl::Status CheckBad(const OpCases& cases, const BadCase& bad);
// All of the above for all cases of an op: one line for each thing that is wrong.
std::vector<std::string> CheckOp(const OpCases& cases);

}  // namespace viv

#endif  // VIV_TESTS_OPS_OP_RUNNER_H_
