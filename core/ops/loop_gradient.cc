// With step t: (c', y) = f(c, x, k), the gradient's step t, from the last to the first, is
//   (dc, dx, dk) = gradient of f at t for (dc', dy);   dk of all steps add up.
#include "core/ops/loop_gradient.h"

#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/function_gradient.h"
#include "core/ops/loop_flow.h"
#include "core/ops/loop_mask.h"
#include "core/ops/math.h"

namespace viv {
namespace {

class LoopDifferentiator {
 public:
  LoopDifferentiator(GradientContext& c, const LoopLayout& layout) : c_(c), layout_(layout) {}
  absl::Status Run();

 private:
  absl::Status AddArguments(FunctionGradient& f);
  absl::StatusOr<FunctionGradient::Parts> SplitBody(FunctionGradient& f);
  void Save(const FunctionGradient::Parts& parts);
  void BuildScan(const FunctionGradient::Parts& parts);

  GradientContext& c_;
  const LoopLayout layout_;
  LoopFlow flow_;
  std::vector<Output> seeds_, sums_, ys_, xs_;  // in the body
  int first_row_ = 0;                           // the backward body's argument for layout_.rows
};

// Of the backward body, in the order of a Scan's: carries, then rows.
absl::Status LoopDifferentiator::AddArguments(FunctionGradient& f) {
  for (const int i : flow_.carries) {
    const Output carry = f.argument(i);
    ASSIGN_OR_RETURN(const Output seed, f.AddArgument(carry.dtype(), carry.shape()));
    seeds_.push_back(seed);
    ys_.push_back(f.result(i));
    xs_.push_back(carry);
  }
  for (const int i : flow_.captures) {
    const Output capture = f.argument(i);
    ASSIGN_OR_RETURN(const Output sum, f.AddArgument(capture.dtype(), capture.shape()));
    sums_.push_back(sum);
    xs_.push_back(capture);
  }
  for (const int i : flow_.sequences) xs_.push_back(f.argument(i));
  for (const int r : flow_.outputs) {
    const Output y = f.result(r);
    ASSIGN_OR_RETURN(const Output seed, f.AddArgument(y.dtype(), y.shape()));
    seeds_.push_back(seed);
    ys_.push_back(y);
  }
  if (!layout_.has_rows()) return absl::OkStatus();
  first_row_ = static_cast<int>(seeds_.size() + sums_.size());
  const PartialShape& rows = layout_.rows.shape();
  return f.AddArgument(layout_.rows.dtype(), PartialShape(rows.dims().subspan(1))).status();
}

absl::StatusOr<FunctionGradient::Parts> LoopDifferentiator::SplitBody(FunctionGradient& f) {
  RETURN_IF_ERROR(AddArguments(f));
  ASSIGN_OR_RETURN(const std::vector<Gradient> gradients, f.Differentiate(ys_, seeds_, xs_));
  const GraphBuilder& b = f.builder();
  std::vector<Output> results;
  for (size_t k = 0; k < xs_.size(); ++k) {
    // Zeros take their shape from what is there anyway.
    const bool carry = k < flow_.carries.size();
    const bool capture = !carry && k < flow_.carries.size() + flow_.captures.size();
    const Output like = carry ? seeds_[k] : capture ? sums_[k - flow_.carries.size()] : xs_[k];
    Output gradient = DenseGradient(b, gradients[k], like);
    if (!gradient.valid()) {
      gradient = capture ? like : ZerosLike(b, like);
    } else if (capture) {
      gradient = Add(b, like, gradient);
    }
    results.push_back(gradient);
  }
  std::vector<bool> keep;
  for (int i = 0; i < c_.num_inputs(); ++i) keep.push_back(!layout_.IsCarry(i));
  return f.Split(results, keep, layout_.carries);
}

void LoopDifferentiator::Save(const FunctionGradient::Parts& parts) {
  Node& node = c_.mutable_node();
  std::vector<DType> types = node.attrs().Types("types");
  for (size_t i = 0; i < parts.new_types.size(); ++i) {
    types.push_back(parts.new_types[i]);
    PartialShape stacked;
    if (parts.new_shapes[i].known_rank()) {
      stacked = PartialShape({layout_.steps});
      for (const int64_t extent : parts.new_shapes[i].dims()) stacked.Append(extent);
    }
    node.AddOutput(parts.new_types[i], stacked);
  }
  node.set_attr("types", std::move(types));
  node.set_attr("body", parts.forward);
}

void LoopDifferentiator::BuildScan(const FunctionGradient::Parts& parts) {
  const GraphBuilder& b = c_.builder();
  std::vector<Output> inputs, kept_captures;
  std::vector<DType> types;
  for (const int i : flow_.carries)
    inputs.push_back(c_.has_grad(i) ? c_.grad(i) : ZerosLike(b, c_.output(i)));
  for (const int i : flow_.captures) inputs.push_back(ZerosLike(b, c_.input(i)));
  const int64_t carries = static_cast<int64_t>(inputs.size());
  for (const int r : flow_.outputs) inputs.push_back(c_.grad(r));
  if (layout_.has_rows()) inputs.push_back(layout_.rows);
  for (const int r : parts.residuals) inputs.push_back(c_.output(r));
  for (const int i : parts.kept)
    (layout_.IsCapture(i) ? kept_captures : inputs).push_back(c_.input(i));
  const int64_t sequences = static_cast<int64_t>(inputs.size()) - carries;
  inputs.insert(inputs.end(), kept_captures.begin(), kept_captures.end());
  for (const Output& x : xs_) types.push_back(x.dtype());
  std::string body = parts.backward;
  if (layout_.masked) body = MaskedStep(b, body, first_row_);
  const std::vector<Output> gradients = BuilderRef(b).AddMany("Scan", inputs,
                                                              {{"body", body},
                                                               {"carries", carries},
                                                               {"sequences", sequences},
                                                               {"types", types},
                                                               {"length", layout_.steps},
                                                               {"reverse", !layout_.reverse}},
                                                              static_cast<int>(xs_.size()));
  size_t k = 0;
  for (const int i : flow_.carries) c_.SetGrad(i, gradients[k++]);
  for (const int i : flow_.captures) c_.SetGrad(i, gradients[k++]);
  for (const int i : flow_.sequences) c_.SetGrad(i, gradients[k++]);
}

absl::Status LoopDifferentiator::Run() {
  ASSIGN_OR_RETURN(FunctionGradient f,
                   FunctionGradient::Create(c_, "body", c_.node().num_outputs()));
  ASSIGN_OR_RETURN(flow_, FindLoopFlow(c_, f.function(), layout_));
  if (flow_.carries.empty() && flow_.captures.empty() && flow_.sequences.empty())
    return absl::OkStatus();
  ASSIGN_OR_RETURN(const FunctionGradient::Parts parts, SplitBody(f));
  Save(parts);
  BuildScan(parts);
  return absl::OkStatus();
}

}  // namespace

absl::Status LoopGradient(GradientContext& c, const LoopLayout& layout) {
  return LoopDifferentiator(c, layout).Run();
}

}  // namespace viv
