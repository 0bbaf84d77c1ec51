// WebP, by libwebp, which shrinks as it decodes. Of animations the first picture is read.
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "datasets/images/encode.h"
#include "datasets/images/image_rows.h"

namespace viv {
namespace {

class WebpReader {
 public:
  explicit WebpReader(absl::string_view bytes) : bytes_(bytes) {}
  ~WebpReader() {
    WebPDemuxReleaseIterator(&frame_);
    WebPDemuxDelete(demuxer_);
  }
  WebpReader(const WebpReader&) = delete;
  WebpReader& operator=(const WebpReader&) = delete;

  absl::Status Open() {
    const WebPData data = {reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    demuxer_ = WebPDemuxPartial(&data, &state);
    if (state == WEBP_DEMUX_PARSE_ERROR) return DamagedImage("it is no valid WebP container");
    if (state != WEBP_DEMUX_DONE) return TruncatedImage("the file ends early");
    if (WebPDemuxGetFrame(demuxer_, 1, &frame_) == 0) return DamagedImage("it holds no picture");
    width_ = WebPDemuxGetI(demuxer_, WEBP_FF_CANVAS_WIDTH);
    height_ = WebPDemuxGetI(demuxer_, WEBP_FF_CANVAS_HEIGHT);
    return absl::OkStatus();
  }

  int Orientation() const {
    WebPChunkIterator chunk;
    int orientation = 1;
    if (WebPDemuxGetChunk(demuxer_, "EXIF", 1, &chunk) != 0) {
      absl::string_view exif(reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size);
      // Some programs put JPEG's mark before it.
      if (exif.substr(0, 4) == "Exif") exif.remove_prefix(std::min<size_t>(exif.size(), 6));
      orientation = ExifOrientation(exif);
    }
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
  }

  // Behind Open().
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options) {
    ASSIGN_OR_RETURN(const int factor, ShrinkFactor(width_, height_, options));
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    const uint8_t* data = frame_.fragment.bytes;
    const size_t size = frame_.fragment.size;
    RETURN_IF_ERROR(Check(WebPGetFeatures(data, size, &config.input)));
    constexpr int kLossless = 2;
    if (config.input.format == kLossless) {
      RETURN_IF_ERROR(CheckWorkingBytes(frame_.width, frame_.height, 4, "is losslessly packed"));
    }
    const int width = (frame_.width + factor - 1) / factor;
    const int height = (frame_.height + factor - 1) / factor;
    std::vector<uint8_t> pixels(size_t{4} * width * height);
    config.options.use_scaling = factor > 1;
    config.options.scaled_width = width;
    config.options.scaled_height = height;
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {pixels.data(), 4 * width, pixels.size()};
    const VP8StatusCode code = WebPDecode(data, size, &config);
    WebPFreeDecBuffer(&config.output);
    RETURN_IF_ERROR(Check(code));
    return OnCanvas(pixels.data(), width, height, factor);
  }

 private:
  static absl::Status Check(VP8StatusCode code) {
    switch (code) {
      case VP8_STATUS_OK:
        return absl::OkStatus();
      case VP8_STATUS_OUT_OF_MEMORY:
        return absl::ResourceExhaustedError("out of memory");
      case VP8_STATUS_SUSPENDED:
      case VP8_STATUS_NOT_ENOUGH_DATA:
        return TruncatedImage("pixels are missing");
      default:
        return DamagedImage(absl::StrCat("libwebp's error ", static_cast<int>(code)));
    }
  }

  // A picture may cover a part of its canvas, which is white. `pixels`: [height, width, 4].
  absl::StatusOr<Tensor> OnCanvas(const uint8_t* pixels, int width, int height, int factor) const {
    const int64_t out_width = (width_ + factor - 1) / factor;
    const int64_t out_height = (height_ + factor - 1) / factor;
    ASSIGN_OR_RETURN(Tensor canvas, Tensor::Make(kUInt8, Shape({out_height, out_width, 3})));
    const int64_t left = frame_.x_offset / factor, top = frame_.y_offset / factor;
    const int64_t columns = std::min<int64_t>(width, out_width - left);
    const int64_t lines = std::min<int64_t>(height, out_height - top);
    if (columns < out_width || lines < out_height) {
      std::memset(canvas.raw(), 255, static_cast<size_t>(canvas.num_elements()));
    }
    for (int64_t y = 0; y < lines; ++y) {
      const uint8_t* from = pixels + 4 * y * width;
      uint8_t* to = canvas.mutable_data<uint8_t>() + 3 * ((top + y) * out_width + left);
      for (int64_t x = 0; x < columns; ++x, from += 4) {
        for (int c = 0; c < 3; ++c) *to++ = OverWhite(from[c], from[3]);
      }
    }
    return canvas;
  }

  const absl::string_view bytes_;
  WebPDemuxer* demuxer_ = nullptr;
  WebPIterator frame_ = {};
  int64_t width_ = 0;
  int64_t height_ = 0;
};

}  // namespace

absl::StatusOr<StoredImage> DecodeWebp(absl::string_view bytes, const DecodeOptions& options) {
  WebpReader reader(bytes);
  RETURN_IF_ERROR(reader.Open());
  StoredImage image;
  image.orientation = reader.Orientation();
  ASSIGN_OR_RETURN(image.pixels, reader.Decode(options));
  return image;
}

absl::StatusOr<std::string> EncodeWebp(const Tensor& image, float quality) {
  const Shape& shape = image.shape();
  const auto possible = [](int64_t extent) { return extent > 0 && extent <= WEBP_MAX_DIMENSION; };
  if (image.dtype() != kUInt8 || shape.rank() != 3 || shape.dim(2) != 3 ||
      !possible(shape.dim(0)) || !possible(shape.dim(1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("no image for WebP: ", DTypeName(image.dtype()), " ", shape.ToString()));
  }
  const auto height = static_cast<int>(shape.dim(0)), width = static_cast<int>(shape.dim(1));
  uint8_t* bytes = nullptr;
  const size_t size =
      WebPEncodeRGB(image.data<uint8_t>(), width, height, 3 * width, quality, &bytes);
  if (size == 0) return absl::ResourceExhaustedError("no memory to encode an image");
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return file;
}

}  // namespace viv
