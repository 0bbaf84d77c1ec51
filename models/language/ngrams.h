// Runs of words and how often they occur, for scores. Internal to models/language.
#ifndef VIV_MODELS_LANGUAGE_NGRAMS_H_
#define VIV_MODELS_LANGUAGE_NGRAMS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace viv {

template <typename Word>
using NgramCounts = std::map<std::vector<Word>, int64_t>;

// Of all runs of `n` words.
template <typename Word>
NgramCounts<Word> CountNgrams(const std::vector<Word>& words, size_t n) {
  NgramCounts<Word> counts;
  for (size_t i = 0; i + n <= words.size(); ++i) {
    ++counts[std::vector<Word>(words.begin() + i, words.begin() + i + n)];
  }
  return counts;
}

// The sum over what both hold of the smaller count.
template <typename Counts>
int64_t Overlap(const Counts& a, const Counts& b) {
  int64_t sum = 0;
  for (const auto& [key, count] : a) {
    const auto found = b.find(key);
    if (found != b.end()) sum += std::min(count, found->second);
  }
  return sum;
}

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_NGRAMS_H_
