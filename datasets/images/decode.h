// Photos out of their files: JPEG, PNG, WebP and the first picture of a GIF, whatever the file is
// called, as upright pixels of 8 bits.
//
// The codecs are used directly: OpenCV 4.6 reads no GIF, says nothing about truncated files, holds
// every image in full size before it shrinks it, and its imgcodecs loads 130 libraries.
#ifndef VIV_DATASETS_IMAGES_DECODE_H_
#define VIV_DATASETS_IMAGES_DECODE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/tensor/tensor.h"

namespace viv {

// Images are shrunk while they are decoded, by a power of two, so that memory does not depend on
// what a file claims to be.
struct DecodeOptions {
  // Shrinks as long as the shorter side stays at least this; 0: no shrinking for its sake. JPEGs
  // then take a fraction of the time.
  int64_t min_side = 0;
  // Shrinks what has more pixels than this.
  int64_t max_pixels = int64_t{1} << 25;
};

// The image in `bytes` as uint8 [H, W, 3], RGB: turned as its EXIF orientation says, 16 bits
// rounded to 8, grey as three equal channels, transparent parts over white, CMYK converted
// plainly; colour profiles are not applied. Of animations the first picture. Needs at most about
// 700 MB, and what would need more is refused.
//
// InvalidArgument for what is no such image, DataLoss for a damaged or truncated one,
// ResourceExhausted for one of more than 2^30 pixels or that cannot be shrunk while it is decoded
// and is too large. Safe for concurrent use.
absl::StatusOr<Tensor> DecodeImage(absl::string_view bytes, const DecodeOptions& options = {});

// The same of a file; errors begin with the path.
absl::StatusOr<Tensor> ReadImage(Env* env, const std::string& path,
                                 const DecodeOptions& options = {});

// Whether the name ends as those of images that DecodeImage reads do, in whatever case.
bool HasImageName(absl::string_view path);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_DECODE_H_
