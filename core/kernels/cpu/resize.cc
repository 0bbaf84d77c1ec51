// Resize2D and Resize2DGrad, row by row: first along the height, in whole rows, then along the
// width.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/parallel.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/resize_rows.h"

namespace viv {
namespace {

// For each of `to` places those of `from` that it comes from; both are more than 0.
std::vector<ResizeTap> MakeTaps(int64_t from, int64_t to, bool nearest, bool align_corners) {
  std::vector<ResizeTap> taps;
  const double most = static_cast<double>(from - 1);
  for (int64_t i = 0; i < to; ++i) {
    const double place = static_cast<double>(i), last = static_cast<double>(to - 1);
    double source = to > 1 ? place * most / last : 0;
    if (!align_corners) {
      source = (place + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    }
    // Halves go up.
    if (nearest) source = std::floor(source + 0.5);
    source = std::clamp(source, 0.0, most);
    const auto low = static_cast<int64_t>(source);
    taps.push_back({low, std::min(low + 1, from - 1), source - static_cast<double>(low)});
  }
  return taps;
}

void Blend(const float* a, const float* b, float share, float* y, int64_t n) {
  VIV_CALL_ISA(BlendRow)(a, b, share, y, n);
}
void Blend(const double* a, const double* b, double share, double* y, int64_t n) {
  BlendRowLoop(a, b, share, y, n);
}
void AddScaled(const float* x, float factor, float* y, int64_t n) {
  VIV_CALL_ISA(AddScaledRow)(x, factor, y, n);
}
void AddScaled(const double* x, double factor, double* y, int64_t n) {
  AddScaledRowLoop(x, factor, y, n);
}

// Between images x, [N, H, W, C], and resized ones, y.
template <typename T>
class ResizeKernel : public Kernel {
 public:
  ResizeKernel(const AttrMap& attrs, const Shape& x, const Shape& y)
      : images_(x.dim(0)),
        height_(x.dim(1)),
        width_(x.dim(2)),
        channels_(x.dim(3)),
        out_height_(y.dim(1)),
        out_width_(y.dim(2)) {
    // Nothing to do, and other extents may be beyond all memory.
    if (x.num_elements() == 0 || y.num_elements() == 0) {
      images_ = height_ = width_ = channels_ = out_height_ = out_width_ = 0;
      return;
    }
    const bool nearest = attrs.String("method") == "nearest";
    const bool align_corners = attrs.Bool("align_corners");
    rows_ = MakeTaps(height_, out_height_, nearest, align_corners);
    columns_ = MakeTaps(width_, out_width_, nearest, align_corners);
  }

  // For each part a row, as wide as one of x or of y.
  size_t scratch_bytes() const override { return kParts * RowElements() * sizeof(T); }

 protected:
  static constexpr int64_t kParts = 16;

  int64_t RowElements() const { return std::max(width_, out_width_) * channels_; }
  // Calls f(image, row, a row of scratch memory) for all of so many rows of each image.
  template <typename F>
  void ForRows(const KernelContext& c, int64_t rows, F f) const {
    const int64_t all = images_ * rows;
    const int64_t parts = std::clamp<int64_t>(all * RowElements() / 16384, 1, kParts);
    ParallelFor(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        T* const work = static_cast<T*>(c.scratch()) + p * RowElements();
        for (int64_t i = all * p / parts; i < all * (p + 1) / parts; ++i) {
          f(i / rows, i % rows, work);
        }
      }
    });
  }

  int64_t images_, height_, width_, channels_, out_height_, out_width_;
  std::vector<ResizeTap> rows_, columns_;
};

template <typename T>
class ResizeForwardKernel : public ResizeKernel<T> {
 public:
  explicit ResizeForwardKernel(const KernelInit& init)
      : ResizeKernel<T>(init.attrs, init.input_shapes[0], init.output_shapes[0].ToShape()) {}

  absl::Status Compute(const KernelContext& c) const override {
    this->ForRows(c, this->out_height_, [&](int64_t image, int64_t row, T* work) {
      const int64_t n = this->channels_, line = this->width_ * n;
      const ResizeTap& tap = this->rows_[row];
      const T* x = c.in<T>(0) + image * this->height_ * line;
      const T* blended = x + tap.low * line;
      if (tap.share > 0) {
        Blend(x + tap.low * line, x + tap.high * line, static_cast<T>(tap.share), work, line);
        blended = work;
      }
      T* y = c.out<T>() + (image * this->out_height_ + row) * this->out_width_ * n;
      for (const ResizeTap& column : this->columns_) {
        Blend(blended + column.low * n, blended + column.high * n, static_cast<T>(column.share), y,
              n);
        y += n;
      }
    });
    return absl::OkStatus();
  }
};

template <typename T>
class ResizeGradKernel : public ResizeKernel<T> {
 public:
  explicit ResizeGradKernel(const KernelInit& init)
      : ResizeKernel<T>(init.attrs, init.output_shapes[0].ToShape(), init.input_shapes[0]),
        empty_(this->images_ == 0),
        first_(this->height_, this->out_height_),
        end_(this->height_, 0) {
    for (int64_t i = 0; i < this->out_height_; ++i) {
      for (const int64_t row : {this->rows_[i].low, this->rows_[i].high}) {
        first_[row] = std::min(first_[row], i);
        end_[row] = i + 1;
      }
    }
  }

  absl::Status Compute(const KernelContext& c) const override {
    if (empty_) {
      // No element of dy: nothing flows.
      std::fill_n(c.out<T>(), c.output(0).num_elements(), T{0});
      return absl::OkStatus();
    }
    this->ForRows(c, this->height_, [&](int64_t image, int64_t row, T* work) {
      const int64_t n = this->channels_, line = this->out_width_ * n;
      const T* dy = c.in<T>(0) + image * this->out_height_ * line;
      std::fill_n(work, line, T{0});
      for (int64_t i = first_[row]; i < end_[row]; ++i) {
        const ResizeTap& tap = this->rows_[i];
        const double factor =
            (tap.low == row ? 1 - tap.share : 0) + (tap.high == row ? tap.share : 0);
        if (factor > 0) AddScaled(dy + i * line, static_cast<T>(factor), work, line);
      }
      T* dx = c.out<T>() + (image * this->height_ + row) * this->width_ * n;
      std::fill_n(dx, this->width_ * n, T{0});
      for (const ResizeTap& column : this->columns_) {
        AddScaled(work, static_cast<T>(1 - column.share), dx + column.low * n, n);
        if (column.share > 0) {
          AddScaled(work, static_cast<T>(column.share), dx + column.high * n, n);
        }
        work += n;
      }
    });
    return absl::OkStatus();
  }

 private:
  const bool empty_;
  // The rows of y that come from each row of x.
  std::vector<int64_t> first_, end_;
};

const bool kResize = RegisterFor<float, double>(
    "Resize2D", []<typename T>() { return MakeKernel<ResizeForwardKernel<T>>(); });
const bool kResizeGrad = RegisterFor<float, double>(
    "Resize2DGrad", []<typename T>() { return MakeKernel<ResizeGradKernel<T>>(); });

}  // namespace
}  // namespace viv
