// Max, Min, Prod, Any and All. Products are formed in double, or in integers that wrap.
#include "core/kernels/cpu/reduce.h"

#include <cstring>
#include <limits>

#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/reduce_rows.h"
#include "core/kernels/cpu/reduce_widened.h"
#include "core/kernels/cpu/wrapping.h"

namespace viv {

ReductionLoops::ReductionLoops(const Shape& x, const Shape& y) {
  struct Stretch {
    int64_t extent, stride;
    bool kept;
  };
  // From the last axis on.
  std::vector<Stretch> stretches;
  int64_t stride = 1;
  for (int i = x.rank() - 1; i >= 0; --i) {
    const int in_y = i - x.rank() + y.rank();
    const bool kept = in_y >= 0 && y.dim(in_y) == x.dim(i);
    if (x.dim(i) != 1) {
      if (!stretches.empty() && stretches.back().kept == kept) {
        stretches.back().extent *= x.dim(i);
      } else {
        stretches.push_back({x.dim(i), stride, kept});
      }
    }
    stride *= x.dim(i);
  }
  for (size_t k = stretches.size(); k > 1; --k) {
    const Stretch& s = stretches[k - 1];
    (s.kept ? kept : reduced).Add(s.extent, s.stride);
  }
  if (!stretches.empty()) {
    run = stretches[0].extent;
    run_is_kept = stretches[0].kept;
  }
}

Shape KeptShape(const Shape& x, const std::vector<int64_t>& axes) {
  Shape kept = x;
  for (int i = 0; i < x.rank(); ++i) {
    const bool reduced = axes.empty() || std::count(axes.begin(), axes.end(), i) > 0 ||
                         std::count(axes.begin(), axes.end(), i - x.rank()) > 0;
    if (reduced) kept.set_dim(i, 1);
  }
  return kept;
}

namespace {

// The greatest or least element; a NaN wins.
template <typename T, bool kGreatest>
struct Extreme {
  using In = T;
  using Folded = Wide<T>;
  using Out = T;
  static Folded Neutral() {
    using Limits = std::numeric_limits<Folded>;
    if (Limits::has_infinity) return kGreatest ? -Limits::infinity() : Limits::infinity();
    return kGreatest ? Limits::lowest() : Limits::max();
  }
  static Folded Of(T x) { return static_cast<Folded>(x); }
  static Folded Both(Folded a, Folded b) { return (kGreatest ? b > a : b < a) || b != b ? b : a; }
  static Folded Fold(const T* x, int64_t n, Folded start) {
    if constexpr (std::is_same_v<Folded, float>) {
      static const auto fold = kGreatest ? VIV_CALL_ISA(FoldGreatest) : VIV_CALL_ISA(FoldLeast);
      return FoldWidened(x, n, start, fold);
    } else {
      for (int64_t i = 0; i < n; ++i) start = Both(start, x[i]);
      return start;
    }
  }
  static void Join(const T* x, Folded* folded, int64_t n) {
    if constexpr (std::is_same_v<Folded, float>) {
      static const auto join = kGreatest ? VIV_CALL_ISA(JoinGreatest) : VIV_CALL_ISA(JoinLeast);
      JoinWidened(x, folded, n, join);
    } else {
      for (int64_t i = 0; i < n; ++i) folded[i] = Both(folded[i], x[i]);
    }
  }
  static T Finish(Folded folded) { return T(folded); }
};

template <typename T>
struct Product {
  using In = T;
  using Folded = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  using Out = T;
  static Folded Neutral() { return 1; }
  static Folded Of(T x) { return static_cast<Folded>(static_cast<Wide<T>>(x)); }
  static Folded Both(Folded a, Folded b) { return a * b; }
  static Folded Fold(const T* x, int64_t n, Folded start) {
    if constexpr (std::is_same_v<Wide<T>, float>) {
      static const auto fold = VIV_CALL_ISA(FoldProduct);
      return FoldWidened(x, n, start, fold);
    } else {
      for (int64_t i = 0; i < n; ++i) start *= Of(x[i]);
      return start;
    }
  }
  static void Join(const T* x, Folded* folded, int64_t n) {
    if constexpr (std::is_same_v<Wide<T>, float>) {
      static const auto join = VIV_CALL_ISA(JoinProduct);
      JoinWidened(x, folded, n, join);
    } else {
      for (int64_t i = 0; i < n; ++i) folded[i] *= Of(x[i]);
    }
  }
  static T Finish(Folded folded) { return static_cast<T>(static_cast<Wide<T>>(folded)); }
};

// Whether one element is `kSought`: Any seeks true; All holds where there is no false.
template <bool kSought>
struct Seek {
  using In = bool;
  using Folded = bool;  // found
  using Out = bool;
  static bool Neutral() { return false; }
  static bool Of(bool x) { return x == kSought; }
  static bool Both(bool a, bool b) { return a || b; }
  static bool Fold(const bool* x, int64_t n, bool start) {
    return start || std::memchr(x, kSought, n) != nullptr;
  }
  static void Join(const bool* x, bool* found, int64_t n) {
    for (int64_t i = 0; i < n; ++i) found[i] = found[i] | Of(x[i]);
  }
  static bool Finish(bool found) { return found == kSought; }
};

const bool kMax =
    RegisterFor<VIV_NUMBERS>("Max", []<typename T>() { return MakeReduction<Extreme<T, true>>(); });
const bool kMin = RegisterFor<VIV_NUMBERS>(
    "Min", []<typename T>() { return MakeReduction<Extreme<T, false>>(); });
const bool kProd =
    RegisterFor<VIV_NUMBERS>("Prod", []<typename T>() { return MakeReduction<Product<T>>(); });
const KernelRegistration kAny({.op = "Any",
                               .device = "cpu",
                               .factory = MakeReduction<Seek<true>>()});
const KernelRegistration kAll({.op = "All",
                               .device = "cpu",
                               .factory = MakeReduction<Seek<false>>()});

}  // namespace
}  // namespace viv
