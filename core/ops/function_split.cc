// Takes a function and its gradient apart into two functions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/function_copy.h"
#include "core/ops/function_gradient.h"

namespace viv {
namespace {

// "loop" -> "loop_saving", of which the next one is "loop_saving_1".
std::string SavingName(const Function& function, const FunctionLibrary& library) {
  std::string base = function.name();
  const size_t at = base.rfind("_saving");
  if (at != std::string::npos) base.resize(at);
  return library.UniqueName(absl::StrCat(base, "_saving"));
}

}  // namespace

std::set<Output> FunctionGradient::Crossing(const std::vector<Output>& results) const {
  std::set<Output> crossing;
  std::set<const Node*> seen;
  std::vector<Output> stack = results;
  while (!stack.empty()) {
    const Output output = stack.back();
    stack.pop_back();
    if (IsForward(output.node)) {
      crossing.insert(output);
    } else if (seen.insert(output.node).second) {
      stack.insert(stack.end(), output.node->inputs().begin(), output.node->inputs().end());
    }
  }
  return crossing;
}

absl::StatusOr<FunctionGradient::Parts> FunctionGradient::Split(const std::vector<Output>& results,
                                                                const std::vector<bool>& keep,
                                                                int first_visible) {
  RETURN_IF_ERROR(builder_.status());
  const std::vector<Output>& visible = copy_->results();
  Parts parts;
  std::vector<Output> residuals, constants, kept, forward_results = visible;
  for (const Output& output : Crossing(results)) {
    const auto argument =
        std::find(copy_->arguments().begin(), copy_->arguments().end(), output.node);
    const size_t index = argument - copy_->arguments().begin();
    if (output.node->op_name() == "Const") {
      constants.push_back(output);
    } else if (argument != copy_->arguments().end() && keep[index]) {
      kept.push_back(output);
      parts.kept.push_back(static_cast<int>(index));
    } else {
      residuals.push_back(output);
      const auto shown = std::find(visible.begin() + first_visible, visible.end(), output);
      if (shown != visible.end()) {
        parts.residuals.push_back(static_cast<int>(shown - visible.begin()));
      } else {
        parts.residuals.push_back(static_cast<int>(forward_results.size()));
        forward_results.push_back(output);
      }
    }
  }
  // Arguments were made first: kept ones are in order.
  RETURN_IF_ERROR(BuildForward(forward_results, parts));
  RETURN_IF_ERROR(BuildBackward(results, residuals, kept, constants, parts));
  return parts;
}

absl::Status FunctionGradient::BuildForward(const std::vector<Output>& results, Parts& parts) {
  FunctionLibrary& library = copy_->body().library();
  auto forward =
      std::make_unique<Function>(SavingName(*function_, library), copy_->body().shared_library());
  OutputMap copies;
  for (const auto& node : copy_->body().nodes()) {
    if (!IsForward(node.get())) break;
    if (node->op_name() == "Argument") {
      RETURN_IF_ERROR(CopyAsArgument(node->out(), *forward, copies));
    } else {
      RETURN_IF_ERROR(CopyNode(node.get(), forward->body(), copies));
    }
  }
  forward->set_results(Mapped(results, copies));
  for (size_t r = copy_->results().size(); r < results.size(); ++r) {
    parts.new_types.push_back(results[r].dtype());
    parts.new_shapes.push_back(results[r].shape());
  }
  parts.forward = forward->name();
  return library.Add(std::move(forward));
}

absl::Status FunctionGradient::BuildBackward(const std::vector<Output>& results,
                                             const std::vector<Output>& residuals,
                                             const std::vector<Output>& kept,
                                             const std::vector<Output>& constants, Parts& parts) {
  FunctionLibrary& library = copy_->body().library();
  auto backward = std::make_unique<Function>(copy_->name(), copy_->body().shared_library());
  OutputMap copies;
  for (Node* node : added_) RETURN_IF_ERROR(CopyAsArgument(node->out(), *backward, copies));
  for (const Output& output : residuals) RETURN_IF_ERROR(CopyAsArgument(output, *backward, copies));
  for (const Output& output : kept) RETURN_IF_ERROR(CopyAsArgument(output, *backward, copies));
  for (const Output& output : constants) {
    RETURN_IF_ERROR(CopyNode(output.node, backward->body(), copies));
  }
  ASSIGN_OR_RETURN(const std::vector<Node*> order, copy_->body().TopologicalOrder());
  for (Node* node : order) {
    if (IsForward(node) || copies.count(node->out()) > 0) continue;
    if (node->op_name() == "Argument") continue;  // one that was taken back
    const auto& inputs = node->inputs();
    // What is missing is needed by no result.
    const bool possible = std::all_of(inputs.begin(), inputs.end(),
                                      [&](const Output& i) { return copies.count(i) > 0; });
    if (possible) RETURN_IF_ERROR(CopyNode(node, backward->body(), copies));
  }
  backward->set_results(Mapped(results, copies));
  parts.backward = backward->name();
  return library.Add(std::move(backward));
}

}  // namespace viv
