// Multi30k, task 1: image captions in English, French and German (see README.md).
#ifndef VIV_DATASETS_MULTI30K_MULTI30K_H_
#define VIV_DATASETS_MULTI30K_MULTI30K_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/text_pairs/text_pairs.h"

namespace viv {

// The pairs of `split` ("train", "val", "test_2016_flickr", ...) from language `source` to `target`
// ("en", "fr", "de"), out of <directory>/<split>.<language>.gz or the same without ".gz". NotFound
// says how to download; other errors as ReadParallelText.
absl::StatusOr<std::vector<TextPair>> ReadMulti30k(Env* env, const std::string& directory,
                                                   const std::string& split,
                                                   const std::string& source,
                                                   const std::string& target);

}  // namespace viv

#endif  // VIV_DATASETS_MULTI30K_MULTI30K_H_
