// Decoding, and the route that all models of photos have.
#include "models/serving/vision/served_photo.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "core/train/png.h"

namespace viv {

std::vector<absl::StatusOr<Tensor>> PhotosOf(absl::Span<const ServedItem* const> items,
                                             const DecodeOptions& options) {
  std::vector<absl::StatusOr<Tensor>> photos;
  for (const ServedItem* item : items) {
    const std::string& photo = item->inputs[0].scalar<std::string>();
    std::string bytes;
    // Files of images begin with bytes that base64 has not.
    photos.push_back(DecodeImage(absl::Base64Unescape(photo, &bytes) ? bytes : photo, options));
  }
  return photos;
}

ServedItem GreyPhoto() {
  const Tensor grey = Tensor::Of<uint8_t>({1, 1, 3}, {128, 128, 128});
  return {.inputs = {Tensor::Scalar(EncodePng(grey).value_or(""))}};
}

HttpRoute PhotoRoute(const std::string& path, int line, InferItems infer) {
  return {"POST", path, [line, infer = std::move(infer)](const HttpRequest& request) {
            if (request.body.empty()) {
              return ErrorReply(absl::InvalidArgumentError(
                  "the body is empty: it is the photo, as curl --data-binary @photo.jpg sends it"));
            }
            const absl::StatusOr<ServedResults> results = infer(
                {{.inputs = {Tensor::Scalar(request.body)}, .parameters = request.parameters}});
            if (!results.ok()) return ErrorReply(results.status());
            const absl::StatusOr<Example>& result = results->items.front();
            if (!result.ok()) return ErrorReply(result.status());
            return HttpReply{.body = (*result)[line].scalar<std::string>()};
          }};
}

}  // namespace viv
