// Runs a bundle's graph as far as its convolutions go.
#include "models/vision/photo_ranges.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/checkpoint/checkpoint.h"
#include "core/passes/range_recorder.h"
#include "core/runtime/session.h"
#include "models/vision/photo_fit.h"

namespace viv {
namespace {

// Photos that are looked at: from all over the data.
constexpr size_t kMost = 256;

absl::StatusOr<Output> PhotosOf(const Signatures& signatures) {
  for (const auto& [name, signature] : signatures) {
    const auto found = signature.feeds.find("photos");
    if (found != signature.feeds.end()) return found->second;
  }
  return absl::InvalidArgumentError("the graph has no feed 'photos'");
}

}  // namespace

absl::Status RecordRanges(size_t count, const DecodePhoto& decode, Bundle* bundle) {
  ASSIGN_OR_RETURN(const std::string settings, FindText(bundle->settings, "preprocessing"));
  ASSIGN_OR_RETURN(const PhotoFit fit, PhotoFit::FromJson(settings));
  ASSIGN_OR_RETURN(LoadedGraph loaded, ReadGraph(*bundle));
  ASSIGN_OR_RETURN(const Output photos, PhotosOf(loaded.signatures));
  RangeRecorder ranges(loaded.graph.get());
  const GraphBuilder b(std::move(loaded.graph));
  ASSIGN_OR_RETURN(Session session, Session::Create(b));
  RETURN_IF_ERROR(RestoreVariables(session, b.graph(), bundle->weights));
  const size_t some = std::min(kMost, count);
  const auto look = [&](const std::vector<size_t>&,
                        const std::vector<Tensor>& read) -> absl::Status {
    ASSIGN_OR_RETURN(const Tensor batch, FitPhotos(read, fit));
    ASSIGN_OR_RETURN(const std::vector<Tensor> images,
                     session.Run({{photos, batch}}, ranges.images()));
    ranges.See(images);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ForEachReadable(
      some, [&](size_t i) { return decode(i * count / some); }, {}, look, /*skipped=*/nullptr));
  ranges.Write();
  return SetGraph(b.graph(), loaded.signatures, bundle);
}

}  // namespace viv
