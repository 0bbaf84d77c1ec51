// n tokens stand k times in a row where n * (k - 1) tokens are each equal to the one n before.
#include "models/decoding/repetition.h"

#include <algorithm>

namespace viv {

int MostRepeats(const std::vector<int32_t>& tokens) {
  const int size = static_cast<int>(tokens.size());
  int most = size == 0 ? 0 : 1;
  for (int n = 1; n <= kLongestRepeated; ++n) {
    int equal = 0;
    for (int i = n; i < size; ++i) {
      equal = tokens[i] == tokens[i - n] ? equal + 1 : 0;
      most = std::max(most, equal / n + 1);
    }
  }
  return most;
}

std::vector<int32_t> TokensThatRepeat(const std::vector<int32_t>& tokens, int most) {
  const int size = static_cast<int>(tokens.size());
  std::vector<int32_t> repeating;
  for (int n = 1; n <= kLongestRepeated && n * (most + 1) - 1 <= size; ++n) {
    // With one more equal to the one n before there would be too many.
    const auto end = tokens.end(), begin = end - (n * most - 1);
    if (std::equal(begin, end, begin - n)) repeating.push_back(*(end - n));
  }
  return repeating;
}

std::vector<int32_t> CompletedNgrams(const std::vector<int32_t>& tokens, int n) {
  std::vector<int32_t> completing;
  const int size = static_cast<int>(tokens.size());
  for (int i = 0; n > 0 && i + n <= size; ++i) {
    if (std::equal(tokens.end() - (n - 1), tokens.end(), tokens.begin() + i)) {
      completing.push_back(tokens[i + n - 1]);
    }
  }
  return completing;
}

}  // namespace viv
