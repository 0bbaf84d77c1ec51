// Reads whole files: the corpora that fit this reader are small beside the model that learns them.
#include "datasets/text_pairs/text_pairs.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "core/data/byte_source.h"

namespace viv {

absl::StatusOr<std::vector<std::string>> ReadTextLines(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(std::vector<std::string> lines, ReadLines(env, path));
  constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (!lines.empty() && lines[0].compare(0, kByteOrderMark.size(), kByteOrderMark.data()) == 0) {
    lines[0].erase(0, kByteOrderMark.size());
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    if (const std::optional<size_t> bad = FirstInvalidUtf8(lines[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", path, "': line ", i + 1, ": byte ", *bad + 1, " is not UTF-8"));
    }
  }
  return lines;
}

absl::StatusOr<std::vector<TextPair>> ReadParallelText(Env* env, const std::string& source_path,
                                                       const std::string& target_path) {
  ASSIGN_OR_RETURN(std::vector<std::string> sources, ReadTextLines(env, source_path));
  ASSIGN_OR_RETURN(std::vector<std::string> targets, ReadTextLines(env, target_path));
  if (sources.size() != targets.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", source_path, "' has ", sources.size(), " lines and '", target_path,
                     "' has ", targets.size(), ": lines of the same number must belong together"));
  }
  std::vector<TextPair> pairs(sources.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {std::move(sources[i]), std::move(targets[i])};
  }
  return pairs;
}

absl::StatusOr<std::vector<TextPair>> ReadTabSeparatedPairs(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, ReadTextLines(env, path));
  std::vector<TextPair> pairs;
  pairs.reserve(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t tab = lines[i].find('\t');
    if (tab == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", path, "': line ", i + 1, ": a tab between two sentences is needed, there is none"));
    }
    const size_t end = lines[i].find('\t', tab + 1);
    pairs.push_back({lines[i].substr(0, tab),
                     lines[i].substr(tab + 1, end == std::string::npos ? end : end - tab - 1)});
  }
  return pairs;
}

std::vector<TextPair> SwapSides(std::vector<TextPair> pairs) {
  for (TextPair& pair : pairs) std::swap(pair.source, pair.target);
  return pairs;
}

Dataset TextPairDataset(std::string name, std::vector<TextPair> pairs) {
  const auto size = static_cast<int64_t>(pairs.size());
  auto shared = std::make_shared<const std::vector<TextPair>>(std::move(pairs));
  return Dataset::FromIndex(std::move(name), size, [shared](int64_t i) -> absl::StatusOr<Example> {
    const TextPair& pair = (*shared)[static_cast<size_t>(i)];
    return Example{Tensor::Scalar(pair.source), Tensor::Scalar(pair.target)};
  });
}

}  // namespace viv
