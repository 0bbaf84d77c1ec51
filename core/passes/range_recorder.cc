// Quantiles of the images of convolutions.
#include "core/passes/range_recorder.h"

#include <algorithm>

namespace viv {
namespace {

// What may be above a range.
constexpr double kCutOff = 1e-4;

bool IsConvolution(const Node& node) {
  return node.op_name() == "Conv2D" && node.output_type(0) == kFloat;
}

}  // namespace

RangeRecorder::RangeRecorder(Graph* graph) : graph_(graph) {
  for (const auto& node : graph_->nodes()) {
    if (!IsConvolution(*node)) continue;
    if (seen_.emplace(node->input(0), Seen()).second) images_.push_back(node->input(0));
  }
}

void RangeRecorder::See(absl::Span<const Tensor> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    Seen& seen = seen_[images_[i]];
    const absl::Span<const float> elements = values[i].flat<float>();
    if (elements.empty()) continue;
    std::vector<float> sorted(elements.begin(), elements.end());
    const auto rare = static_cast<int64_t>(kCutOff * static_cast<double>(sorted.size()));
    const auto range = sorted.end() - 1 - rare;
    std::nth_element(sorted.begin(), range, sorted.end());
    seen.sum += *range;
    ++seen.calls;
    seen.negative |= *std::min_element(elements.begin(), elements.end()) < 0;
  }
}

void RangeRecorder::Write() const {
  for (const auto& node : graph_->nodes()) {
    if (!IsConvolution(*node)) continue;
    const auto found = seen_.find(node->input(0));
    if (found == seen_.end() || found->second.calls == 0 || found->second.negative) continue;
    node->set_attr("range", found->second.sum / found->second.calls);
  }
}

}  // namespace viv
