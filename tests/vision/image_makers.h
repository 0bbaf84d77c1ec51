// Image files of all kinds, made by the tests themselves.
#ifndef VIV_TESTS_VISION_IMAGE_MAKERS_H_
#define VIV_TESTS_VISION_IMAGE_MAKERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/tensor/tensor.h"

namespace viv {

// The value of channel `c` at (y, x).
using PixelFn = std::function<int(int64_t y, int64_t x, int c)>;

// uint8 [height, width, channels].
Tensor MakePixels(int64_t height, int64_t width, int channels, const PixelFn& value);
// A smooth picture, different in each quarter and channel, that JPEG keeps well.
Tensor SmoothPixels(int64_t height, int64_t width);

struct JpegMaker {
  int quality = 95;
  bool progressive = false;
  bool adobe = true;    // of four channels: writes Adobe's mark
  int orientation = 0;  // writes an EXIF block where not 0
};
// `image`: [H, W, C] where C is 1 (grey), 3 (RGB) or 4 (the inks as they are to be stored).
std::string MakeJpeg(const Tensor& image, const JpegMaker& options = {});

struct PngMaker {
  bool interlaced = false;
  bool sixteen_bits = false;  // each value v as 257 v
  int orientation = 0;
};
// [H, W, C] where C is 1 (grey), 2 (grey, alpha), 3 or 4 (RGB, alpha).
std::string MakePng(const Tensor& image, const PngMaker& options = {});
// A PNG of one colour, row by row: its pixels are never all in memory.
std::string MakePlainPng(int64_t width, int64_t height, bool interlaced = false);

// [H, W, 3] or [H, W, 4], without loss unless `quality` is positive.
std::string MakeWebp(const Tensor& image, float quality = 0);
// An animation: a canvas with one picture that begins at (2, 2).
std::string MakeAnimatedWebp(const Tensor& picture, int canvas_height, int canvas_width);

// Two pictures: `indices` ([H, W]) and one of another colour; colours are black, red, green, blue.
std::string MakeGif(const Tensor& indices, bool interlaced, int transparent);

// A TIFF header with an orientation, in either byte order.
std::string MakeExif(int orientation, bool big_endian);

}  // namespace viv

#endif  // VIV_TESTS_VISION_IMAGE_MAKERS_H_
