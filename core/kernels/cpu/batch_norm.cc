// BatchNorm and BatchNormGrad: each reads its large inputs twice, once for what belongs to a
// channel and once to write. Sums are formed over blocks of rows that fit the cache and then joined
// in double (T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm
// for computing sample variances", 1979), in an order that does not depend on the threads.
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/kernels/cpu/batch_norm_loops.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/sums.h"

namespace viv {
namespace {

struct OneDouble {
  using V = double;
  static constexpr int64_t kWidth = 1;

  static double Load(const double* p) { return *p; }
  static void Store(double* p, double v) { *p = v; }
  static double Splat(double v) { return v; }
  static double Relu(double v) { return v < 0 ? 0 : v; }
  static double WherePositive(double y, double v) { return y > 0 ? v : 0; }
};

// The machine's loops for T.
#define VIV_BATCH_NORM_ROWS(T, suffix)                                                             \
  void SumChannels(const T* x, int64_t rows, int64_t n, float* sum) {                              \
    VIV_CALL_ISA(ChannelSums##suffix)(AsBits(x), rows, n, sum);                                    \
  }                                                                                                \
  void SquareChannels(const T* x, const float* mean, int64_t rows, int64_t n, float* rest,         \
                      float* squares) {                                                            \
    VIV_CALL_ISA(ChannelSquares##suffix)(AsBits(x), mean, rows, n, rest, squares);                 \
  }                                                                                                \
  void Transform(const T* x, const ChannelTransform<float>& t, int64_t rows, int64_t n, T* y) {    \
    VIV_CALL_ISA(ChannelTransformRows##suffix)(AsBits(x), t, rows, n, AsBits(y));                  \
  }                                                                                                \
  void GradSums(const T* x, const T* dy, const ChannelTransform<float>& t, int64_t rows,           \
                int64_t n, float* sum, float* product) {                                           \
    VIV_CALL_ISA(ChannelGradSums##suffix)(AsBits(x), AsBits(dy), t, rows, n, sum, product);        \
  }                                                                                                \
  void GradRows(const T* x, const T* dy, const ChannelGradient<float>& g, int64_t rows, int64_t n, \
                T* dx) {                                                                           \
    VIV_CALL_ISA(ChannelGradRows##suffix)(AsBits(x), AsBits(dy), g, rows, n, AsBits(dx));          \
  }
VIV_BATCH_NORM_ROWS(float, Float)
VIV_BATCH_NORM_ROWS(BFloat16, BFloat16)
#undef VIV_BATCH_NORM_ROWS

void SumChannels(const double* x, int64_t rows, int64_t n, double* sum) {
  ChannelSumsLoop<OneDouble, OneDouble>(x, rows, n, sum);
}
void SquareChannels(const double* x, const double* mean, int64_t rows, int64_t n, double* rest,
                    double* squares) {
  ChannelSquaresLoop<OneDouble, OneDouble>(x, mean, rows, n, rest, squares);
}
void Transform(const double* x, const ChannelTransform<double>& t, int64_t rows, int64_t n,
               double* y) {
  ChannelTransformLoop<OneDouble, OneDouble>(x, t, rows, n, y);
}
void GradSums(const double* x, const double* dy, const ChannelTransform<double>& t, int64_t rows,
              int64_t n, double* sum, double* product) {
  ChannelGradSumsLoop<OneDouble, OneDouble>(x, dy, t, rows, n, sum, product);
}
void GradRows(const double* x, const double* dy, const ChannelGradient<double>& g, int64_t rows,
              int64_t n, double* dx) {
  ChannelGradLoop<OneDouble, OneDouble>(x, dy, g, rows, n, dx);
}

// What is summed up at a time: it fits the cache, and no float is the sum of too many.
constexpr int64_t kBlockElements = 16384, kBlockRows = 512;

template <typename T>
class ChannelKernel : public Kernel {
 public:
  using W = SumType<T>;

  explicit ChannelKernel(const KernelInit& init)
      : channels_(init.input_shapes[1].dim(0)),
        rows_(channels_ == 0 ? 0 : init.input_shapes[0].num_elements() / channels_),
        parts_(std::clamp<int64_t>(rows_ * channels_ / (2 * kBlockElements), 1, 16)),
        epsilon_(init.attrs.Float("epsilon")),
        relu_(init.attrs.Bool("relu")) {}

  // For each part two doubles and three W a channel; then three W a channel for all.
  size_t scratch_bytes() const override {
    return channels_ * (parts_ * (2 * sizeof(double) + 3 * sizeof(W)) + 3 * sizeof(W));
  }

 protected:
  struct Part {
    double *first, *second;  // of the whole part
    W* block[3];
  };
  Part PartOf(const KernelContext& c, int64_t p) const {
    double* doubles = static_cast<double*>(c.scratch()) + 2 * p * channels_;
    W* block = Shared(c, 3 + 3 * p);
    return {doubles, doubles + channels_, {block, block + channels_, block + 2 * channels_}};
  }
  // A row of W a channel: 0 to 2 are for all.
  W* Shared(const KernelContext& c, int64_t i) const {
    double* doubles = static_cast<double*>(c.scratch());
    return reinterpret_cast<W*>(doubles + parts_ * 2 * channels_) + i * channels_;
  }

  // Calls f(part, first row, rows, rows of the part before) for all blocks of every part.
  template <typename F>
  void ForBlocks(const KernelContext& c, F f) const {
    const int64_t step =
        std::clamp<int64_t>(kBlockElements / std::max<int64_t>(1, channels_), 1, kBlockRows);
    ParallelFor(parts_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const Part part = PartOf(c, p);
        std::fill_n(part.first, 2 * channels_, 0.0);
        const int64_t from = rows_ * p / parts_, to = rows_ * (p + 1) / parts_;
        for (int64_t r = from; r < to; r += step) f(part, r, std::min(step, to - r), r - from);
      }
    });
  }
  // Calls f(first row, rows) on several threads.
  template <typename F>
  void ForRows(F f) const {
    if (channels_ == 0) return;
    ParallelFor(rows_, std::max<int64_t>(1, 2 * kBlockElements / channels_),
                [&](int64_t begin, int64_t end) { f(begin, end - begin); });
  }
  double Inverse(double variance) const { return 1 / std::sqrt(variance + epsilon_); }

  const int64_t channels_, rows_, parts_;
  const double epsilon_;
  const bool relu_;
};

template <typename T>
class BatchNormKernel : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  using W = SumType<T>;

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t n = this->channels_;
    this->ForBlocks(c, [&](const auto& part, int64_t first, int64_t rows, int64_t before) {
      const T* x = c.in<T>(0) + first * n;
      W *mean = part.block[0], *rest = part.block[1], *squares = part.block[2];
      SumChannels(x, rows, n, mean);
      for (int64_t j = 0; j < n; ++j) mean[j] /= static_cast<W>(rows);
      SquareChannels(x, mean, rows, n, rest, squares);
      for (int64_t j = 0; j < n; ++j) {
        // The mean of many is rounded; what it is off by tells the rest.
        const double off = static_cast<double>(rest[j]) / static_cast<double>(rows);
        Join(before, part.first[j], part.second[j], rows, mean[j] + off,
             std::max(0.0, squares[j] - off * off * static_cast<double>(rows)));
      }
    });
    W* factor = this->Shared(c, 0);
    for (int64_t j = 0; j < n; ++j) {
      double mean = 0, squares = 0;
      for (int64_t p = 0; p < this->parts_; ++p) {
        const auto part = this->PartOf(c, p);
        const int64_t from = this->rows_ * p / this->parts_,
                      to = this->rows_ * (p + 1) / this->parts_;
        Join(from, mean, squares, to - from, part.first[j], part.second[j]);
      }
      const double variance = squares / static_cast<double>(std::max<int64_t>(1, this->rows_));
      c.out<W>(1)[j] = static_cast<W>(mean);
      c.out<W>(2)[j] = static_cast<W>(variance);
      factor[j] = static_cast<W>(c.in<W>(1)[j] * this->Inverse(variance));
    }
    const ChannelTransform<W> t = {c.out<W>(1), factor, c.in<W>(2), this->relu_};
    this->ForRows([&](int64_t first, int64_t rows) {
      Transform(c.in<T>(0) + first * n, t, rows, n, c.out<T>(0) + first * n);
    });
    return absl::OkStatus();
  }

 private:
  // Joins (count, mean, squares around the mean) with those of other rows.
  static void Join(int64_t count, double& mean, double& squares, int64_t other, double other_mean,
                   double other_squares) {
    if (other == 0) return;
    const double share = static_cast<double>(other) / static_cast<double>(count + other);
    const double delta = other_mean - mean;
    mean += delta * share;
    squares += other_squares + delta * delta * static_cast<double>(count) * share;
  }
};

template <typename T>
class BatchNormGradKernel : public ChannelKernel<T> {
 public:
  using ChannelKernel<T>::ChannelKernel;
  using W = SumType<T>;

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t n = this->channels_;
    const T *x = c.in<T>(0), *dy = c.in<T>(5);
    W *factor = this->Shared(c, 0), *mean_dy = this->Shared(c, 1), *slope = this->Shared(c, 2);
    for (int64_t j = 0; j < n; ++j) {
      factor[j] = static_cast<W>(c.in<W>(1)[j] * this->Inverse(c.in<W>(4)[j]));
    }
    const ChannelTransform<W> t = {c.in<W>(3), factor, c.in<W>(2), this->relu_};
    this->ForBlocks(c, [&](const auto& part, int64_t first, int64_t rows, int64_t) {
      GradSums(x + first * n, dy + first * n, t, rows, n, part.block[0], part.block[1]);
      for (int64_t j = 0; j < n; ++j) {
        part.first[j] += part.block[0][j];
        part.second[j] += part.block[1][j];
      }
    });
    const double rows = static_cast<double>(std::max<int64_t>(1, this->rows_));
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0, product = 0;
      for (int64_t p = 0; p < this->parts_; ++p) {
        const auto part = this->PartOf(c, p);
        sum += part.first[j];
        product += part.second[j];
      }
      const double inverse = this->Inverse(c.in<W>(4)[j]);
      c.out<W>(1)[j] = static_cast<W>(product * inverse);
      c.out<W>(2)[j] = static_cast<W>(sum);
      mean_dy[j] = static_cast<W>(sum / rows);
      slope[j] = static_cast<W>(product / rows * inverse * inverse);
    }
    const ChannelGradient<W> g = {t, mean_dy, slope};
    this->ForRows([&](int64_t first, int64_t count) {
      GradRows(x + first * n, dy + first * n, g, count, n, c.out<T>(0) + first * n);
    });
    return absl::OkStatus();
  }
};

const bool kBatchNorm = RegisterFor<float, double, BFloat16>(
    "BatchNorm", []<typename T>() { return MakeKernel<BatchNormKernel<T>>(); }, {{0, 0}});
const bool kBatchNormGrad = RegisterFor<float, double, BFloat16>(
    "BatchNormGrad", []<typename T>() { return MakeKernel<BatchNormGradKernel<T>>(); },
    {{0, 0}, {5, 0}});

}  // namespace
}  // namespace viv
