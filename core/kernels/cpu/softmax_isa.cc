// Loops over one row: maximum, sum, exponentials. S: float or the bits of bfloat16.
#include <math.h>

#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// Folds `each` over the vectors of x in four running values, all of them begun with the neutral
// `start`, and joins those. Lanes past the end see `rest`.
template <typename S, typename Each, typename Join>
Vec Fold(const S* x, int64_t n, Vec start, float rest, Each each, Join join) {
  Vec f[4] = {start, start, start, start};
  int64_t j = 0;
  for (; j + 4 * kLanes <= n; j += 4 * kLanes) {
    for (int k = 0; k < 4; ++k) f[k] = each(f[k], Load(x + j + k * kLanes));
  }
  for (; j + kLanes <= n; j += kLanes) f[0] = each(f[0], Load(x + j));
  if (j < n) f[0] = each(f[0], LoadPart(x + j, static_cast<int>(n - j), rest));
  return join(join(f[0], f[1]), join(f[2], f[3]));
}

template <typename S>
float Top(const S* x, int64_t n) {
  const float lowest = -__builtin_inff();
  return HorizontalMax(Fold(x, n, Splat(lowest), lowest, &Max, &Max));
}

Vec Plus(Vec a, Vec b) { return a + b; }

template <typename S>
float Sum(const S* x, int64_t n) {
  return HorizontalSum(Fold(x, n, Vec{}, 0, &Plus, &Plus));
}

template <typename S>
float LogSumExp(const S* x, int64_t n) {
  const float top = Top(x, n);
  // A row of nothing but -inf, or with +inf.
  if (top - top != 0) return top;
  const auto add = [top](Vec sum, Vec v) { return sum + Exp(v - top); };
  const float sum = HorizontalSum(Fold(x, n, Vec{}, -__builtin_inff(), add, &Plus));
  return top + logf(sum);
}

template <typename S>
void ScaledExp(const S* x, int64_t n, float shift, float scale, float offset, S* y) {
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) Store(y + j, Exp(Load(x + j) - shift) * scale - offset);
  if (j < n) {
    const int rest = static_cast<int>(n - j);
    StorePart(y + j, Exp(LoadPart(x + j, rest) - shift) * scale - offset, rest);
  }
}

}  // namespace

float SumRow(const float* x, int64_t n) { return Sum(x, n); }
float SumRowBFloat16(const uint16_t* x, int64_t n) { return Sum(x, n); }
float LogSumExpRow(const float* x, int64_t n) { return LogSumExp(x, n); }
float LogSumExpRowBFloat16(const uint16_t* x, int64_t n) { return LogSumExp(x, n); }
void ScaledExpRow(const float* x, int64_t n, float shift, float scale, float offset, float* y) {
  ScaledExp(x, n, shift, scale, offset, y);
}
void ScaledExpRowBFloat16(const uint16_t* x, int64_t n, float shift, float scale, float offset,
                          uint16_t* y) {
  ScaledExp(x, n, shift, scale, offset, y);
}

void SoftmaxRow(const float* x, int64_t n, float* y) {
  const float top = Top(x, n);
  Vec sum = {};
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    const Vec e = Exp(Load(x + j) - top);
    Store(y + j, e);
    sum += e;
  }
  const int rest = static_cast<int>(n - j);
  if (rest > 0) {
    const Vec e = Exp(LoadPart(x + j, rest, -__builtin_inff()) - top);
    StorePart(y + j, e, rest);
    sum += e;
  }
  const float scale = 1 / HorizontalSum(sum);
  for (j = 0; j + kLanes <= n; j += kLanes) Store(y + j, Load(y + j) * scale);
  for (; j < n; ++j) y[j] *= scale;
}

}  // namespace viv::VIV_ISA
