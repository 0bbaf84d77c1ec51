// Sentence pairs of Tatoeba as manythings.org publishes them (see README.md).
#ifndef VIV_DATASETS_TATOEBA_TATOEBA_H_
#define VIV_DATASETS_TATOEBA_TATOEBA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/text_pairs/text_pairs.h"

namespace viv {

struct TatoebaPairs {
  std::vector<TextPair> train;
  std::vector<TextPair> held_out;
};

// Reads fra.txt (English, tab, French) and holds out about `held_out_per_thousand` of 1,000 English
// sentences with all their translations. Which ones is a function of the English sentence alone,
// by its letters and digits: "Run!" and "Run." go to the same side. Source is English; SwapSides
// turns the pairs round. `path` is the file or a folder that holds it.
absl::StatusOr<TatoebaPairs> ReadTatoeba(Env* env, const std::string& path,
                                         int held_out_per_thousand = 10);

// The rule of that split.
bool TatoebaHoldsOut(const std::string& english, int held_out_per_thousand);

}  // namespace viv

#endif  // VIV_DATASETS_TATOEBA_TATOEBA_H_
