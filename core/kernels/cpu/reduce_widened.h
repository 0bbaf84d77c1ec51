// The loops of reduce_rows.h for floats and for 16-bit numbers, which are widened a block at a
// time.
#ifndef VIV_CORE_KERNELS_CPU_REDUCE_WIDENED_H_
#define VIV_CORE_KERNELS_CPU_REDUCE_WIDENED_H_

#include <algorithm>

#include "core/kernels/cpu/elementwise.h"

namespace viv {

template <typename T, typename Folded>
Folded FoldWidened(const T* x, int64_t n, Folded start,
                   Folded (*fold)(const float*, int64_t, Folded)) {
  if constexpr (kIs16Bit<T>) {
    float wide[kWidenBlock];
    for (int64_t i = 0; i < n; i += kWidenBlock) {
      const int64_t m = std::min(kWidenBlock, n - i);
      WidenRow(x + i, wide, m);
      start = fold(wide, m, start);
    }
    return start;
  } else {
    return fold(x, n, start);
  }
}

template <typename T, typename Folded>
void JoinWidened(const T* x, Folded* folded, int64_t n,
                 void (*join)(const float*, Folded*, int64_t)) {
  if constexpr (kIs16Bit<T>) {
    float wide[kWidenBlock];
    for (int64_t i = 0; i < n; i += kWidenBlock) {
      const int64_t m = std::min(kWidenBlock, n - i);
      WidenRow(x + i, wide, m);
      join(wide, folded + i, m);
    }
  } else {
    join(x, folded, n);
  }
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_REDUCE_WIDENED_H_
