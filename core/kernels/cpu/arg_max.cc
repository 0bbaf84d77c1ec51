// ArgMax and ArgMin.
#include <algorithm>
#include <cstring>

#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/reduce_rows.h"

namespace viv {
namespace {

// Whether b is better than a, which came first.
template <bool kGreatest, typename T>
bool Better(T a, T b) {
  return (kGreatest ? b > a : b < a) || (b != b && a == a);
}

template <typename T, bool kGreatest>
class ArgKernel : public Kernel {
 public:
  explicit ArgKernel(const KernelInit& init) {
    const Shape& x = init.input_shapes[0];
    const int64_t axis = init.attrs.Int("axis");
    const int i = static_cast<int>(axis < 0 ? axis + x.rank() : axis);
    outer_ = x.Elements(0, i);
    extent_ = x.dim(i);
    inner_ = x.Elements(i + 1, x.rank());
  }

  absl::Status Compute(const KernelContext& c) const override {
    const T* x = c.in<T>(0);
    int64_t* y = c.out<int64_t>();
    if (outer_ * extent_ * inner_ == 0) return absl::OkStatus();
    const int64_t chunks = (inner_ + kChunk - 1) / kChunk;
    const int64_t grain = std::max<int64_t>(1, (1 << 15) / (extent_ * std::min(inner_, kChunk)));
    ParallelFor(outer_ * chunks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t job = begin; job < end; ++job) {
        const int64_t o = job / chunks, first = job % chunks * kChunk;
        const T* in = x + o * extent_ * inner_ + first;
        if (inner_ == 1) {
          y[o] = Row(in);
        } else {
          Columns(in, std::min(kChunk, inner_ - first), y + o * inner_ + first);
        }
      }
    });
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kChunk = 256;

  int64_t Row(const T* x) const {
    if constexpr (std::is_same_v<T, float>) {
      static const auto fold = kGreatest ? VIV_CALL_ISA(FoldGreatest) : VIV_CALL_ISA(FoldLeast);
      const float best = fold(x, extent_, x[0]);
      int64_t i = 0;
      while (x[i] != best && !(best != best && x[i] != x[i])) ++i;
      return i;
    } else {
      int64_t at = 0;
      auto best = static_cast<Wide<T>>(x[0]);
      for (int64_t i = 1; i < extent_; ++i) {
        const auto v = static_cast<Wide<T>>(x[i]);
        if (!Better<kGreatest>(best, v)) continue;
        best = v;
        at = i;
      }
      return at;
    }
  }

  // n neighbouring results.
  void Columns(const T* x, int64_t n, int64_t* y) const {
    Wide<T> best[kChunk];
    for (int64_t j = 0; j < n; ++j) best[j] = static_cast<Wide<T>>(x[j]);
    std::fill_n(y, n, int64_t{0});
    for (int64_t i = 1; i < extent_; ++i) {
      const T* row = x + i * inner_;
      for (int64_t j = 0; j < n; ++j) {
        const auto v = static_cast<Wide<T>>(row[j]);
        const bool better = Better<kGreatest>(best[j], v);
        best[j] = better ? v : best[j];
        y[j] = better ? i : y[j];
      }
    }
  }

  int64_t outer_, extent_, inner_;
};

template <bool kGreatest>
bool Register(const char* op) {
  return RegisterFor<VIV_NUMBERS, bool>(
      op, []<typename T>() { return MakeKernel<ArgKernel<T, kGreatest>>(); });
}
const bool kArgMax = Register<true>("ArgMax");
const bool kArgMin = Register<false>("ArgMin");

}  // namespace
}  // namespace viv
