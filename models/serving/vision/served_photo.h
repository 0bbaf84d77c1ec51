// Photos in requests.
#ifndef VIV_MODELS_SERVING_VISION_SERVED_PHOTO_H_
#define VIV_MODELS_SERVING_VISION_SERVED_PHOTO_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/serving/batcher.h"
#include "core/serving/http.h"
#include "core/tensor/tensor.h"
#include "datasets/images/decode.h"

namespace viv {

// The photos of items whose first input they are: a string, the file's bytes, or those in base64.
std::vector<absl::StatusOr<Tensor>> PhotosOf(absl::Span<const ServedItem* const> items,
                                             const DecodeOptions& options);

// An item that is one grey pixel, to warm a model up with.
ServedItem GreyPhoto();

// POST `path` with a photo's bytes as the body, and parameters behind '?': the reply is output
// `line` of the model's answer, a line of JSON. `infer` blocks until the items are answered.
using InferItems =
    std::function<absl::StatusOr<ServedResults>(const std::vector<ServedItem>& items)>;
HttpRoute PhotoRoute(const std::string& path, int line, InferItems infer);

}  // namespace viv

#endif  // VIV_MODELS_SERVING_VISION_SERVED_PHOTO_H_
