// Splits the pairs by a hash of the English side.
#include "datasets/tatoeba/tatoeba.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"

namespace viv {

bool TatoebaHoldsOut(const std::string& english, int held_out_per_thousand) {
  std::string key;
  for (const char c : english) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || byte >= 0x80) key += absl::ascii_tolower(byte);
  }
  return HashString64(key) % 1000 < static_cast<uint64_t>(held_out_per_thousand);
}

absl::StatusOr<TatoebaPairs> ReadTatoeba(Env* env, const std::string& path,
                                         int held_out_per_thousand) {
  if (held_out_per_thousand < 0 || held_out_per_thousand > 1000) {
    return absl::InvalidArgumentError(absl::StrCat(
        "held_out_per_thousand must lie in [0, 1000], not be ", held_out_per_thousand));
  }
  std::string file = path;
  if (!absl::EndsWith(path, ".txt") && !absl::EndsWith(path, ".gz")) {
    file = JoinPath(path, "fra.txt");
  }
  if (!env->FileExists(file)) {
    return absl::NotFoundError(
        absl::StrCat("there is no '", file, "': run datasets/tatoeba/download.sh ", DirName(file)));
  }
  ASSIGN_OR_RETURN(std::vector<TextPair> pairs, ReadTabSeparatedPairs(env, file));
  TatoebaPairs split;
  for (TextPair& pair : pairs) {
    const bool held_out = TatoebaHoldsOut(pair.source, held_out_per_thousand);
    (held_out ? split.held_out : split.train).push_back(std::move(pair));
  }
  return split;
}

}  // namespace viv
