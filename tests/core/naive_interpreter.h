// What a graph means, said as plainly as possible: an interpreter that knows no plans, no passes
// and no devices, computes in double, element by element, and looks everything up by name. The
// executor is tested against it (random_graph_test.cc), so it shares nothing with the kernels.
#ifndef VIV_TESTS_CORE_NAIVE_INTERPRETER_H_
#define VIV_TESTS_CORE_NAIVE_INTERPRETER_H_

#include <map>
#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace viv {

// Elements of any type as doubles, row-major.
struct NaiveValue {
  DType dtype = kDouble;
  std::vector<int64_t> dims;
  std::vector<double> v;
};
NaiveValue FromTensor(const Tensor& tensor);

class NaiveInterpreter {
 public:
  // Variables by name.
  explicit NaiveInterpreter(std::map<std::string, NaiveValue> variables)
      : variables_(std::move(variables)) {}

  // One run: the values of `fetches`; then the updates that are fetched as targets happen.
  std::vector<NaiveValue> Run(const std::map<Output, NaiveValue>& feeds,
                              const std::vector<Output>& fetches);
  const std::map<std::string, NaiveValue>& variables() const { return variables_; }

 private:
  using Values = std::vector<NaiveValue>;
  // The outputs of nodes, computed when they are asked for.
  using Frame = std::map<const Node*, Values>;

  const NaiveValue& Get(const Output& output, Frame& frame);
  Values Evaluate(const Node& node, const Values& in);
  Values Call(const Node& node, const std::string& function, const Values& arguments);
  Values Cond(const Node& node, const Values& in);
  Values Scan(const Node& node, const Values& in);
  Values While(const Node& node, Values in);

  std::map<std::string, NaiveValue> variables_;
};

}  // namespace viv

#endif  // VIV_TESTS_CORE_NAIVE_INTERPRETER_H_
