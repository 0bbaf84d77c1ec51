// Which way up a photo is: the orientation in its EXIF block (Exif 2.32, section 4.6.4), and the
// turning.
#include <cstring>

#include "core/base/status.h"
#include "datasets/images/image_rows.h"

namespace viv {
namespace {

constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShortType = 3;

// Numbers of a TIFF block, in its byte order; 0 outside of it.
class TiffBytes {
 public:
  explicit TiffBytes(absl::string_view bytes)
      : bytes_(bytes), little_(!bytes.empty() && bytes[0] == 'I') {}
  uint32_t Number(size_t at, size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<uint8_t>(bytes_[little_ ? at + size - 1 - i : at + i]);
    }
    return value;
  }

 private:
  const absl::string_view bytes_;
  const bool little_;
};

}  // namespace

int ExifOrientation(absl::string_view exif) {
  const absl::string_view order = exif.substr(0, 2);
  const TiffBytes tiff(exif);
  if ((order != "II" && order != "MM") || tiff.Number(2, 2) != 42) return 1;
  const size_t directory = tiff.Number(4, 4);
  const uint32_t entries = tiff.Number(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * size_t{i};
    if (tiff.Number(entry, 2) != kOrientationTag) continue;
    const uint32_t value = tiff.Number(entry + 8, 2);
    const bool valid = tiff.Number(entry + 2, 2) == kShortType && value >= 1 && value <= 8;
    return valid ? static_cast<int>(value) : 1;
  }
  return 1;
}

absl::StatusOr<Tensor> TurnUpright(const Tensor& image, int orientation) {
  if (orientation == 1) return image;
  const int64_t height = image.dim(0), width = image.dim(1);
  const bool swap = orientation >= 5;  // rows become columns
  ASSIGN_OR_RETURN(Tensor out,
                   Tensor::Make(kUInt8, Shape({swap ? width : height, swap ? height : width, 3})));
  // Where the upright image's first pixel lies in the stored one, and the steps from there to the
  // right and downwards.
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const int64_t column = from_right ? -3 : 3;
  const int64_t line = from_bottom ? -3 * width : 3 * width;
  const uint8_t* first = image.data<uint8_t>() + (from_right ? 3 * (width - 1) : 0) +
                         (from_bottom ? 3 * width * (height - 1) : 0);
  uint8_t* to = out.mutable_data<uint8_t>();
  for (int64_t y = 0; y < out.dim(0); ++y) {
    const uint8_t* from = first + y * (swap ? column : line);
    for (int64_t x = 0; x < out.dim(1); ++x, from += swap ? line : column, to += 3) {
      std::memcpy(to, from, 3);
    }
  }
  return out;
}

}  // namespace viv
