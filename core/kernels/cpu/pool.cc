// MaxPool2D and AvgPool2D, row by row.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/pool_loops.h"
#include "core/kernels/cpu/register.h"
#include "core/tensor/window.h"

namespace viv {
namespace {

// One element at once; see pool_loops.h.
template <typename Element>
struct OneElement {
  using T = Element;
  using V = Element;
  using I = int64_t;
  static constexpr int64_t kWidth = 1;

  static T Load(const T* p) { return *p; }
  static void Store(T* p, T v) { *p = v; }
  static int64_t Place(int64_t place) { return place; }
  static int64_t LoadPlace(const uint8_t* p) { return *p; }
  static void StorePlace(uint8_t* p, int64_t place) { *p = static_cast<uint8_t>(place); }
  static T Choose(bool better, T v, T best) { return better ? v : best; }
  static int64_t ChoosePlace(bool better, int64_t v, int64_t best) { return better ? v : best; }
};
struct OneDouble : OneElement<double> {
  using Number = double;
  static double Splat(double v) { return v; }
  static double Where(int64_t place, int64_t wanted, double v) { return place == wanted ? v : 0; }
  static bool Better(double v, double best) { return v > best || v != v; }
};
struct OneByte : OneElement<uint8_t> {
  // Of what is less than every byte.
  static uint8_t Splat(float) { return 0; }
  static bool Better(uint8_t v, uint8_t best) { return v > best; }
};

// Bytes, of which every processor finds the greater ones of 16 at once.
typedef uint8_t Bytes __attribute__((vector_size(16)));
struct SixteenBytes {
  using T = uint8_t;
  using V = Bytes;
  using I = Bytes;
  static constexpr int64_t kWidth = 16;

  static Bytes Load(const uint8_t* p) {
    Bytes v;
    std::memcpy(&v, p, sizeof(v));
    return v;
  }
  static void Store(uint8_t* p, Bytes v) { std::memcpy(p, &v, sizeof(v)); }
  // Of what is less than every byte.
  static Bytes Splat(float) { return Bytes{}; }
  static Bytes Place(int64_t place) { return static_cast<uint8_t>(place) - Bytes{}; }
  static void StorePlace(uint8_t* p, Bytes places) { Store(p, places); }
  static auto Better(Bytes v, Bytes best) { return v > best; }
  static Bytes Choose(decltype(Bytes{} > Bytes{}) better, Bytes v, Bytes best) {
    return better ? v : best;
  }
  static Bytes ChoosePlace(decltype(Bytes{} > Bytes{}) better, Bytes v, Bytes best) {
    return better ? v : best;
  }
};

#define VIV_POOL_ROWS(T, suffix)                                                              \
  void MaxPoolRow(const PoolImage& image, const T* x, int64_t row, T* y, uint8_t* index) {    \
    VIV_CALL_ISA(MaxPoolRow##suffix)(image, AsBits(x), row, AsBits(y), index);                \
  }                                                                                           \
  void AvgPoolRow(const PoolImage& image, const T* x, int64_t row, T* y) {                    \
    VIV_CALL_ISA(AvgPoolRow##suffix)(image, AsBits(x), row, AsBits(y));                       \
  }                                                                                           \
  void MaxPoolGradRow(const PoolImage& image, const T* dy, const uint8_t* index, int64_t row, \
                      T* dx) {                                                                \
    VIV_CALL_ISA(MaxPoolGradRow##suffix)(image, AsBits(dy), index, row, AsBits(dx));          \
  }                                                                                           \
  void AvgPoolGradRow(const PoolImage& image, const T* dy, int64_t row, T* dx) {              \
    VIV_CALL_ISA(AvgPoolGradRow##suffix)(image, AsBits(dy), row, AsBits(dx));                 \
  }
VIV_POOL_ROWS(float, Float)
VIV_POOL_ROWS(BFloat16, BFloat16)
#undef VIV_POOL_ROWS

template <typename L, typename One>
void AnyMaxPoolRow(const PoolImage& image, const typename L::T* x, int64_t row, typename L::T* y,
                   uint8_t* index) {
  if (index == nullptr) {
    MaxPoolRowLoop<L, One, false>(image, x, row, y, index);
  } else {
    MaxPoolRowLoop<L, One, true>(image, x, row, y, index);
  }
}
void MaxPoolRow(const PoolImage& image, const double* x, int64_t row, double* y, uint8_t* index) {
  AnyMaxPoolRow<OneDouble, OneDouble>(image, x, row, y, index);
}
void MaxPoolRow(const PoolImage& image, const uint8_t* x, int64_t row, uint8_t* y, uint8_t* index) {
  AnyMaxPoolRow<SixteenBytes, OneByte>(image, x, row, y, index);
}
void AvgPoolRow(const PoolImage& image, const double* x, int64_t row, double* y) {
  AvgPoolRowLoop<OneDouble, OneDouble>(image, x, row, y);
}
void MaxPoolGradRow(const PoolImage& image, const double* dy, const uint8_t* index, int64_t row,
                    double* dx) {
  MaxPoolGradRowLoop<OneDouble, OneDouble>(image, dy, index, row, dx);
}
void AvgPoolGradRow(const PoolImage& image, const double* dy, int64_t row, double* dx) {
  AvgPoolGradRowLoop<OneDouble, OneDouble>(image, dy, row, dx);
}

// One axis of the windows, both ways.
class PoolAxis {
 public:
  PoolAxis() = default;
  explicit PoolAxis(const WindowAxis& axis) {
    covers_.assign(axis.extent, {axis.count, 0});
    for (int64_t i = 0; i < axis.count; ++i) {
      spans_.push_back({axis.Start(i), axis.First(i), axis.Last(i)});
      for (int64_t k = axis.First(i); k < axis.Last(i); ++k) {
        PoolCover& cover = covers_[axis.Start(i) + k];
        cover = {std::min(cover.first, i), i + 1};
      }
    }
  }
  const PoolSpan* spans() const { return spans_.data(); }
  const PoolCover* covers() const { return covers_.data(); }

 private:
  std::vector<PoolSpan> spans_;
  std::vector<PoolCover> covers_;
};

// A kernel of windows over images of shape `x`, [N, H, W, C].
template <typename T>
class PoolKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(std::unique_ptr<PoolKernel<T>> kernel,
                                                      const AttrMap& attrs, const Shape& x) {
    RETURN_IF_ERROR(kernel->Prepare(attrs, x));
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

 protected:
  // Calls f(image, row) for all rows of all images, `rows` in each.
  template <typename F>
  void ForRows(int64_t rows, int64_t elements, F f) const {
    if (elements == 0) return;
    const int64_t all = images_ * rows;
    // A place is worth about a nanosecond for each 4 elements of its window.
    const int64_t work = std::max<int64_t>(1, elements / all * area_ / 4);
    ParallelFor(all, std::max<int64_t>(1, 20000 / work), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) f(i / rows, i % rows);
    });
  }

  PoolImage image_ = {};
  int64_t images_ = 0, height_ = 0, out_height_ = 0, area_ = 1;
  int64_t Elements() const { return height_ * image_.width * image_.channels; }
  int64_t OutElements() const { return out_height_ * image_.out_width * image_.channels; }

 private:
  absl::Status Prepare(const AttrMap& attrs, const Shape& x) {
    const std::vector<int64_t>&window = attrs.Ints("window"), &strides = attrs.Ints("strides"),
          &pads = attrs.Ints("pads");
    WindowAxis axes[2];
    for (int i = 0; i < 2; ++i) {
      ASSIGN_OR_RETURN(
          axes[i], MakeWindowAxis(x.dim(i + 1), window[i], strides[i], 1, attrs.String("padding"),
                                  pads[2 * i], pads[2 * i + 1]));
    }
    images_ = x.dim(0);
    height_ = x.dim(1);
    out_height_ = axes[0].count;
    area_ = window[0] * window[1];
    // Nothing to do, and other extents may be beyond all memory.
    if (x.num_elements() == 0) return absl::OkStatus();
    rows_ = PoolAxis(axes[0]);
    columns_ = PoolAxis(axes[1]);
    const AttrValue* count_padding = attrs.Find("count_padding");
    image_ = {
        .width = x.dim(2),
        .channels = x.dim(3),
        .out_width = axes[1].count,
        .window_width = window[1],
        .rows = rows_.spans(),
        .columns = columns_.spans(),
        .row_covers = rows_.covers(),
        .column_covers = columns_.covers(),
        .window_elements = count_padding != nullptr && *count_padding->get<bool>() ? area_ : 0};
    return absl::OkStatus();
  }

  PoolAxis rows_, columns_;
};

template <typename T>
class MaxPoolKernel : public PoolKernel<T> {
 public:
  explicit MaxPoolKernel(bool index) : index_(index) {}
  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    T* y = c.out<T>(0);
    uint8_t* index = index_ ? c.out<uint8_t>(1) : nullptr;
    this->ForRows(this->out_height_, c.output(0).num_elements(), [&](int64_t n, int64_t row) {
      const int64_t at =
          n * this->OutElements() + row * this->image_.out_width * this->image_.channels;
      MaxPoolRow(this->image_, x + n * this->Elements(), row, y + at,
                 index == nullptr ? nullptr : index + at);
    });
    return absl::OkStatus();
  }

 private:
  const bool index_;
};

template <typename T>
class MaxPoolGradKernel : public PoolKernel<T> {
 public:
  absl::Status Compute(const KernelContext& c) const override {
    this->ForRows(this->height_, c.output(0).num_elements(), [&](int64_t n, int64_t row) {
      const int64_t from = n * this->OutElements();
      MaxPoolGradRow(
          this->image_, c.in<T>(0) + from, c.in<uint8_t>(1) + from, row,
          c.out<T>() + n * this->Elements() + row * this->image_.width * this->image_.channels);
    });
    return absl::OkStatus();
  }
};

// Second derivatives only: element by element.
template <typename T>
class MaxPoolPickKernel : public PoolKernel<T> {
 public:
  absl::Status Compute(const KernelContext& c) const override {
    const PoolImage& p = this->image_;
    this->ForRows(this->out_height_, c.output(0).num_elements(), [&](int64_t n, int64_t row) {
      const T* x = c.in<T>(0) + n * this->Elements();
      int64_t at = n * this->OutElements() + row * p.out_width * p.channels;
      for (int64_t j = 0; j < p.out_width; ++j) {
        for (int64_t k = 0; k < p.channels; ++k, ++at) {
          const int64_t place = c.in<uint8_t>(1)[at];
          const int64_t h = p.rows[row].start + place / p.window_width;
          const int64_t w = p.columns[j].start + place % p.window_width;
          const bool inside =
              place < this->area_ && h >= 0 && h < this->height_ && w >= 0 && w < p.width;
          c.out<T>()[at] = inside ? x[(h * p.width + w) * p.channels + k] : T();
        }
      }
    });
    return absl::OkStatus();
  }
};

template <typename T>
class AvgPoolKernel : public PoolKernel<T> {
 public:
  absl::Status Compute(const KernelContext& c) const override {
    this->ForRows(this->out_height_, c.output(0).num_elements(), [&](int64_t n, int64_t row) {
      AvgPoolRow(this->image_, c.in<T>(0) + n * this->Elements(), row,
                 c.out<T>() + n * this->OutElements() +
                     row * this->image_.out_width * this->image_.channels);
    });
    return absl::OkStatus();
  }
};

template <typename T>
class AvgPoolGradKernel : public PoolKernel<T> {
 public:
  absl::Status Compute(const KernelContext& c) const override {
    this->ForRows(this->height_, c.output(0).num_elements(), [&](int64_t n, int64_t row) {
      AvgPoolGradRow(
          this->image_, c.in<T>(0) + n * this->OutElements(), row,
          c.out<T>() + n * this->Elements() + row * this->image_.width * this->image_.channels);
    });
    return absl::OkStatus();
  }
};

// Over the shape of input 0 or, for a gradient, of the output.
template <template <typename> typename K, bool kOfInput>
bool Register(const char* op) {
  return RegisterFor<float, double, BFloat16>(op, []<typename T>() -> KernelFactory {
    return [](const KernelInit& init) {
      return PoolKernel<T>::Make(std::make_unique<K<T>>(), init.attrs,
                                 kOfInput ? init.input_shapes[0] : init.output_shapes[0].ToShape());
    };
  });
}

const bool kMaxPool =
    RegisterFor<float, double, BFloat16, uint8_t>("MaxPool2D", []<typename T>() -> KernelFactory {
      return [](const KernelInit& init) {
        return PoolKernel<T>::Make(std::make_unique<MaxPoolKernel<T>>(init.attrs.Bool("index")),
                                   init.attrs, init.input_shapes[0]);
      };
    });
const bool kMaxPoolGrad = Register<MaxPoolGradKernel, false>("MaxPool2DGrad");
const bool kMaxPoolPick = Register<MaxPoolPickKernel, true>("MaxPool2DPick");
const bool kAvgPool = Register<AvgPoolKernel, true>("AvgPool2D");
const bool kAvgPoolGrad = Register<AvgPoolGradKernel, false>("AvgPool2DGrad");

}  // namespace
}  // namespace viv
