// Panels of 8-bit columns, shared out between the threads. Packed: all panels, then the scales of
// the columns, then their offsets.
#include "core/kernels/cpu/int8_gemm.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/thread_buffer.h"

namespace viv {
namespace {

// Rows that pass while a panel is in the first-level cache.
constexpr int64_t kRowBlock = 96;

int64_t Width() { return VIV_CALL_ISA(PanelWidth)(); }
int64_t Panels(int64_t n) { return (n + Width() - 1) / Width(); }
int64_t Units(int64_t k) { return (k + 3) / 4; }

struct Packed {
  uint32_t* panels;
  float* scales;
  int32_t* offsets;
};
Packed PartsOf(const void* packed, int64_t k, int64_t n) {
  const int64_t columns = Panels(n) * Width();
  auto* panels = static_cast<uint32_t*>(const_cast<void*>(packed));
  auto* scales = reinterpret_cast<float*>(panels + columns * Units(k));
  return {panels, scales, reinterpret_cast<int32_t*>(scales + columns)};
}

thread_local ThreadBuffer row_buffer;

}  // namespace

size_t PackedInt8Bytes(int64_t k, int64_t n) { return Panels(n) * Width() * (Units(k) + 2) * 4; }

void PackInt8(const MatrixView& b, int64_t k, int64_t n, void* packed) {
  const Packed to = PartsOf(packed, k, n);
  const int64_t width = Width();
  const int64_t stride = b.transpose ? 1 : b.stride, column_stride = b.transpose ? b.stride : 1;
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, k * width));
  ParallelFor(Panels(n), grain, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t first = p * width;
      VIV_CALL_ISA(QuantizePanel)
      (static_cast<const float*>(b.data) + first * column_stride, stride, column_stride, k,
       std::min(width, n - first), to.panels + first * Units(k), to.scales + first,
       to.offsets + first);
    }
  });
}

absl::Status MultiplyInt8(int64_t m, int64_t n, int64_t k, const float* a, const void* packed,
                          float* c) {
  if (m == 0 || n == 0) return absl::OkStatus();
  const int64_t units = Units(k), width = Width(), panels = Panels(n);
  // The rows, then their scales.
  ASSIGN_OR_RETURN(uint32_t* const buffer, row_buffer.Get(m * (units + 1) * 4));
  auto* const rows = reinterpret_cast<uint8_t*>(buffer);
  auto* const row_scales = reinterpret_cast<float*>(buffer + m * units);
  ParallelFor(m, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, k)),
              [&](int64_t begin, int64_t end) {
                for (int64_t r = begin; r < end; ++r) {
                  row_scales[r] = VIV_CALL_ISA(QuantizeRow)(a + r * k, k, rows + r * units * 4);
                }
              });
  const Packed from = PartsOf(packed, k, n);
  const int64_t blocks = (m + kRowBlock - 1) / kRowBlock;
  // Nanoseconds of a block, bound by arithmetic or by reading the panel.
  const int64_t cost = std::max(std::min(m, kRowBlock) * units * width / 50, units * width / 4);
  ParallelFor(panels * blocks, std::max<int64_t>(1, 20000 / std::max<int64_t>(1, cost)),
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  const int64_t first = i / blocks * width, row = i % blocks * kRowBlock;
                  VIV_CALL_ISA(PanelInt8)
                  (std::min(kRowBlock, m - row), std::min(width, n - first), units,
                   rows + row * units * 4, row_scales + row, from.panels + first * units,
                   from.scales + first, from.offsets + first, c + row * n + first, n);
                }
              });
  return absl::OkStatus();
}

}  // namespace viv
