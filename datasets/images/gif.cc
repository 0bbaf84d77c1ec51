// The first picture of a GIF, by giflib.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "datasets/images/image_rows.h"

namespace viv {
namespace {

class GifReader {
 public:
  explicit GifReader(absl::string_view bytes) : bytes_(bytes) {}
  ~GifReader() {
    if (gif_ != nullptr) DGifCloseFile(gif_, nullptr);
  }
  GifReader(const GifReader&) = delete;
  GifReader& operator=(const GifReader&) = delete;

  // Moves to the first picture's pixels.
  absl::Status Open() {
    int error = 0;
    gif_ = DGifOpen(this, Read, &error);
    if (gif_ == nullptr) return Error(error);
    while (true) {
      GifRecordType record = UNDEFINED_RECORD_TYPE;
      if (DGifGetRecordType(gif_, &record) != GIF_OK) return Error(gif_->Error);
      if (record == TERMINATE_RECORD_TYPE) return DamagedImage("it holds no picture");
      if (record == IMAGE_DESC_RECORD_TYPE) break;
      if (record == EXTENSION_RECORD_TYPE) RETURN_IF_ERROR(ReadExtension());
    }
    if (DGifGetImageDesc(gif_) != GIF_OK) return Error(gif_->Error);
    colors_ = gif_->Image.ColorMap != nullptr ? gif_->Image.ColorMap : gif_->SColorMap;
    if (colors_ == nullptr) return DamagedImage("it has no colours");
    return absl::OkStatus();
  }

  // Behind Open().
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options) {
    const GifImageDesc& picture = gif_->Image;
    if (picture.Width < 1 || picture.Height < 1) return DamagedImage("its picture is empty");
    const int64_t width = std::max<int64_t>(gif_->SWidth, picture.Left + picture.Width);
    const int64_t height = std::max<int64_t>(gif_->SHeight, picture.Top + picture.Height);
    ASSIGN_OR_RETURN(const int factor, ShrinkFactor(width, height, options));
    ASSIGN_OR_RETURN(ImageRows rows, ImageRows::Make(width, height, factor));
    std::vector<GifPixelType> interlaced;
    if (picture.Interlace) {
      RETURN_IF_ERROR(CheckWorkingBytes(picture.Width, picture.Height, 1, "is interlaced"));
      ASSIGN_OR_RETURN(interlaced, ReadInterlaced());
    }
    std::vector<GifPixelType> line(static_cast<size_t>(picture.Width));
    for (int64_t y = 0; y < height; ++y) {
      std::memset(rows.row(), 255, static_cast<size_t>(3 * width));
      const int64_t in_picture = y - picture.Top;
      if (in_picture >= 0 && in_picture < picture.Height) {
        const GifPixelType* pixels = line.data();
        if (picture.Interlace) {
          pixels = interlaced.data() + in_picture * picture.Width;
        } else {
          RETURN_IF_ERROR(ReadLine(line.data()));
        }
        Color(pixels, picture.Width, rows.row() + 3 * picture.Left);
      }
      rows.Next();
    }
    return rows.Take();
  }

 private:
  static int Read(GifFileType* gif, GifByteType* out, int size) {
    auto* reader = static_cast<GifReader*>(gif->UserData);
    const size_t count = std::min(static_cast<size_t>(size), reader->bytes_.size());
    std::memcpy(out, reader->bytes_.data(), count);
    reader->bytes_.remove_prefix(count);
    return static_cast<int>(count);
  }

  absl::Status Error(int code) const {
    // The reader stops at the first picture's end, so it has met the file's end only too early.
    if (bytes_.empty()) return TruncatedImage("the file ends early");
    const char* text = GifErrorString(code);
    return DamagedImage(text == nullptr ? "its pixels" : text);
  }

  // Keeps the index of the transparent colour.
  absl::Status ReadExtension() {
    int code = 0;
    GifByteType* block = nullptr;  // its length, then its bytes
    if (DGifGetExtension(gif_, &code, &block) != GIF_OK) return Error(gif_->Error);
    while (block != nullptr) {
      GraphicsControlBlock control;
      if (code == GRAPHICS_EXT_FUNC_CODE &&
          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent_ = control.TransparentColor;
      }
      if (DGifGetExtensionNext(gif_, &block) != GIF_OK) return Error(gif_->Error);
    }
    return absl::OkStatus();
  }

  absl::Status ReadLine(GifPixelType* line) {
    return DGifGetLine(gif_, line, gif_->Image.Width) == GIF_OK ? absl::OkStatus()
                                                                : Error(gif_->Error);
  }

  absl::StatusOr<std::vector<GifPixelType>> ReadInterlaced() {
    const int64_t width = gif_->Image.Width, height = gif_->Image.Height;
    std::vector<GifPixelType> pixels(static_cast<size_t>(width * height));
    constexpr int kFirst[] = {0, 4, 2, 1};
    constexpr int kStep[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; ++pass) {
      for (int64_t y = kFirst[pass]; y < height; y += kStep[pass]) {
        RETURN_IF_ERROR(ReadLine(pixels.data() + y * width));
      }
    }
    return pixels;
  }

  void Color(const GifPixelType* pixels, int64_t count, uint8_t* out) const {
    for (int64_t x = 0; x < count; ++x, out += 3) {
      const int index = pixels[x];
      if (index == transparent_ || index >= colors_->ColorCount) continue;  // stays white
      const GifColorType& color = colors_->Colors[index];
      out[0] = color.Red;
      out[1] = color.Green;
      out[2] = color.Blue;
    }
  }

  absl::string_view bytes_;  // still to be read
  GifFileType* gif_ = nullptr;
  const ColorMapObject* colors_ = nullptr;
  int transparent_ = NO_TRANSPARENT_COLOR;
};

}  // namespace

absl::StatusOr<StoredImage> DecodeGif(absl::string_view bytes, const DecodeOptions& options) {
  GifReader reader(bytes);
  RETURN_IF_ERROR(reader.Open());
  StoredImage image;
  ASSIGN_OR_RETURN(image.pixels, reader.Decode(options));
  return image;
}

}  // namespace viv
