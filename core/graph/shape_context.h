// What a shape function sees: the shapes and, where they are known, the values of the inputs. The
// same function runs with partial shapes while the graph is built and with concrete shapes before
// kernels are launched.
#ifndef VIV_CORE_GRAPH_SHAPE_CONTEXT_H_
#define VIV_CORE_GRAPH_SHAPE_CONTEXT_H_

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/graph/graph.h"

namespace viv {

class ShapeContext {
 public:
  // Returns the value of input i, or null where it is not known (yet).
  using ValueFn = std::function<const Tensor*(int)>;

  ShapeContext(const Node& node, std::vector<PartialShape> inputs, ValueFn value)
      : node_(node),
        inputs_(std::move(inputs)),
        outputs_(node.num_outputs()),
        value_(std::move(value)) {}

  const AttrMap& attrs() const { return node_.attrs(); }
  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  int num_outputs() const { return static_cast<int>(outputs_.size()); }
  const PartialShape& input(int i) const { return inputs_[i]; }
  absl::Span<const PartialShape> inputs() const { return inputs_; }
  DType input_type(int i) const { return node_.input(i).dtype(); }
  DType output_type(int i) const { return node_.output_type(i); }

  // The value of input i, or null: then the outputs that depend on it stay unknown.
  const Tensor* ConstantValue(int i);
  // Input i, an int32 or int64 vector, read as a shape: -1 stands for an unknown extent. Unknown
  // rank where neither the value nor the length is known.
  absl::StatusOr<PartialShape> ConstantAsShape(int i);
  // Whether a value was asked for and not known.
  bool missed_value() const { return missed_value_; }

  void set_output(int i, PartialShape shape) { outputs_[i] = std::move(shape); }
  const std::vector<PartialShape>& outputs() const { return outputs_; }

  // The shapes of the first results of the function that attribute `attr` names, for arguments of
  // these shapes. An error where there is no such function, where its arguments are not of the
  // types of the inputs from `first_input` on, or its results not of `result_types`.
  absl::StatusOr<std::vector<PartialShape>> FunctionShapes(
      const std::string& attr, absl::Span<const PartialShape> arguments, int first_input,
      absl::Span<const DType> result_types) const;
  // The types of all outputs.
  std::vector<DType> output_types() const;
  // Who knows more about functions than their shape functions say: an executor with kernels.
  using FunctionShapesFn = std::function<absl::StatusOr<std::vector<PartialShape>>(
      const std::string& function, absl::Span<const PartialShape> arguments, int num_results)>;
  void set_function_shapes(FunctionShapesFn function_shapes) {
    function_shapes_ = std::move(function_shapes);
  }

 private:
  const Node& node_;
  std::vector<PartialShape> inputs_;
  std::vector<PartialShape> outputs_;
  ValueFn value_;
  FunctionShapesFn function_shapes_;
  bool missed_value_ = false;
};

// Checks for shape functions. An error names the argument: "Softmax: input 0 has rank 1, not 2".
absl::Status WithRank(const ShapeContext& c, int input, int rank);
absl::Status WithRankAtLeast(const ShapeContext& c, int input, int rank);
// The shape of element-wise ops with broadcasting (NumPy's rule).
absl::StatusOr<PartialShape> BroadcastShapes(const PartialShape& a, const PartialShape& b);
// -rank <= axis < rank made non-negative; an error that names both.
absl::StatusOr<int> NormalizeAxis(int64_t axis, int rank);

// Ready-made shape functions.
absl::Status ScalarShape(ShapeContext& c);     // every output a scalar
absl::Status UnchangedShape(ShapeContext& c);  // every output like input 0
absl::Status BroadcastShape(ShapeContext& c);  // every output like the broadcast inputs
absl::Status UnknownShape(ShapeContext& c);    // nothing known
absl::Status NoOutputs(ShapeContext& c);       // for ops without outputs

// The shapes of a function's results for arguments of these shapes.
absl::StatusOr<std::vector<PartialShape>> InferFunctionShapes(
    const Function& function, absl::Span<const PartialShape> arguments);

}  // namespace viv

#endif  // VIV_CORE_GRAPH_SHAPE_CONTEXT_H_
