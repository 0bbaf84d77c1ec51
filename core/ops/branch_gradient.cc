// Differentiates one branch and takes it apart.
#include "core/ops/branch_gradient.h"

#include <algorithm>

#include "core/base/status.h"
#include "core/ops/array.h"

namespace viv {

absl::StatusOr<BranchGradient> BranchGradient::Create(GradientContext& c, Branch branch) {
  ASSIGN_OR_RETURN(
      FunctionGradient function,
      FunctionGradient::Create(c, branch.function, static_cast<int>(branch.outputs.size())));
  BranchGradient gradient(c, std::move(branch), std::move(function));
  RETURN_IF_ERROR(gradient.Differentiate());
  return gradient;
}

absl::Status BranchGradient::Differentiate() {
  std::vector<Output> ys, seeds, xs;
  std::vector<int> arguments;
  for (size_t r = 0; r < branch_.outputs.size(); ++r) {
    const int output = static_cast<int>(branch_.outputs[r]);
    if (!c_->has_grad(output)) continue;
    ys.push_back(function_.result(static_cast<int>(r)));
    ASSIGN_OR_RETURN(const Output seed,
                     function_.AddArgument(ys.back().dtype(), ys.back().shape()));
    seeds.push_back(seed);
    inputs_.push_back(c_->grad(output));
  }
  for (int i = 0; i < branch_.num_inputs; ++i) {
    if (!c_->needed(branch_.first_input + i)) continue;
    xs.push_back(function_.argument(i));
    arguments.push_back(i);
  }
  ASSIGN_OR_RETURN(const std::vector<Gradient> gradients, function_.Differentiate(ys, seeds, xs));
  gradients_.resize(branch_.num_inputs);
  for (size_t k = 0; k < arguments.size(); ++k) gradients_[arguments[k]] = gradients[k];
  return absl::OkStatus();
}

void BranchGradient::AddResult(int argument) {
  const GraphBuilder& b = function_.builder();
  const Output x = function_.argument(argument);
  results_.push_back(Flows(argument) ? DenseGradient(b, gradients_[argument], x) : ZerosLike(b, x));
}

absl::Status BranchGradient::AddZeros(Output like) {
  ASSIGN_OR_RETURN(const Output argument, function_.AddArgument(like.dtype(), like.shape()));
  inputs_.push_back(like);
  results_.push_back(ZerosLike(function_.builder(), argument));
  return absl::OkStatus();
}

void BranchGradient::SaveIn(DType dtype, const PartialShape& shape, SharedOutputs& shared) {
  // The outputs of a branch are in rising order.
  const int last = branch_.outputs.empty() ? -1 : static_cast<int>(branch_.outputs.back());
  const auto fits = [&](const Output& output) {
    return output.index > last && output.dtype() == dtype && shape.fully_defined() &&
           output.shape() == shape;
  };
  const auto found = std::find_if(shared.begin(), shared.end(), fits);
  if (found != shared.end()) {
    branch_.outputs.push_back(found->index);
    return;
  }
  Node& node = c_->mutable_node();
  std::vector<DType> types = node.attrs().Types("types");
  types.push_back(dtype);
  node.set_attr("types", std::move(types));
  shared.push_back(node.AddOutput(dtype, shape));
  branch_.outputs.push_back(shared.back().index);
}

absl::Status BranchGradient::Finish(SharedOutputs& shared) {
  const std::vector<bool> keep(branch_.num_inputs, true);
  ASSIGN_OR_RETURN(const FunctionGradient::Parts parts,
                   function_.Split(results_, keep, /*first_visible=*/0));
  for (size_t i = 0; i < parts.new_types.size(); ++i) {
    SaveIn(parts.new_types[i], parts.new_shapes[i], shared);
  }
  c_->mutable_node().set_attr(branch_.function, parts.forward);
  for (const int r : parts.residuals) {
    inputs_.push_back(c_->output(static_cast<int>(branch_.outputs[r])));
  }
  for (const int i : parts.kept) inputs_.push_back(c_->input(branch_.first_input + i));
  backward_ = parts.backward;
  return absl::OkStatus();
}

}  // namespace viv
