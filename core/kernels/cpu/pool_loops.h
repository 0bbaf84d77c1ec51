// The loops of pooling, for any type of lanes (see channel_lanes.h). T: the elements in memory;
// I: as many places in a window as there are lanes. The image is taken by value: stores cannot
// change it.
#ifndef VIV_CORE_KERNELS_CPU_POOL_LOOPS_H_
#define VIV_CORE_KERNELS_CPU_POOL_LOOPS_H_

#include "core/kernels/cpu/channel_lanes.h"
#include "core/kernels/cpu/pool_rows.h"

namespace viv {

// y, [out_width, C], row `row` of the result; index: likewise, or null. A NaN wins.
template <typename L, typename One, bool kIndex>
void MaxPoolRowLoop(const PoolImage p, const typename L::T* x, int64_t row, typename L::T* y,
                    uint8_t* index) {
  const PoolSpan& rows = p.rows[row];
  for (int64_t j = 0; j < p.out_width; ++j) {
    const PoolSpan& columns = p.columns[j];
    ForChannels<L, One>(p.channels, [&]<typename Lanes>(int64_t c) {
      typename Lanes::V best = Lanes::Splat(-__builtin_inff());
      typename Lanes::I place = Lanes::Place(rows.first * p.window_width + columns.first);
      for (int64_t r = rows.first; r < rows.last; ++r) {
        const typename L::T* line = x + ((rows.start + r) * p.width + columns.start) * p.channels;
        for (int64_t q = columns.first; q < columns.last; ++q) {
          const typename Lanes::V v = Lanes::Load(line + q * p.channels + c);
          const auto better = Lanes::Better(v, best);
          best = Lanes::Choose(better, v, best);
          if constexpr (kIndex) {
            place = Lanes::ChoosePlace(better, Lanes::Place(r * p.window_width + q), place);
          }
        }
      }
      Lanes::Store(y + j * p.channels + c, best);
      if constexpr (kIndex) Lanes::StorePlace(index + j * p.channels + c, place);
    });
  }
}

template <typename L, typename One>
void AvgPoolRowLoop(const PoolImage p, const typename L::T* x, int64_t row, typename L::T* y) {
  const PoolSpan& rows = p.rows[row];
  for (int64_t j = 0; j < p.out_width; ++j) {
    const PoolSpan& columns = p.columns[j];
    const int64_t inside = (rows.last - rows.first) * (columns.last - columns.first);
    const auto count =
        static_cast<typename L::Number>(p.window_elements > 0 ? p.window_elements : inside);
    ForChannels<L, One>(p.channels, [&]<typename Lanes>(int64_t c) {
      typename Lanes::V sum = Lanes::Splat(0);
      for (int64_t r = rows.first; r < rows.last; ++r) {
        const typename L::T* line = x + ((rows.start + r) * p.width + columns.start) * p.channels;
        for (int64_t q = columns.first; q < columns.last; ++q) {
          sum += Lanes::Load(line + q * p.channels + c);
        }
      }
      Lanes::Store(y + j * p.channels + c, sum * (1 / count));
    });
  }
}

// The sums of what dy gives one place, for the channels of `kVectors` lanes from c on.
template <typename Lanes, int kVectors, typename T>
void GatherMaxGradient(const PoolImage& p, const PoolCover& rows, const PoolCover& columns,
                       const T* dy, const uint8_t* index, int64_t row, int64_t column, int64_t c,
                       T* dx) {
  constexpr int64_t kWidth = Lanes::kWidth;
  typename Lanes::V sums[kVectors];
  for (auto& sum : sums) sum = Lanes::Splat(0);
  for (int64_t r = rows.first; r < rows.last; ++r) {
    for (int64_t q = columns.first; q < columns.last; ++q) {
      const int64_t at = (r * p.out_width + q) * p.channels + c;
      const int64_t place = (row - p.rows[r].start) * p.window_width + column - p.columns[q].start;
      for (int v = 0; v < kVectors; ++v) {
        sums[v] += Lanes::Where(Lanes::LoadPlace(index + at + v * kWidth), place,
                                Lanes::Load(dy + at + v * kWidth));
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) Lanes::Store(dx + c + v * kWidth, sums[v]);
}

// dx, [W, C], row `row` of the gradient: each place gathers from the windows that cover it.
template <typename L, typename One>
void MaxPoolGradRowLoop(const PoolImage p, const typename L::T* dy, const uint8_t* index,
                        int64_t row, typename L::T* dx) {
  const PoolCover rows = p.row_covers[row];
  // Many channels at a time: the windows are walked through less often.
  constexpr int kMany = 4;
  for (int64_t j = 0; j < p.width; ++j) {
    const PoolCover columns = p.column_covers[j];
    typename L::T* to = dx + j * p.channels;
    int64_t c = 0;
    for (; c + kMany * L::kWidth <= p.channels; c += kMany * L::kWidth) {
      GatherMaxGradient<L, kMany>(p, rows, columns, dy, index, row, j, c, to);
    }
    for (; c + L::kWidth <= p.channels; c += L::kWidth) {
      GatherMaxGradient<L, 1>(p, rows, columns, dy, index, row, j, c, to);
    }
    if (c < p.channels && p.channels >= L::kWidth) {
      // Once more some of those before.
      GatherMaxGradient<L, 1>(p, rows, columns, dy, index, row, j, p.channels - L::kWidth, to);
      continue;
    }
    for (; c < p.channels; ++c) {
      GatherMaxGradient<One, 1>(p, rows, columns, dy, index, row, j, c, to);
    }
  }
}

template <typename L, typename One>
void AvgPoolGradRowLoop(const PoolImage p, const typename L::T* dy, int64_t row,
                        typename L::T* dx) {
  const PoolCover& rows = p.row_covers[row];
  for (int64_t j = 0; j < p.width; ++j) {
    const PoolCover& columns = p.column_covers[j];
    ForChannels<L, One>(p.channels, [&]<typename Lanes>(int64_t c) {
      typename Lanes::V sum = Lanes::Splat(0);
      for (int64_t r = rows.first; r < rows.last; ++r) {
        const int64_t inside = p.rows[r].last - p.rows[r].first;
        for (int64_t q = columns.first; q < columns.last; ++q) {
          const int64_t all = inside * (p.columns[q].last - p.columns[q].first);
          const auto count =
              static_cast<typename L::Number>(p.window_elements > 0 ? p.window_elements : all);
          sum += Lanes::Load(dy + (r * p.out_width + q) * p.channels + c) * (1 / count);
        }
      }
      Lanes::Store(dx + j * p.channels + c, sum);
    });
  }
}

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_POOL_LOOPS_H_
