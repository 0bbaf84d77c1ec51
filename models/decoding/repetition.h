// Repetition, into which nets fall on what they do not understand.
#ifndef VIV_MODELS_DECODING_REPETITION_H_
#define VIV_MODELS_DECODING_REPETITION_H_

#include <cstdint>
#include <vector>

namespace viv {

// The longest sequence whose repetition is looked for.
inline constexpr int kLongestRepeated = 32;

// How often at most the same 1 to kLongestRepeated tokens stand in a row: 3 for "a b c b c b c".
int MostRepeats(const std::vector<int32_t>& tokens);

// The tokens after which the same 1 to kLongestRepeated tokens would end `tokens` more than
// `most` times in a row. `most` is at least 1.
std::vector<int32_t> TokensThatRepeat(const std::vector<int32_t>& tokens, int most);

// The tokens that would complete `n` tokens in a row that `tokens` holds already; none where n is
// 0.
std::vector<int32_t> CompletedNgrams(const std::vector<int32_t>& tokens, int n);

}  // namespace viv

#endif  // VIV_MODELS_DECODING_REPETITION_H_
