// Rows into tensors, shrunk; sizes and their limits.
#include "datasets/images/image_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

// Of the stored image: some seconds of decoding.
constexpr int64_t kMaxStoredPixels = int64_t{1} << 30;

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

absl::StatusOr<int> ShrinkFactor(int64_t width, int64_t height, const DecodeOptions& options) {
  if (width < 1 || height < 1) {
    return absl::InvalidArgumentError(absl::StrCat("the image is empty: ", width, " x ", height));
  }
  if (width > kMaxStoredPixels / height) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the image is ", width, " x ", height, " pixels, more than 2^30: too large"));
  }
  const int64_t max_pixels = std::max<int64_t>(options.max_pixels, 1);
  int factor = 1;
  while ((options.min_side > 0 && std::min(width, height) / (2 * factor) >= options.min_side) ||
         DivideUp(width, factor) * DivideUp(height, factor) > max_pixels) {
    factor *= 2;
  }
  return factor;
}

absl::Status TooLargeToHold(int64_t width, int64_t height, const char* why) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the image is ", width, " x ", height, " pixels and ", why,
      ", so that it cannot be shrunk while it is decoded: too large; make it smaller first"));
}

absl::Status CheckWorkingBytes(int64_t width, int64_t height, int64_t bytes_a_pixel,
                               const char* why) {
  const bool fits = width <= kMaxWorkingBytes / bytes_a_pixel / height;
  return fits ? absl::OkStatus() : TooLargeToHold(width, height, why);
}

absl::Status TruncatedImage(const std::string& detail) {
  return absl::DataLossError(absl::StrCat("the image is truncated: ", detail));
}

absl::Status DamagedImage(const std::string& detail) {
  return absl::DataLossError(absl::StrCat("the image is damaged: ", detail));
}

absl::StatusOr<ImageRows> ImageRows::Make(int64_t width, int64_t height, int factor) {
  ImageRows rows;
  rows.width_ = width;
  rows.rows_left_ = height;
  rows.factor_ = factor;
  const int64_t out_width = DivideUp(width, factor);
  ASSIGN_OR_RETURN(rows.image_,
                   Tensor::Make(kUInt8, Shape({DivideUp(height, factor), out_width, 3})));
  rows.out_ = rows.image_.mutable_data<uint8_t>();
  if (factor > 1) {
    rows.row_.resize(static_cast<size_t>(3 * width));
    rows.sums_.resize(static_cast<size_t>(3 * out_width));
  }
  return rows;
}

void ImageRows::Next() {
  --rows_left_;
  if (factor_ == 1) {
    out_ += 3 * width_;
    return;
  }
  AddToSums();
  if (++rows_summed_ == factor_ || rows_left_ == 0) WriteMeans();
}

void ImageRows::AddToSums() {
  const uint8_t* pixel = row_.data();
  uint64_t* sum = sums_.data();
  for (int64_t x = 0; x < width_; x += factor_, sum += 3) {
    const int64_t end = std::min<int64_t>(x + factor_, width_);
    uint64_t red = 0, green = 0, blue = 0;
    for (int64_t i = x; i < end; ++i, pixel += 3) {
      red += pixel[0];
      green += pixel[1];
      blue += pixel[2];
    }
    sum[0] += red;
    sum[1] += green;
    sum[2] += blue;
  }
}

void ImageRows::WriteMeans() {
  for (size_t i = 0; i < sums_.size(); ++i) {
    const int64_t begin = static_cast<int64_t>(i / 3) * factor_;
    const auto columns = static_cast<uint64_t>(std::min<int64_t>(factor_, width_ - begin));
    const uint64_t count = columns * static_cast<uint64_t>(rows_summed_);
    *out_++ = static_cast<uint8_t>((sums_[i] + count / 2) / count);
  }
  std::fill(sums_.begin(), sums_.end(), 0);
  rows_summed_ = 0;
}

}  // namespace viv
