// Lines are drawn at twice the size and averaged, so that they are smooth; letters are not.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "core/train/canvas.h"
#include "core/train/curves.h"

namespace viv {
namespace {

constexpr int kWidth = 960, kPanel = 300;
constexpr int kLeft = 90, kRight = 30, kTop = 44, kBottom = 44;
constexpr int kFine = 2;  // drawn pixels of a line to a pixel of the image, each way

constexpr Colour kGrid = {225, 228, 232};
constexpr Colour kLines[] = {{31, 119, 180}, {214, 90, 40}, {44, 140, 70}, {148, 103, 189}};

// A range of values that holds something, and how far apart its marks are: 1, 2 or 5 times a power
// of ten.
struct Axis {
  double low = 0, high = 1, step = 1;

  double Place(double value) const { return (value - low) / (high - low); }
  std::vector<double> Marks() const {
    constexpr int kMost = 20;
    std::vector<double> marks;
    const double first = std::ceil(low / step - 1e-9);
    for (int i = 0; i < kMost && (first + i) * step <= high + 1e-9 * step; ++i) {
      marks.push_back((first + i) * step);
    }
    return marks;
  }
  std::string Label(double value) const {
    const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
    if (digits > 6 || std::abs(value) >= 1e7) return absl::StrFormat("%.2g", value);
    return absl::StrFormat("%.*f", digits, value == 0 ? 0.0 : value);
  }
};

Axis MakeAxis(double low, double high, int marks) {
  if (!(high > low)) {
    const double around = std::max(std::abs(low) * 0.1, 1e-6);
    low -= around;
    high += around;
  }
  Axis axis = {low, high, 1};
  const double exact = (high - low) / marks;
  const double power = std::pow(10, std::floor(std::log10(exact)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    axis.step = factor * power;
    if (axis.step >= exact) break;
  }
  return axis;
}

// Where a panel's curve may go, in pixels of the image.
struct Frame {
  int left, top, right, bottom;
};

void DrawGrid(const Frame& frame, const Axis& x, const Axis& y, Canvas* canvas) {
  for (const double mark : y.Marks()) {
    const int at = frame.bottom - std::lround(y.Place(mark) * (frame.bottom - frame.top));
    canvas->Box(frame.left, at, frame.right, at + 1, kGrid);
    const std::string label = y.Label(mark);
    canvas->Text(frame.left - 10 - Canvas::TextWidth(label), at - 7, label, kInk);
  }
  for (const double mark : x.Marks()) {
    const int at = frame.left + std::lround(x.Place(mark) * (frame.right - frame.left));
    canvas->Box(at, frame.top, at + 1, frame.bottom, kGrid);
    const std::string label = x.Label(mark);
    canvas->Text(at - Canvas::TextWidth(label) / 2, frame.bottom + 10, label, kInk);
  }
  canvas->Box(frame.left, frame.top, frame.left + 1, frame.bottom, kInk);
  canvas->Box(frame.left, frame.bottom, frame.right, frame.bottom + 1, kInk);
}

void DrawLine(const Frame& frame, const Axis& x, const Axis& y, const Curve& curve,
              const Colour& colour, Canvas* canvas) {
  Canvas fine(canvas->width() * kFine, kPanel * kFine);
  const auto place = [&](const std::pair<int64_t, double>& point) {
    const double across = frame.left + x.Place(point.first) * (frame.right - frame.left);
    const double down = frame.bottom - y.Place(point.second) * (frame.bottom - frame.top);
    return std::pair(across * kFine, (down - frame.top + kTop) * kFine);
  };
  const double radius = 1.2 * kFine;
  for (size_t i = 0; i < curve.points.size(); ++i) {
    if (!std::isfinite(curve.points[i].second)) continue;
    const auto [x1, y1] = place(curve.points[i]);
    if (curve.points.size() < 40) fine.Disc(x1, y1, 3 * kFine, colour);
    if (i == 0 || !std::isfinite(curve.points[i - 1].second)) continue;
    const auto [x0, y0] = place(curve.points[i - 1]);
    fine.Line(x0, y0, x1, y1, radius, colour);
  }
  // Where the line is, the mean of its pixels over what is there already.
  const double area = kFine * kFine;
  for (int row = 0; row < kPanel; ++row) {
    for (int column = 0; column < canvas->width(); ++column) {
      int covered = 0;
      for (int i = 0; i < kFine; ++i) {
        for (int k = 0; k < kFine; ++k) {
          const uint8_t* pixel = fine.row(row * kFine + i) + 3 * (column * kFine + k);
          covered += pixel[0] != kPaper.red || pixel[1] != kPaper.green || pixel[2] != kPaper.blue;
        }
      }
      if (covered == 0) continue;
      const int down = row + frame.top - kTop;
      const uint8_t* under = canvas->row(down) + size_t{3} * column;
      const auto mix = [&](uint8_t below, uint8_t above) {
        return static_cast<uint8_t>(below + (above - below) * covered / area);
      };
      canvas->Pixel(
          column, down,
          {mix(under[0], colour.red), mix(under[1], colour.green), mix(under[2], colour.blue)});
    }
  }
}

void DrawPanel(int top, const Axis& x, const Curve& curve, const Colour& colour, Canvas* canvas) {
  double low = HUGE_VAL, high = -HUGE_VAL, last = 0;
  for (const auto& [step, value] : curve.points) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
    last = value;
  }
  const bool any = low <= high;
  const Axis y = any ? MakeAxis(low, high, 6) : Axis();
  const Frame frame = {kLeft, top + kTop, kWidth - kRight, top + kPanel - kBottom};
  DrawGrid(frame, x, y, canvas);
  DrawLine(frame, x, y, curve, colour, canvas);
  canvas->Text(kLeft, top + 14, curve.name, colour);
  const std::string value = any ? absl::StrFormat("%.4g", last) : "no values";
  canvas->Text(kWidth - kRight - Canvas::TextWidth(value), top + 14, value, colour);
}

}  // namespace

absl::StatusOr<Tensor> DrawCurves(const std::vector<Curve>& curves) {
  if (curves.empty()) return absl::InvalidArgumentError("there are no curves to draw");
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const Curve& curve : curves) {
    for (const auto& [step, value] : curve.points) {
      low = std::min(low, static_cast<double>(step));
      high = std::max(high, static_cast<double>(step));
    }
  }
  const Axis x = low <= high ? MakeAxis(low, high, 8) : Axis();
  Canvas canvas(kWidth, kPanel * static_cast<int>(curves.size()));
  for (size_t i = 0; i < curves.size(); ++i) {
    DrawPanel(static_cast<int>(i) * kPanel, x, curves[i], kLines[i % std::size(kLines)], &canvas);
  }
  return canvas.ToTensor();
}

}  // namespace viv
