// Input pipelines. A Dataset is a cheap value that describes where examples come from and what is
// done to them; a DatasetIterator yields them and can save its position and restore it exactly.
//
//   Dataset pairs = Dataset::FromIndex("multi30k", n, get)
//                       .Shuffle(seed).Map("encode", encode, /*threads=*/2).Repeat()
//                       .BucketByLength({.window = 4096, .max_tokens = 2048, .seed = seed})
//                       .Prefetch(4);
//   ASSIGN_OR_RETURN(std::unique_ptr<DatasetIterator> iterator, pairs.MakeIterator());
//   Example batch;
//   ASSIGN_OR_RETURN(bool more, iterator->Next(&batch));
//
// Everything is deterministic: what an iterator yields depends on the sources, the transforms and
// their seeds alone, never on the number of threads. Errors of a description (a batch of 0 rows, a
// missing file) are returned by MakeIterator().
#ifndef VIV_CORE_DATA_DATASET_H_
#define VIV_CORE_DATA_DATASET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/data/compression.h"
#include "core/tensor/tensor.h"

namespace viv {

// One element of a dataset: its fields, in the order that the source or the last Map gave them.
using Example = std::vector<Tensor>;

// Where an element comes from. `index` counts from 0: the element's number in its source, whatever
// order it is read in; the batch's number in its epoch behind Batch and its kin. `epoch` counts the
// rounds of Repeat. The pair is a key for randomness that does not depend on threads or on stops.
struct ElementInfo {
  int64_t index = 0;
  int64_t epoch = 0;
};

struct BatchOptions {
  // Drops a last batch of fewer rows.
  bool drop_remainder = false;
};

struct BucketOptions {
  // Examples that are sorted by length together.
  int64_t window = 4096;
  // Fields whose extent along dimension 0 is their length: the sorting keys, most important first.
  std::vector<int> length_fields = {0, 1};
  // A batch is as large as both allow; 0 means no limit, and one of them is needed.
  // `max_tokens` limits rows x longest length of any of `length_fields`, padding included; an
  // example that is longer than that alone makes a batch of one row.
  int64_t max_tokens = 0;
  int64_t max_rows = 0;
  // One for each field, written into the cells that padding adds; 0 where the list is shorter.
  std::vector<double> pad_values;
  // Orders the batches of a window.
  uint64_t seed = 0;
};

// Yields the elements of a dataset. Not safe for concurrent use; its threads end with it.
class DatasetIterator {
 public:
  virtual ~DatasetIterator() = default;

  // Moves the next element into `*example` and returns true, or returns false at the end. After an
  // error every further call returns it again.
  virtual absl::StatusOr<bool> Next(Example* example) = 0;
  // Of the element that Next() gave last.
  virtual ElementInfo info() const = 0;

  // The position behind the element that Next() gave last, as a line of JSON.
  virtual std::string Save() const = 0;
  // Continues exactly where Save() was called. FailedPrecondition for a position in a dataset of
  // another description (numbers of threads and Prefetch do not count), and then nothing changes;
  // InvalidArgument or DataLoss for a damaged one.
  virtual absl::Status Restore(const std::string& position) = 0;
};

class DatasetNode;

class Dataset {
 public:
  using GetFn = std::function<absl::StatusOr<Example>(int64_t index)>;
  using MapFn = std::function<absl::StatusOr<Example>(Example, const ElementInfo&)>;
  using FilterFn = std::function<bool(const Example&)>;

  // ---- Sources. `name` and size, or the files' names and sizes, tell positions apart.

  // Random access. `get` is called from several threads where maps or prefetching follow.
  static Dataset FromIndex(std::string name, int64_t size, GetFn get);
  // Random access.
  static Dataset FromVector(std::string name, std::vector<Example> examples);
  // A stream: each line of the files, one after the other, without its end ("\n" or "\r\n"), as one
  // scalar string. Files that begin as gzip does are unpacked.
  static Dataset TextLines(std::vector<std::string> paths);
  // Each record as one scalar string: random access where not compressed, else a stream.
  static Dataset TfRecords(std::vector<std::string> paths,
                           Compression compression = Compression::kNone);
  // Elements of all datasets side by side, their fields in a row. Ends with an error where one ends
  // before the others.
  static Dataset Zip(std::vector<Dataset> datasets);

  // ---- Transforms. `name` stands for the function in the description.

  // `map(Example)` or `map(Example, const ElementInfo&)`, returning StatusOr<Example>. Order is
  // kept with any number of threads; `map` must be a function of its arguments alone and, with
  // several threads, safe to call from all of them. An error names the element's index.
  template <typename F>
  Dataset Map(std::string name, F map, int threads = 1) const {
    if constexpr (std::is_invocable_v<F, Example, const ElementInfo&>) {
      return MapWithInfo(std::move(name), MapFn(std::move(map)), threads);
    } else {
      return MapWithInfo(
          std::move(name),
          [map = std::move(map)](Example example, const ElementInfo&) {
            return absl::StatusOr<Example>(map(std::move(example)));
          },
          threads);
    }
  }
  Dataset Filter(std::string name, FilterFn keep) const;
  // A permutation of the whole source, another one each epoch; needs no memory. The source must
  // allow random access (the transforms come behind).
  Dataset Shuffle(uint64_t seed) const;
  // For streams: permutes each `window` consecutive elements.
  Dataset ShuffleWindow(int64_t window, uint64_t seed) const;
  // `epochs` rounds; -1: without end.
  Dataset Repeat(int64_t epochs = -1) const;
  Dataset Take(int64_t count) const;
  Dataset Skip(int64_t count) const;
  // Stacks `rows` elements: field [...] becomes [rows, ...]. Shapes of one field must agree.
  Dataset Batch(int64_t rows, BatchOptions options = {}) const;
  // As Batch, but tensors are first padded at their ends to the largest extents in the batch.
  // `pad_values` as in BucketOptions; strings are padded with "".
  Dataset PaddedBatch(int64_t rows, std::vector<double> pad_values,
                      BatchOptions options = {}) const;
  // Sorts each window of examples by length, cuts it into padded batches of similar length and
  // shuffles the batches.
  Dataset BucketByLength(BucketOptions options) const;
  // A background thread keeps up to `elements` ready.
  Dataset Prefetch(int elements) const;

  // At the beginning of the first epoch.
  absl::StatusOr<std::unique_ptr<DatasetIterator>> MakeIterator() const;

 private:
  explicit Dataset(std::shared_ptr<const DatasetNode> node) : node_(std::move(node)) {}
  Dataset MapWithInfo(std::string name, MapFn map, int threads) const;

  std::shared_ptr<const DatasetNode> node_;
};

// Stacks the examples as Batch does or, with `pad_values`, as PaddedBatch does. Needs at least one.
absl::StatusOr<Example> StackExamples(const std::vector<Example>& examples);
absl::StatusOr<Example> PadAndStackExamples(const std::vector<Example>& examples,
                                            const std::vector<double>& pad_values);

}  // namespace viv

#endif  // VIV_CORE_DATA_DATASET_H_
