// Which of many vectors point the way that another does: a graph of neighbours (HNSW, Malkov and
// Yashunin 2018, by hnswlib) over vectors of 8 bits.
#ifndef VIV_MODELS_SEARCH_VECTOR_GRAPH_H_
#define VIV_MODELS_SEARCH_VECTOR_GRAPH_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/tensor/safetensors.h"

namespace viv {

struct NearVector {
  int64_t number = 0;
  float similarity = 0;  // the cosine, -1 to 1; 0 where either vector is 0
};

// Numbers vectors in the order that they are added. Searching is safe for concurrent use where
// nothing is added.
class VectorGraph {
 public:
  // Of vectors of so many dimensions, 1 to 65,536.
  static absl::StatusOr<std::unique_ptr<VectorGraph>> Make(int64_t dimensions);
  // What ToTensors() gave. Nothing in the tensors is trusted: DataLoss for what is no such graph.
  // The codes stay where they are, perhaps in a file.
  static absl::StatusOr<std::unique_ptr<VectorGraph>> FromTensors(const NamedTensors& tensors);
  ~VectorGraph();

  int64_t dimensions() const;
  int64_t size() const;
  // InvalidArgument for a vector of another length or with numbers that are not finite.
  absl::Status Add(absl::Span<const float> vector);
  // The `count` (all, if there are fewer) that are most similar, the most similar first. Finds
  // nearly all of them. Errors as Add().
  absl::StatusOr<std::vector<NearVector>> Nearest(absl::Span<const float> vector,
                                                  int64_t count) const;
  // The same for the vector of that number, which is one of them.
  absl::StatusOr<std::vector<NearVector>> NearestTo(int64_t number, int64_t count) const;
  // Of the vectors with these numbers alone, numbered anew in this order.
  absl::StatusOr<std::unique_ptr<VectorGraph>> Part(absl::Span<const int64_t> numbers) const;

  // "codes" int8 [N, dimensions] and the tensors of the graph.
  absl::StatusOr<NamedTensors> ToTensors() const;

 private:
  class Graph;
  explicit VectorGraph(std::unique_ptr<Graph> graph);
  static absl::StatusOr<std::unique_ptr<VectorGraph>> MakeFor(int64_t dimensions, int64_t capacity);

  std::unique_ptr<Graph> graph_;
};

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_VECTOR_GRAPH_H_
