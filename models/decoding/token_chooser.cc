// The nodes that choose tokens.
#include "models/decoding/token_chooser.h"

#include <algorithm>

#include "core/base/status.h"
#include "core/ops/array.h"

namespace viv {
namespace {

// Counts are attributes of nodes: there are nodes for these and their doubles.
constexpr int64_t kLeast = 8, kMost = 512;

}  // namespace

TokenChooser::TokenChooser(BuilderRef ref, Output log_probs, int64_t vocabulary)
    : vocabulary_(vocabulary) {
  const GraphBuilder b = ref.Scope("choose");
  for (int64_t count = kLeast; count <= kMost; count *= 2) {
    const TopKResult top = TopK(b, log_probs, std::min(count, vocabulary));
    best_.push_back({std::min(count, vocabulary), top.indices, top.values});
    if (count >= vocabulary) break;
  }
  watched_ = Placeholder(b, kInt64, {-1, -1});
  watched_log_probs_ = GatherElements(b, log_probs, watched_, 1);
}

bool TokenChooser::Finds(int64_t best) const {
  return !best_.empty() && std::min(best, vocabulary_) <= best_.back().count;
}

absl::Status TokenChooser::AddTo(int64_t rows, int64_t best, const std::vector<int32_t>& watched,
                                 Feeds* feeds, std::vector<Output>* fetches) const {
  RETURN_IF_ERROR(CheckTokens(watched, vocabulary_));
  const auto columns = static_cast<int64_t>(watched.size());
  ASSIGN_OR_RETURN(Tensor indices, Tensor::Make(kInt64, {rows, columns}));
  for (int64_t r = 0; r < rows; ++r) {
    std::copy(watched.begin(), watched.end(), indices.mutable_data<int64_t>() + r * columns);
  }
  feeds->push_back({watched_, std::move(indices)});
  const auto found = std::find_if(best_.begin(), best_.end(), [&](const Best& b) {
    return b.count >= std::min(best, vocabulary_);
  });
  fetches->insert(fetches->end(), {found->tokens, found->log_probs, watched_log_probs_});
  return absl::OkStatus();
}

StepChoices TokenChooser::Read(absl::Span<const Tensor> results) const {
  return {vocabulary_, results[0], results[1], results[2]};
}

}  // namespace viv
