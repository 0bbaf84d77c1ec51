// Reverse accumulation over the nodes that lie between xs and ys.
#include "core/autodiff/gradients.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/autodiff/recomputation.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

class Differentiator {
 public:
  Differentiator(const GraphBuilder& b, const std::vector<Output>& xs)
      : builder_(b), recomputation_(b, &depends_), xs_(xs.begin(), xs.end()) {}

  absl::Status Run(const std::vector<Output>& ys, const std::vector<Output>& initial);
  absl::StatusOr<Gradient> GradientOf(Output x) { return Sum(builder_, x); }

 private:
  // Nodes from which a y is reached backwards, and on which an x lies.
  void MarkUseful(const std::vector<Node*>& order, const std::vector<Output>& ys);
  // Whether a change of an x changes this output.
  bool DependsOnX(const Output& output) const {
    return IsFloating(output.dtype()) && (xs_.count(output) > 0 || depends_.count(output.node) > 0);
  }
  absl::Status Visit(Node* node);
  absl::StatusOr<Gradient> Sum(const GraphBuilder& b, Output output);

  const GraphBuilder& builder_;
  Recomputation recomputation_;
  std::set<Output> xs_;
  std::set<const Node*> reached_;
  std::set<const Node*> depends_;
  std::map<Output, std::vector<Gradient>> flowing_;
};

void Differentiator::MarkUseful(const std::vector<Node*>& order, const std::vector<Output>& ys) {
  for (const Output& y : ys) reached_.insert(y.node);
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    if (reached_.count(*it) == 0) continue;
    for (const Output& input : (*it)->inputs()) reached_.insert(input.node);
  }
  for (const Node* node : order) {
    const auto& inputs = node->inputs();
    if (std::any_of(inputs.begin(), inputs.end(),
                    [this](const Output& i) { return i.dtype() != kResource && DependsOnX(i); })) {
      depends_.insert(node);
    }
  }
}

absl::StatusOr<Gradient> Differentiator::Sum(const GraphBuilder& b, Output output) {
  const std::vector<Gradient>& parts = flowing_[output];
  if (parts.size() <= 1) return parts.empty() ? Gradient() : parts[0];
  const bool all_sparse =
      std::all_of(parts.begin(), parts.end(), [](const Gradient& part) { return part.sparse(); });
  Gradient sum;
  if (all_sparse) {
    // Indices of int32 and of int64 meet in int64.
    const bool alike = std::all_of(parts.begin(), parts.end(), [&](const Gradient& part) {
      return part.indices.dtype() == parts[0].indices.dtype();
    });
    std::vector<Output> indices, values;
    for (const Gradient& part : parts) {
      indices.push_back(alike ? part.indices : Cast(b, part.indices, kInt64));
      values.push_back(part.values);
    }
    sum.indices = Concat(b, indices, 0);
    sum.values = Concat(b, values, 0);
  } else {
    sum.dense = Densify(b, parts[0], output);
    for (size_t i = 1; i < parts.size(); ++i) {
      sum.dense = Add(b, sum.dense, Densify(b, parts[i], output));
    }
  }
  RETURN_IF_ERROR(b.status());
  flowing_[output] = {sum};
  return sum;
}

absl::Status Differentiator::Visit(Node* node) {
  // The gradient nodes blame the line that built the forward node.
  const GraphBuilder at = builder_.At(node->site());
  std::vector<Output> output_gradients;
  bool any = false;
  for (int i = 0; i < node->num_outputs(); ++i) {
    ASSIGN_OR_RETURN(const Gradient gradient, Sum(at, node->out(i)));
    output_gradients.push_back(gradient.valid() ? Densify(at, gradient, node->out(i)) : Output());
    any = any || gradient.valid();
  }
  if (!any) return absl::OkStatus();
  if (!node->op().gradient) {
    return absl::UnimplementedError(absl::StrCat(node->Describe(), ": the op has no gradient"));
  }
  std::vector<bool> needed;
  for (const Output& input : node->inputs()) {
    needed.push_back(input.dtype() != kResource && DependsOnX(input));
  }
  const Output signal = *std::find_if(output_gradients.begin(), output_gradients.end(),
                                      [](const Output& gradient) { return gradient.valid(); });
  const auto again = [&](Output output) { return recomputation_.Again(output, signal); };
  GradientContext context(at, node, std::move(output_gradients), needed, &Gradients, again);
  RETURN_IF_ERROR(
      Annotate(node->op().gradient(context), absl::StrCat("gradient of ", node->Describe())));
  RETURN_IF_ERROR(Annotate(at.status(), absl::StrCat("gradient of ", node->Describe())));
  for (int i = 0; i < node->num_inputs(); ++i) {
    const Gradient& gradient = context.input_gradients()[i];
    if (needed[i] && gradient.valid()) flowing_[node->input(i)].push_back(gradient);
  }
  return absl::OkStatus();
}

absl::Status Differentiator::Run(const std::vector<Output>& ys,
                                 const std::vector<Output>& initial) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, builder_.graph().TopologicalOrder());
  MarkUseful(order, ys);
  for (size_t i = 0; i < ys.size(); ++i) {
    const Output seed = initial.empty() ? OnesLike(builder_, ys[i]) : initial[i];
    if (seed.valid()) flowing_[ys[i]].push_back(Gradient{.dense = seed});
  }
  RETURN_IF_ERROR(builder_.status());
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    if (reached_.count(*it) > 0 && depends_.count(*it) > 0) RETURN_IF_ERROR(Visit(*it));
  }
  return absl::OkStatus();
}

absl::Status CheckFloating(const GraphBuilder& b, const std::vector<Output>& outputs,
                           const char* what) {
  for (const Output& output : outputs) {
    if (!output.valid() || output.index < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("Gradients: one of the ", what, " is missing"));
    }
    if (&output.node->graph() != &b.graph()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Gradients: '", output.name(), "' belongs to another graph"));
    }
    if (!IsFloating(output.dtype())) {
      return absl::InvalidArgumentError(absl::StrCat("Gradients: '", output.name(), "' is ",
                                                     DTypeName(output.dtype()),
                                                     ", which has no gradient"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Gradient>> Gradients(const GraphBuilder& b,
                                                const std::vector<Output>& ys,
                                                const std::vector<Output>& xs,
                                                const std::vector<Output>& initial) {
  RETURN_IF_ERROR(b.status());
  RETURN_IF_ERROR(CheckFloating(b, ys, "ys"));
  RETURN_IF_ERROR(CheckFloating(b, xs, "xs"));
  if (!initial.empty() && initial.size() != ys.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Gradients: ", ys.size(), " ys, but ", initial.size(), " initial gradients"));
  }
  const GraphBuilder scoped = b.Scope("gradients");
  Differentiator differentiator(scoped, xs);
  RETURN_IF_ERROR(differentiator.Run(ys, initial));
  std::vector<Gradient> gradients;
  for (const Output& x : xs) {
    ASSIGN_OR_RETURN(Gradient gradient, differentiator.GradientOf(x));
    gradients.push_back(gradient);
  }
  return gradients;
}

absl::StatusOr<std::vector<Output>> DenseGradients(const GraphBuilder& b,
                                                   const std::vector<Output>& ys,
                                                   const std::vector<Output>& xs,
                                                   const std::vector<Output>& initial) {
  ASSIGN_OR_RETURN(const std::vector<Gradient> gradients, Gradients(b, ys, xs, initial));
  std::vector<Output> dense;
  for (size_t i = 0; i < xs.size(); ++i) {
    dense.push_back(gradients[i].valid() ? Densify(b, gradients[i], xs[i]) : ZerosLike(b, xs[i]));
  }
  RETURN_IF_ERROR(b.status());
  return dense;
}

Output Densify(BuilderRef b, const Gradient& gradient, Output x) {
  if (!gradient.sparse()) return gradient.dense;
  return ScatterAdd(b, gradient.indices, gradient.values, ShapeOf(b, x));
}

}  // namespace viv
