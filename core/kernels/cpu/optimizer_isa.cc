// The rules of optimizers in vectors. A block's arithmetic does not depend on where it begins, so
// that rows get the bits that they would get in the whole.
#include "core/kernels/cpu/optimizer_rows.h"
#include "core/kernels/cpu/simd.h"

namespace viv::VIV_ISA {
namespace {

// Calls body(i, get, set) for the blocks of [0, n); get and set move up to kLanes elements.
template <typename Body>
inline void ForEachBlock(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    body(
        i, [](const float* p) { return Load(p); }, [](float* p, Vec x) { Store(p, x); });
  }
  const int rest = static_cast<int>(n - i);
  if (rest == 0) return;
  body(
      i, [rest](const float* p) { return LoadPart(p, rest); },
      [rest](float* p, Vec x) { StorePart(p, x, rest); });
}

}  // namespace

void SgdRow(float rate, float* v, const float* g, int64_t n) {
  ForEachBlock(n,
               [=](int64_t i, auto get, auto set) { set(v + i, get(v + i) - rate * get(g + i)); });
}

void MomentumRow(const MomentumNumbers& by, float* v, float* u, const float* g, int64_t n) {
  ForEachBlock(n, [=](int64_t i, auto get, auto set) {
    const Vec slope = get(g + i), moved = by.momentum * get(u + i) + slope;
    set(u + i, moved);
    set(v + i, get(v + i) - by.rate * (by.nesterov ? slope + by.momentum * moved : moved));
  });
}

void ScaledRow(const ScaledNumbers& by, float* v, float* s, const float* g, int64_t n) {
  ForEachBlock(n, [=](int64_t i, auto get, auto set) {
    const Vec slope = get(g + i), squares = by.decay * get(s + i) + by.share * (slope * slope);
    set(s + i, squares);
    set(v + i, get(v + i) - by.rate * slope / (Sqrt(squares) + by.epsilon));
  });
}

void AdamRow(const AdamNumbers& by, float* v, float* m, float* s, const float* g, int64_t n) {
  ForEachBlock(n, [=](int64_t i, auto get, auto set) {
    const Vec slope = get(g + i);
    const Vec mean = by.beta1 * get(m + i) + (1 - by.beta1) * slope;
    const Vec squares = by.beta2 * get(s + i) + (1 - by.beta2) * slope * slope;
    set(m + i, mean);
    set(s + i, squares);
    set(v + i,
        by.kept * get(v + i) - by.rate * mean / (Sqrt(squares) * by.correction + by.epsilon));
  });
}

}  // namespace viv::VIV_ISA
