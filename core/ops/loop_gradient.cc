// With step t: (c', y) = f(c, x, k), the gradient's step t, from the last to the first, is
//   (dc, dx, dk) = gradient of f at t for (dc', dy);   dk of all steps add up.
// Where dk is a product A^T B (of a layer's matrix), the loop returns A and B, and one product of
// those of all steps takes the place of a product and a sum in each.
#include "core/ops/loop_gradient.h"

#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/function_gradient.h"
#include "core/ops/loop_flow.h"
#include "core/ops/loop_mask.h"
#include "core/ops/loop_parts.h"
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
  void AddCaptureGradients(FunctionGradient& f, const std::vector<Gradient>& gradients,
                           std::vector<Output>& results);
  void BuildScan(const FunctionGradient::Parts& parts);

  GradientContext& c_;
  const LoopLayout layout_;
  LoopFlow flow_;
  std::vector<Output> seeds_, sums_, ys_, xs_;  // in the body
  int first_row_ = 0;                           // the backward body's argument for layout_.rows
  std::vector<DType> result_types_;             // of the backward body
  std::vector<int> summed_;                     // captures whose sums are carries of it
  LoopProducts products_;
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
  std::vector<Output> results;
  // Zeros take their shape from what is there anyway.
  const auto add = [&](size_t k, Output like) {
    const Output gradient = DenseGradient(f.builder(), gradients[k], like);
    results.push_back(gradient.valid() ? gradient : ZerosLike(f.builder(), like));
  };
  const size_t carries = flow_.carries.size();
  for (size_t k = 0; k < carries; ++k) add(k, seeds_[k]);
  AddCaptureGradients(f, gradients, results);
  for (size_t k = carries + flow_.captures.size(); k < xs_.size(); ++k) add(k, xs_[k]);
  results.insert(results.end(), products_.factors.begin(), products_.factors.end());
  for (const Output& result : results) result_types_.push_back(result.dtype());
  std::vector<bool> keep;
  for (int i = 0; i < c_.num_inputs(); ++i) keep.push_back(!layout_.IsCarry(i));
  return f.Split(results, keep, layout_.carries);
}

void LoopDifferentiator::AddCaptureGradients(FunctionGradient& f,
                                             const std::vector<Gradient>& gradients,
                                             std::vector<Output>& results) {
  for (size_t k = 0; k < flow_.captures.size(); ++k) {
    const Gradient& gradient = gradients[flow_.carries.size() + k];
    // A step that is masked out hands on sums, and has no factors to hand out.
    if (!layout_.masked && products_.Take(flow_.captures[k], gradient)) {
      f.DropArgument(sums_[k]);
      continue;
    }
    summed_.push_back(flow_.captures[k]);
    const Output dense = DenseGradient(f.builder(), gradient, sums_[k]);
    results.push_back(dense.valid() ? Add(f.builder(), sums_[k], dense) : sums_[k]);
  }
}

void LoopDifferentiator::BuildScan(const FunctionGradient::Parts& parts) {
  const GraphBuilder& b = c_.builder();
  std::vector<Output> inputs, kept_captures;
  for (const int i : flow_.carries) {
    inputs.push_back(c_.has_grad(i) ? c_.grad(i) : ZerosLike(b, c_.output(i)));
  }
  for (const int i : summed_) inputs.push_back(ZerosLike(b, c_.input(i)));
  const int64_t carries = static_cast<int64_t>(inputs.size());
  for (const int r : flow_.outputs) inputs.push_back(c_.grad(r));
  if (layout_.has_rows()) inputs.push_back(layout_.rows);
  for (const int r : parts.residuals) inputs.push_back(c_.output(r));
  for (const int i : parts.kept)
    (layout_.IsCapture(i) ? kept_captures : inputs).push_back(c_.input(i));
  const int64_t sequences = static_cast<int64_t>(inputs.size()) - carries;
  inputs.insert(inputs.end(), kept_captures.begin(), kept_captures.end());
  const std::string body =
      layout_.masked ? MaskedStep(b, parts.backward, first_row_) : parts.backward;
  const AttrMap attrs = {
      {"body", body},           {"carries", carries},      {"sequences", sequences},
      {"types", result_types_}, {"length", layout_.steps}, {"reverse", !layout_.reverse}};
  const std::vector<Output> gradients =
      BuilderRef(b).AddMany("Scan", inputs, attrs, static_cast<int>(result_types_.size()));
  size_t k = 0;
  for (const int i : flow_.carries) c_.SetGrad(i, gradients[k++]);
  for (const int i : summed_) c_.SetGrad(i, gradients[k++]);
  for (const int i : flow_.sequences) c_.SetGrad(i, gradients[k++]);
  products_.SetGradients(c_, gradients, k);
}

absl::Status LoopDifferentiator::Run() {
  ASSIGN_OR_RETURN(FunctionGradient f,
                   FunctionGradient::Create(c_, "body", c_.node().num_outputs()));
  ASSIGN_OR_RETURN(flow_, FindLoopFlow(c_, f.function(), layout_));
  if (flow_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const FunctionGradient::Parts parts, SplitBody(f));
  SaveResiduals(c_.mutable_node(), layout_.steps, parts);
  BuildScan(parts);
  return absl::OkStatus();
}

}  // namespace

absl::Status LoopGradient(GradientContext& c, const LoopLayout& layout) {
  return LoopDifferentiator(c, layout).Run();
}

}  // namespace viv
