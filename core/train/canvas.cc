// Nothing is smoothed here: who draws lines does so at a larger size and averages.
#include "core/train/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/base/status.h"
#include "core/train/glyphs.h"

namespace viv {
namespace {

constexpr int kLetter = 2;  // pixels of the image to a pixel of a letter
constexpr int kLetterStep = (kGlyphWidth + 1) * kLetter;

bool HasGlyph(char c) { return c >= kFirstGlyph && c <= kLastGlyph; }

}  // namespace

void Canvas::Pixel(int x, int y, const Colour& colour) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  uint8_t* pixel = &pixels_[3 * (size_t{1} * y * width_ + x)];
  pixel[0] = colour.red;
  pixel[1] = colour.green;
  pixel[2] = colour.blue;
}

void Canvas::Box(int left, int top, int right, int bottom, const Colour& colour) {
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) Pixel(x, y, colour);
  }
}

void Canvas::Line(double x0, double y0, double x1, double y1, double radius, const Colour& colour) {
  const int steps = 1 + static_cast<int>(std::max(std::abs(x1 - x0), std::abs(y1 - y0)));
  for (int i = 0; i <= steps; ++i) {
    Disc(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, radius, colour);
  }
}

void Canvas::Disc(double x, double y, double radius, const Colour& colour) {
  for (int dy = static_cast<int>(y - radius); dy <= y + radius; ++dy) {
    for (int dx = static_cast<int>(x - radius); dx <= x + radius; ++dx) {
      if ((dx - x) * (dx - x) + (dy - y) * (dy - y) <= radius * radius) Pixel(dx, dy, colour);
    }
  }
}

void Canvas::Text(int x, int y, const std::string& text, const Colour& colour) {
  for (const char c : text) {
    if (!HasGlyph(c)) continue;
    for (int column = 0; column < kGlyphWidth; ++column) {
      for (int bit = 0; bit < kGlyphHeight; ++bit) {
        if ((kGlyphs[c - kFirstGlyph][column] >> bit & 1) == 0) continue;
        const int left = x + column * kLetter, top = y + bit * kLetter;
        Box(left, top, left + kLetter, top + kLetter, colour);
      }
    }
    x += kLetterStep;
  }
}

int Canvas::TextWidth(const std::string& text) {
  const auto letters = std::count_if(text.begin(), text.end(), HasGlyph);
  return letters == 0 ? 0 : static_cast<int>(letters) * kLetterStep - kLetter;
}

absl::StatusOr<Tensor> Canvas::ToTensor() const {
  ASSIGN_OR_RETURN(Tensor image, Tensor::Make(kUInt8, {height_, width_, 3}));
  std::copy_n(pixels_.begin(), image.num_elements(), image.mutable_data<uint8_t>());
  return image;
}

}  // namespace viv
