// What is in the photos of a collection, in one file: for searching them.
#ifndef VIV_MODELS_SEARCH_PHOTO_INDEX_H_
#define VIV_MODELS_SEARCH_PHOTO_INDEX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/file.h"
#include "models/search/vector_graph.h"

namespace viv {

// A label of the classifier, or a word that photos are known by.
struct IndexedLabel {
  int32_t label = 0;  // its number, 0 or more
  float confidence = 0;
};

struct IndexedPhoto {
  std::string path;
  // What the file was when the photo was looked at: its size, its time in whatever unit, and a hash
  // of its contents.
  int64_t bytes = 0;
  int64_t modified = 0;
  uint64_t contents = 0;
  std::vector<IndexedLabel> labels;  // the likeliest, in their order
  std::vector<IndexedLabel> words;   // the same
  std::string caption;               // perhaps none
};

struct SimilarPhoto {
  const IndexedPhoto* photo = nullptr;
  float similarity = 0;  // as NearVector's
};

// Each path is there once. Reading is safe for concurrent use where nothing is changed; pointers to
// photos are good until the next change.
class PhotoIndex {
 public:
  // Without photos, whose embeddings will have so many dimensions. `models` tells apart what photos
  // were looked at with: embeddings and labels of different models do not go together.
  static absl::StatusOr<PhotoIndex> Make(int64_t dimensions, const std::string& models);
  // NotFound where there is none; FailedPrecondition for a file of another version, DataLoss for a
  // damaged one: then the photos must be indexed again.
  static absl::StatusOr<PhotoIndex> Load(Env* env, const std::string& path);
  // Afterwards `path` holds either the old or the new index, whole. Forgets what was removed where
  // that is much.
  absl::Status Save(Env* env, const std::string& path);

  const std::string& models() const { return models_; }
  int64_t dimensions() const { return graph_->dimensions(); }
  int64_t size() const { return static_cast<int64_t>(numbers_.size()); }
  // In the order in which they were put in.
  std::vector<const IndexedPhoto*> photos() const;
  // Null where it is not there.
  const IndexedPhoto* Find(const std::string& path) const;

  // Takes the place of what was there with this path. InvalidArgument for an embedding of another
  // length or with numbers that are not finite: then nothing changes.
  absl::Status Put(IndexedPhoto photo, absl::Span<const float> embedding);
  // Whether it was there.
  bool Remove(const std::string& path);

  // The `count` photos (all, if there are fewer) whose embeddings are most similar, the most
  // similar first. Errors as Put().
  absl::StatusOr<std::vector<SimilarPhoto>> Nearest(absl::Span<const float> embedding,
                                                    int64_t count) const;
  // Groups of photos with the same contents or with embeddings that are at least so similar, each
  // in the order of photos().
  absl::StatusOr<std::vector<std::vector<const IndexedPhoto*>>> Duplicates(float similarity) const;

 private:
  PhotoIndex() = default;
  bool IsThere(int64_t number) const;
  absl::Status Compact();
  absl::StatusOr<NamedTensors> ToTensors() const;
  absl::Status SetTensors(const NamedTensors& tensors);

  std::string models_;
  // A photo that was removed or replaced stays here, and in the graph, without a path that leads to
  // it.
  std::vector<IndexedPhoto> photos_;
  std::unique_ptr<VectorGraph> graph_;  // of as many vectors
  std::unordered_map<std::string, int64_t> numbers_;
};

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_PHOTO_INDEX_H_
