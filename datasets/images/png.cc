// PNG, by libpng.
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "core/base/status.h"
#include "datasets/images/image_rows.h"

namespace viv {
namespace {

class PngReader {
 public:
  explicit PngReader(absl::string_view bytes) : bytes_(bytes) {}
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  absl::Status ReadHeader() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, Fail, IgnoreWarning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return absl::ResourceExhaustedError("out of memory");
    RETURN_IF_ERROR(Try([&] {
      png_set_read_fn(png_, this, Read);
      png_read_info(png_, info_);
      // Whatever it was becomes RGB or RGBA of 8 bits.
      png_set_expand(png_);
      png_set_scale_16(png_);
      png_set_gray_to_rgb(png_);
      passes_ = png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
      width_ = png_get_image_width(png_, info_);
      height_ = png_get_image_height(png_, info_);
      channels_ = png_get_channels(png_, info_);
    }));
    return absl::OkStatus();
  }

  // Where the block stands before the pixels, as it does in photos.
  int Orientation() const {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &exif) == 0 || exif == nullptr) return 1;
    return ExifOrientation(absl::string_view(reinterpret_cast<const char*>(exif), size));
  }

  // Behind ReadHeader().
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options) {
    ASSIGN_OR_RETURN(const int factor, ShrinkFactor(width_, height_, options));
    ASSIGN_OR_RETURN(ImageRows rows, ImageRows::Make(width_, height_, factor));
    const size_t row_bytes = static_cast<size_t>(width_) * channels_;
    if (passes_ > 1) {
      RETURN_IF_ERROR(CheckWorkingBytes(width_, height_, channels_, "is interlaced"));
      // Passes write between the pixels of those before.
      std::vector<uint8_t> pixels(row_bytes * static_cast<size_t>(height_));
      RETURN_IF_ERROR(Try([&] {
        for (int pass = 0; pass < passes_; ++pass) {
          for (int64_t y = 0; y < height_; ++y) {
            png_read_row(png_, pixels.data() + row_bytes * static_cast<size_t>(y), nullptr);
          }
        }
      }));
      for (int64_t y = 0; y < height_; ++y) {
        AddRow(pixels.data() + row_bytes * static_cast<size_t>(y), rows);
      }
      return rows.Take();
    }
    std::vector<uint8_t> row(row_bytes);
    RETURN_IF_ERROR(Try([&] {
      for (int64_t y = 0; y < height_; ++y) {
        png_read_row(png_, row.data(), nullptr);
        AddRow(row.data(), rows);
      }
    }));
    return rows.Take();
  }

 private:
  static void Fail(png_structp png, png_const_charp message) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(reader->message_, message, sizeof(reader->message_) - 1);
    png_longjmp(png, 1);
  }
  static void IgnoreWarning(png_structp, png_const_charp) {}
  static void Read(png_structp png, png_bytep out, size_t size) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (size > reader->bytes_.size() - reader->offset_) {
      reader->truncated_ = true;
      png_error(png, "the file ends early");
    }
    std::memcpy(out, reader->bytes_.data() + reader->offset_, size);
    reader->offset_ += size;
  }

  // Calls `body`, which must not need destructors: libpng jumps out of it at an error.
  template <typename F>
  absl::Status Try(F body) {
    if (setjmp(png_jmpbuf(png_)) == 0) {
      body();
      return absl::OkStatus();
    }
    return truncated_ ? TruncatedImage(message_) : DamagedImage(message_);
  }

  void AddRow(const uint8_t* pixels, ImageRows& rows) const {
    uint8_t* out = rows.row();
    if (channels_ == 3) {
      std::memcpy(out, pixels, static_cast<size_t>(3 * width_));
    } else {
      for (int64_t x = 0; x < width_; ++x, pixels += 4) {
        for (int c = 0; c < 3; ++c) *out++ = OverWhite(pixels[c], pixels[3]);
      }
    }
    rows.Next();
  }

  const absl::string_view bytes_;
  size_t offset_ = 0;
  bool truncated_ = false;
  char message_[128] = "";
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  int64_t width_ = 0;
  int64_t height_ = 0;
  int channels_ = 3;
};

}  // namespace

absl::StatusOr<StoredImage> DecodePng(absl::string_view bytes, const DecodeOptions& options) {
  PngReader reader(bytes);
  RETURN_IF_ERROR(reader.ReadHeader());
  StoredImage image;
  image.orientation = reader.Orientation();
  ASSIGN_OR_RETURN(image.pixels, reader.Decode(options));
  return image;
}

}  // namespace viv
