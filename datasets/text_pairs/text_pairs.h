// Sentence pairs out of parallel text: two line-aligned files, or one tab-separated file.
#ifndef VIV_DATASETS_TEXT_PAIRS_TEXT_PAIRS_H_
#define VIV_DATASETS_TEXT_PAIRS_TEXT_PAIRS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/data/dataset.h"

namespace viv {

struct TextPair {
  std::string source;
  std::string target;

  friend bool operator==(const TextPair& a, const TextPair& b) = default;
};

// All lines of a file (gzip is unpacked). A byte order mark at the beginning is dropped.
// InvalidArgument, with file and line number, for text that is not UTF-8.
absl::StatusOr<std::vector<std::string>> ReadTextLines(Env* env, const std::string& path);

// All pairs of two files (gzip is unpacked) whose lines belong together by number, as
// ReadTextLines. InvalidArgument for files of different length; empty lines are kept.
absl::StatusOr<std::vector<TextPair>> ReadParallelText(Env* env, const std::string& source_path,
                                                       const std::string& target_path);

// All pairs of a tab-separated file, as ReadTextLines: its first column and its second; further
// columns are ignored. InvalidArgument, with file and line number, for a line of one column.
absl::StatusOr<std::vector<TextPair>> ReadTabSeparatedPairs(Env* env, const std::string& path);

// The same pairs in the other direction.
std::vector<TextPair> SwapSides(std::vector<TextPair> pairs);

// Random access; each element has two scalar strings, source and target.
Dataset TextPairDataset(std::string name, std::vector<TextPair> pairs);

}  // namespace viv

#endif  // VIV_DATASETS_TEXT_PAIRS_TEXT_PAIRS_H_
