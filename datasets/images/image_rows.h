// What the decoders share. Internal to datasets/images.
#ifndef VIV_DATASETS_IMAGES_IMAGE_ROWS_H_
#define VIV_DATASETS_IMAGES_IMAGE_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/tensor/tensor.h"
#include "datasets/images/decode.h"

namespace viv {

// Where a decoder must hold a whole image at full size, that may take so much.
inline constexpr int64_t kMaxWorkingBytes = int64_t{1} << 29;

// The power of two by which an image of this size is shrunk; ResourceExhausted where it is too
// large to be decoded at all, InvalidArgument where it is empty.
absl::StatusOr<int> ShrinkFactor(int64_t width, int64_t height, const DecodeOptions& options);
// Of an image that would have to be held in full size; `why`: "is interlaced".
absl::Status TooLargeToHold(int64_t width, int64_t height, const char* why);
// OK where width x height pixels of so many bytes fit into kMaxWorkingBytes.
absl::Status CheckWorkingBytes(int64_t width, int64_t height, int64_t bytes_a_pixel,
                               const char* why);

absl::Status TruncatedImage(const std::string& detail);
absl::Status DamagedImage(const std::string& detail);

// Takes the rows of an image from top to bottom and makes a tensor of them, shrunk by a whole
// factor: each pixel is the mean of a block, of what there is of it at the right and lower edge.
class ImageRows {
 public:
  static absl::StatusOr<ImageRows> Make(int64_t width, int64_t height, int factor);

  // Where the next row, [width, 3], is to be written.
  uint8_t* row() { return factor_ == 1 ? out_ : row_.data(); }
  // Takes what was written there. Not to be called more often than there are rows.
  void Next();
  // uint8 [ceil(height / factor), ceil(width / factor), 3], after the last row.
  Tensor Take() { return std::move(image_); }

 private:
  ImageRows() = default;
  void AddToSums();
  void WriteMeans();

  int64_t width_ = 0;
  int64_t rows_left_ = 0;
  int factor_ = 1;
  Tensor image_;
  uint8_t* out_ = nullptr;  // the row of image_ that is written next
  std::vector<uint8_t> row_;
  std::vector<uint64_t> sums_;  // of a row of blocks
  int rows_summed_ = 0;
};

// `pixel` of `alpha` over white.
inline uint8_t OverWhite(uint8_t pixel, uint8_t alpha) {
  return static_cast<uint8_t>((pixel * alpha + 255 * (255 - alpha) + 127) / 255);
}

// The orientation, 1 to 8, that an EXIF block (a TIFF header and what follows) asks for; 1 where
// it says nothing or is damaged.
int ExifOrientation(absl::string_view exif);
// `image`, [H, W, 3], turned and mirrored upright.
absl::StatusOr<Tensor> TurnUpright(const Tensor& image, int orientation);

// The decoders, by file. They give the image as it is stored, and its orientation.
struct StoredImage {
  Tensor pixels;
  int orientation = 1;
};
absl::StatusOr<StoredImage> DecodeJpeg(absl::string_view bytes, const DecodeOptions& options);
absl::StatusOr<StoredImage> DecodePng(absl::string_view bytes, const DecodeOptions& options);
absl::StatusOr<StoredImage> DecodeWebp(absl::string_view bytes, const DecodeOptions& options);
absl::StatusOr<StoredImage> DecodeGif(absl::string_view bytes, const DecodeOptions& options);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_IMAGE_ROWS_H_
