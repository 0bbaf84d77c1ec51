// Copies functions and differentiates the copies.
#include "core/ops/function_gradient.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/function_copy.h"

namespace viv {

Output DenseGradient(const GraphBuilder& b, const Gradient& gradient, Output x) {
  if (!gradient.sparse()) return gradient.dense;
  return ScatterAdd(b, gradient.indices, gradient.values, ShapeOf(b, x));
}

FunctionGradient::FunctionGradient(const GradientContext& c, const Function* function,
                                   std::unique_ptr<Function> copy)
    : context_(c),
      function_(function),
      copy_(std::move(copy)),
      builder_(GraphBuilder(&copy_->body()).At(c.node().site())) {}

absl::StatusOr<FunctionGradient> FunctionGradient::Create(const GradientContext& c,
                                                          const std::string& attr,
                                                          int num_results) {
  const Graph& graph = c.builder().graph();
  const std::string& name = c.attrs().String(attr);
  const Function* function = graph.library().Find(name);
  if (function == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no function '", name, "'"));
  }
  auto copy = std::make_unique<Function>(
      graph.library().UniqueName(absl::StrCat(name, "_gradient")), graph.shared_library());
  OutputMap copies;
  for (Node* argument : function->arguments()) {
    RETURN_IF_ERROR(CopyAsArgument(argument->out(), *copy, copies));
  }
  ASSIGN_OR_RETURN(const std::vector<Node*> order, function->body().TopologicalOrder());
  for (Node* node : order) {
    if (node->op_name() != "Argument") RETURN_IF_ERROR(CopyNode(node, copy->body(), copies));
  }
  std::vector<Output> results = function->results();
  results.resize(std::min<size_t>(results.size(), num_results));
  copy->set_results(Mapped(results, copies));
  FunctionGradient gradient(c, function, std::move(copy));
  gradient.first_new_ = static_cast<int>(gradient.copy_->body().nodes().size());
  return gradient;
}

absl::StatusOr<Output> FunctionGradient::AddArgument(DType dtype, const PartialShape& shape) {
  ASSIGN_OR_RETURN(const Output argument, copy_->AddArgument(dtype, shape, context_.node().site()));
  added_.push_back(argument.node);
  return argument;
}

void FunctionGradient::DropArgument(Output argument) {
  added_.erase(std::remove(added_.begin(), added_.end(), argument.node), added_.end());
}

absl::StatusOr<std::vector<Gradient>> FunctionGradient::Differentiate(
    const std::vector<Output>& results, const std::vector<Output>& initial,
    const std::vector<Output>& arguments) {
  absl::StatusOr<std::vector<Gradient>> gradients =
      context_.gradients()(builder_, results, arguments, initial);
  if (gradients.ok()) return gradients;
  return Annotate(gradients.status(), absl::StrCat("in function '", function_->name(), "'"));
}

absl::StatusOr<std::string> FunctionGradient::Whole(const std::vector<Output>& results) {
  RETURN_IF_ERROR(builder_.status());
  std::vector<Node*> arguments = added_;
  for (Node* node : copy_->arguments()) {
    if (IsForward(node)) arguments.push_back(node);
  }
  copy_->set_arguments(std::move(arguments));
  copy_->set_results(results);
  const std::string name = copy_->name();
  RETURN_IF_ERROR(copy_->body().library().Add(std::move(copy_)));
  return name;
}

}  // namespace viv
