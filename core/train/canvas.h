// Drawing of diagrams: boxes, lines, letters.
#ifndef VIV_CORE_TRAIN_CANVAS_H_
#define VIV_CORE_TRAIN_CANVAS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

struct Colour {
  uint8_t red, green, blue;
};
inline constexpr Colour kPaper = {255, 255, 255}, kInk = {60, 66, 74};

// An image that begins as paper. What lies outside is not drawn; y grows downwards.
class Canvas {
 public:
  static constexpr int kTextHeight = 14;

  Canvas(int width, int height)
      : width_(width), height_(height), pixels_(size_t{3} * width * height, 255) {}

  int width() const { return width_; }
  int height() const { return height_; }
  // Red, green and blue of each pixel.
  const uint8_t* row(int y) const { return &pixels_[size_t{3} * y * width_]; }

  void Pixel(int x, int y, const Colour& colour);
  // Without the right column and the bottom row.
  void Box(int left, int top, int right, int bottom, const Colour& colour);
  // A line of round ends.
  void Line(double x0, double y0, double x1, double y1, double radius, const Colour& colour);
  void Disc(double x, double y, double radius, const Colour& colour);
  // From its left top corner. ASCII; other characters are left out.
  void Text(int x, int y, const std::string& text, const Colour& colour);
  static int TextWidth(const std::string& text);

  // [H, W, 3], uint8, for EncodePng.
  absl::StatusOr<Tensor> ToTensor() const;

 private:
  int width_, height_;
  std::vector<uint8_t> pixels_;
};

}  // namespace viv

#endif  // VIV_CORE_TRAIN_CANVAS_H_
