// Shape function, kernel, one launch.
#include "core/runtime/evaluate.h"

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"

namespace viv {
namespace {

absl::StatusOr<std::vector<PartialShape>> ShapesOfOutputs(const Node& node,
                                                          absl::Span<const Tensor> inputs,
                                                          const CallableFactory& callables) {
  std::vector<PartialShape> shapes;
  for (const Tensor& input : inputs) shapes.emplace_back(input.shape());
  ShapeContext context(node, std::move(shapes), [inputs](int i) { return &inputs[i]; });
  if (callables) context.set_function_shapes(FunctionShapesBy(callables));
  RETURN_IF_ERROR(Annotate(node.op().shape(context), node.Describe()));
  return context.outputs();
}

absl::StatusOr<std::unique_ptr<Kernel>> KernelFor(const Node& node, const KernelDef& def,
                                                  absl::Span<const Tensor> inputs,
                                                  absl::Span<const PartialShape> outputs,
                                                  const CallableFactory& callables) {
  std::vector<DType> input_types, output_types;
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) {
    input_types.push_back(input.dtype());
    shapes.push_back(input.shape());
  }
  for (int i = 0; i < node.num_outputs(); ++i) output_types.push_back(node.output_type(i));
  const auto missing = [](const std::string& name,
                          int) -> absl::StatusOr<std::shared_ptr<const Callable>> {
    return absl::UnimplementedError(absl::StrCat("function '", name, "' cannot be run here"));
  };
  const KernelInit init{.node_name = node.name(),
                        .attrs = node.attrs(),
                        .input_types = input_types,
                        .output_types = output_types,
                        .input_shapes = shapes,
                        .output_shapes = outputs,
                        .constant_input = [inputs](int i) { return &inputs[i]; },
                        .callable = callables ? callables : missing};
  return CreateKernel(def, init);
}

}  // namespace

absl::StatusOr<std::vector<Tensor>> EvaluateNode(const Node& node, absl::Span<const Tensor> inputs,
                                                 const CallableFactory& callables) {
  ASSIGN_OR_RETURN(const KernelDef* def,
                   KernelRegistry::Global().Find(node.op_name(), "cpu", BoundTypes(node)));
  ASSIGN_OR_RETURN(const std::vector<PartialShape> shapes,
                   ShapesOfOutputs(node, inputs, callables));
  if (def->alias) return std::vector<Tensor>{inputs[0].Reshaped(shapes[0].ToShape())};
  std::vector<Tensor> outputs;
  for (int i = 0; i < node.num_outputs(); ++i) {
    // The kernel makes the outputs of an op with dynamic ones.
    Tensor output(node.output_type(i), Shape(), nullptr);
    if (!node.op().dynamic_output) {
      if (!shapes[i].fully_defined()) {
        return absl::InternalError(
            absl::StrCat(node.Describe(), ": the shape of output ", i, " cannot be determined"));
      }
      ASSIGN_OR_RETURN(output, Tensor::Make(node.output_type(i), shapes[i].ToShape()));
    }
    outputs.push_back(std::move(output));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Kernel> kernel,
                   KernelFor(node, *def, inputs, shapes, callables));
  std::vector<const Tensor*> in;
  std::vector<Tensor*> out;
  for (const Tensor& t : inputs) in.push_back(&t);
  for (Tensor& t : outputs) out.push_back(&t);
  ASSIGN_OR_RETURN(
      const std::shared_ptr<Buffer> scratch,
      Buffer::Allocate(kUInt8, static_cast<int64_t>(kernel->scratch_bytes()), Allocator::Cpu()));
  const StepInfo step;
  RETURN_IF_ERROR(
      Annotate(kernel->Compute(KernelContextBuilder::Make(in, out, {}, {}, scratch->data(), &step)),
               node.Describe()));
  return outputs;
}

ShapeContext::FunctionShapesFn FunctionShapesBy(const CallableFactory& callables) {
  return [&callables](const std::string& function, absl::Span<const PartialShape> arguments,
                      int num_results) -> absl::StatusOr<std::vector<PartialShape>> {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Callable> callable,
                     callables(function, num_results));
    return callable->ResultShapes(arguments);
  };
}

absl::StatusOr<std::unique_ptr<Kernel>> CreateKernel(const KernelDef& def, const KernelInit& init) {
  absl::StatusOr<std::unique_ptr<Kernel>> kernel = absl::UnknownError("");
  RETURN_IF_ERROR(RunGuarded("the kernel's tables", [&] { kernel = def.factory(init); }));
  return kernel;
}

}  // namespace viv
