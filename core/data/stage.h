// What a Dataset is made of. Internal to core/data.
//
// A DatasetNode is one step of a description. Open() turns the chain of nodes into a chain of
// stages, each of which owns the one that it reads from. A stage's position is a fixed number of
// integers, its own first, then those of the stages above it, so that a position is cheap enough to
// be taken with every element.
#ifndef VIV_CORE_DATA_STAGE_H_
#define VIV_CORE_DATA_STAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/data/dataset.h"

namespace viv {

struct Item {
  Example fields;
  ElementInfo info;
};

using Position = std::vector<int64_t>;

// More than anything that is counted here, and far enough from the end of the type to be added to.
inline constexpr int64_t kMaxCount = int64_t{1} << 60;

// Takes the integers of a position in order; the position may come from a damaged file.
class PositionReader {
 public:
  explicit PositionReader(const Position& position) : position_(position) {}

  // The next integer, which must lie in [low, high].
  absl::StatusOr<int64_t> Take(const std::string& stage, int64_t low, int64_t high);
  bool AtEnd() const { return next_ == position_.size(); }

 private:
  const Position& position_;
  size_t next_ = 0;
};

class Stage {
 public:
  virtual ~Stage() = default;

  // Moves to the beginning of an epoch.
  virtual absl::Status Begin(int64_t epoch) = 0;
  // False at the end of the epoch. Called once more behind the end it says so again; behind an
  // error it is not called.
  virtual absl::StatusOr<bool> Next(Item* item) = 0;
  // Appends the position behind the last element given.
  virtual void Save(Position* position) const = 0;
  // Moves to a saved position of `epoch`.
  virtual absl::Status Restore(PositionReader& reader, int64_t epoch) = 0;
  // Names sources, transforms and all that decides what comes out.
  virtual std::string Describe() const = 0;
};

// Elements by number. Safe for concurrent use.
class IndexedSource {
 public:
  virtual ~IndexedSource() = default;
  virtual int64_t size() const = 0;
  // `index` is in [0, size()).
  virtual absl::StatusOr<Example> Get(int64_t index) const = 0;
  virtual std::string Describe() const = 0;
};

class DatasetNode {
 public:
  virtual ~DatasetNode() = default;
  // The stages that this node and those above it stand for, not yet begun.
  virtual absl::StatusOr<std::unique_ptr<Stage>> Open() const = 0;
  // As random access; an error for all but sources.
  virtual absl::StatusOr<std::shared_ptr<const IndexedSource>> OpenIndexed() const;
};

using NodePtr = std::shared_ptr<const DatasetNode>;
using StagePtr = std::unique_ptr<Stage>;

// ---- Nodes, by file.

// sources.cc
NodePtr IndexNode(std::string name, int64_t size, Dataset::GetFn get);
NodePtr LinesNode(std::vector<std::string> paths);
NodePtr TfRecordsNode(std::vector<std::string> paths, Compression compression);
NodePtr ShuffleNode(NodePtr input, uint64_t seed);
NodePtr ZipNode(std::vector<NodePtr> inputs);

// transforms.cc
NodePtr MapNode(NodePtr input, std::string name, Dataset::MapFn map, int threads);
NodePtr FilterNode(NodePtr input, std::string name, Dataset::FilterFn keep);
NodePtr RepeatNode(NodePtr input, int64_t epochs);
NodePtr TakeNode(NodePtr input, int64_t count);
NodePtr SkipNode(NodePtr input, int64_t count);
NodePtr PrefetchNode(NodePtr input, int elements);

// windows.cc
NodePtr ShuffleWindowNode(NodePtr input, int64_t window, uint64_t seed);
NodePtr BatchNode(NodePtr input, int64_t rows, bool drop_remainder);
NodePtr PaddedBatchNode(NodePtr input, int64_t rows, std::vector<double> pad_values,
                        bool drop_remainder);
NodePtr BucketNode(NodePtr input, BucketOptions options);

// A stage that reads elements from `input` in `threads` threads of its own, up to `capacity` ahead,
// and applies `map` (may be empty). Order is kept. `description` is added to the input's where it
// is not empty. Defined in parallel_stage.cc.
StagePtr MakeParallelStage(StagePtr input, Dataset::MapFn map, int threads, int capacity,
                           std::string description);

// Applies `map` to the item, with what it throws as an error; errors begin with `description` and
// the element's index. Defined in transforms.cc.
absl::Status ApplyMap(const Dataset::MapFn& map, const std::string& description, Item* item);

}  // namespace viv

#endif  // VIV_CORE_DATA_STAGE_H_
