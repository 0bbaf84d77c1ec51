// Finds the files of a split; the lines are read by text_pairs.
#include "datasets/multi30k/multi30k.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

absl::StatusOr<std::string> FindFile(Env* env, const std::string& directory,
                                     const std::string& name) {
  const std::string plain = JoinPath(directory, name);
  if (env->FileExists(plain)) return plain;
  const std::string packed = plain + ".gz";
  if (env->FileExists(packed)) return packed;
  return absl::NotFoundError(absl::StrCat("there is neither '", plain, "' nor '", packed,
                                          "': run datasets/multi30k/download.sh ", directory));
}

}  // namespace

absl::StatusOr<std::vector<TextPair>> ReadMulti30k(Env* env, const std::string& directory,
                                                   const std::string& split,
                                                   const std::string& source,
                                                   const std::string& target) {
  ASSIGN_OR_RETURN(const std::string source_path,
                   FindFile(env, directory, absl::StrCat(split, ".", source)));
  ASSIGN_OR_RETURN(const std::string target_path,
                   FindFile(env, directory, absl::StrCat(split, ".", target)));
  return ReadParallelText(env, source_path, target_path);
}

}  // namespace viv
