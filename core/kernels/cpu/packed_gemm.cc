// Blocks of rows and panels, packed where needed, shared out between the threads.
#include "core/kernels/cpu/packed_gemm.h"

#include <algorithm>
#include <atomic>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/elementwise_rows.h"
#include "core/kernels/cpu/int8_gemm.h"
#include "core/kernels/cpu/thread_buffer.h"

namespace viv {
namespace {

// Rows that pass while a panel is in the second-level cache, and how deep it is then.
constexpr int64_t kRowBlock = 96;
constexpr int64_t kDepth = 1024;
// Bytes of panels that a thread packs at a time, and of rows that are packed for all threads.
constexpr int64_t kPanelBytes = 512 << 10;
constexpr int64_t kRowBytes = 8 << 20;
constexpr int64_t kMaxPanelWidth = 64;

int64_t Width() { return VIV_CALL_ISA(PanelWidth)(); }
int64_t RoundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
int64_t Units(Terms terms, int64_t k) {
  return terms == Terms::kBFloat16 && VIV_CALL_ISA(MultipliesPairs)() ? (k + 1) / 2 : k;
}

thread_local ThreadBuffer row_buffer, panel_buffer;

void Pack(Terms terms, const MatrixView& b, int64_t k, int64_t first, int64_t columns,
          uint32_t* panels) {
  const int64_t offset = first * (b.transpose ? b.stride : 1) * (b.is_bfloat16 ? 2 : 4);
  VIV_CALL_ISA(PackPanels)
  (static_cast<const char*>(b.data) + offset, b.is_bfloat16, b.stride, b.transpose, k, columns,
   terms == Terms::kBFloat16, panels);
}

// One product, or the part of it whose rows are packed at a time.
class Multiplication {
 public:
  explicit Multiplication(const Product& p) : p_(p), units_(Units(p.terms, p.k)) {}

  absl::Status Run() {
    const bool as_is = p_.a.is_bfloat16 == (p_.terms == Terms::kBFloat16) && !p_.a.transpose &&
                       units_ * UnitElements() == p_.k;
    if (as_is) {
      a_ = static_cast<const char*>(p_.a.data);
      a_stride_ = p_.a.stride * ElementBytes();
      return RunRows(0, p_.m);
    }
    a_stride_ = units_ * 4;
    const int64_t most =
        std::max(kRowBlock, kRowBytes / std::max<int64_t>(1, a_stride_) / kRowBlock * kRowBlock);
    for (int64_t first = 0; first < p_.m; first += most) {
      const int64_t rows = std::min(most, p_.m - first);
      RETURN_IF_ERROR(PackRows(first, rows));
      RETURN_IF_ERROR(RunRows(first, rows));
    }
    return absl::OkStatus();
  }

 private:
  int64_t ElementBytes() const { return p_.a.is_bfloat16 ? 2 : 4; }
  // Elements of a in a unit, if it were read as it is: 0 where it cannot.
  int64_t UnitElements() const {
    if (p_.terms == Terms::kFloat) return 1;
    return VIV_CALL_ISA(MultipliesPairs)() ? 2 : 0;
  }

  absl::Status PackRows(int64_t first, int64_t rows) {
    ASSIGN_OR_RETURN(uint32_t * packed, row_buffer.Get(rows * a_stride_));
    const int64_t step = p_.a.transpose ? 1 : p_.a.stride;
    const int64_t grain = std::max<int64_t>(16, 65536 / std::max<int64_t>(1, units_));
    ParallelFor((rows + 15) / 16, (grain + 15) / 16, [&](int64_t begin, int64_t end) {
      begin *= 16;
      end = std::min(16 * end, rows);
      VIV_CALL_ISA(PackRows)
      (static_cast<const char*>(p_.a.data) + (first + begin) * step * ElementBytes(),
       p_.a.is_bfloat16, p_.a.stride, p_.a.transpose, end - begin, p_.k,
       p_.terms == Terms::kBFloat16, packed + begin * units_);
    });
    a_ = reinterpret_cast<const char*>(packed);
    return absl::OkStatus();
  }

  // The rows from `first` on, which a_ points to.
  absl::Status RunRows(int64_t first, int64_t rows) {
    first_row_ = first;
    rows_ = rows;
    blocks_ = (rows + kRowBlock - 1) / kRowBlock;
    const int64_t panels = (p_.n + Width() - 1) / Width();
    // Nanoseconds of a block, bound by arithmetic or by reading the panel.
    const int64_t block_rows = std::min(rows, kRowBlock);
    const int64_t cost = std::max(block_rows * units_ * Width() / 50, units_ * Width() / 4);
    std::atomic<bool> no_memory = false;
    ParallelFor(panels * blocks_, std::max<int64_t>(1, 20000 / std::max<int64_t>(1, cost)),
                [&](int64_t begin, int64_t end) {
                  if (!RunBlocks(begin, end).ok()) no_memory = true;
                });
    return no_memory ? absl::ResourceExhaustedError("no memory for a matrix product")
                     : absl::OkStatus();
  }

  // Blocks are numbered panel by panel.
  absl::Status RunBlocks(int64_t begin, int64_t end) const {
    const int64_t panel_units = units_ * Width();
    const int64_t group = std::max<int64_t>(1, kPanelBytes / (panel_units * 4));
    const int64_t last = (end - 1) / blocks_;
    for (int64_t first = begin / blocks_; first <= last; first += group) {
      const int64_t panels = std::min(group, last + 1 - first);
      const uint32_t* packed;
      if (p_.packed != nullptr) {
        packed = static_cast<const uint32_t*>(p_.packed) + first * panel_units;
      } else {
        ASSIGN_OR_RETURN(uint32_t * own, panel_buffer.Get(panels * panel_units * 4));
        const int64_t columns = std::min(panels * Width(), p_.n - first * Width());
        Pack(p_.terms, p_.b, p_.k, first * Width(), columns, own);
        packed = own;
      }
      for (int64_t i = 0; i < panels; ++i) {
        const int64_t at = (first + i) * blocks_;
        for (int64_t t = std::max(begin, at); t < std::min(end, at + blocks_); ++t) {
          RunBlock(t - at, first + i, packed + i * panel_units);
        }
      }
    }
    return absl::OkStatus();
  }

  void RunBlock(int64_t block, int64_t panel, const uint32_t* packed) const {
    const int64_t row = block * kRowBlock, column = panel * Width();
    const int64_t rows = std::min(kRowBlock, rows_ - row);
    const int64_t columns = std::min(Width(), p_.n - column);
    const int64_t at = (first_row_ + row) * p_.ldc + column;
    if (p_.c != nullptr) {
      Depths(rows, columns, row, packed, p_.accumulate, p_.c + at, p_.ldc);
      return;
    }
    alignas(64) float sums[kRowBlock * kMaxPanelWidth];
    Depths(rows, columns, row, packed, false, sums, kMaxPanelWidth);
    for (int64_t r = 0; r < rows; ++r) {
      VIV_CALL_ISA(NarrowBFloat16Row)
      (sums + r * kMaxPanelWidth, &p_.c_bfloat16[at + r * p_.ldc].bits, columns);
    }
  }

  void Depths(int64_t rows, int64_t columns, int64_t row, const uint32_t* packed, bool accumulate,
              float* c, int64_t ldc) const {
    for (int64_t from = 0; from < units_; from += kDepth) {
      VIV_CALL_ISA(PanelGemm)
      (rows, columns, std::min(kDepth, units_ - from), p_.terms == Terms::kBFloat16,
       a_ + row * a_stride_ + from * 4, a_stride_, packed + from * Width(), accumulate || from > 0,
       c, ldc);
    }
  }

  const Product& p_;
  const int64_t units_;
  const char* a_ = nullptr;
  int64_t a_stride_ = 0;
  int64_t first_row_ = 0, rows_ = 0, blocks_ = 0;
};

void FillZeros(const Product& p) {
  for (int64_t i = 0; i < p.m && !p.accumulate; ++i) {
    if (p.c != nullptr) std::fill_n(p.c + i * p.ldc, p.n, 0.0f);
    if (p.c_bfloat16 != nullptr) std::fill_n(p.c_bfloat16 + i * p.ldc, p.n, BFloat16());
  }
}

}  // namespace

size_t PackedBytes(Terms terms, int64_t k, int64_t n) {
  if (terms == Terms::kInt8) return PackedInt8Bytes(k, n);
  return RoundUp(n, Width()) * Units(terms, k) * 4;
}

void PackMatrix(Terms terms, const MatrixView& b, int64_t k, int64_t n, void* packed) {
  if (terms == Terms::kInt8) return PackInt8(b, k, n, packed);
  const int64_t width = Width(), units = Units(terms, k);
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, k * width));
  ParallelFor((n + width - 1) / width, grain, [&](int64_t begin, int64_t end) {
    const int64_t columns = std::min(end * width, n) - begin * width;
    Pack(terms, b, k, begin * width, columns,
         static_cast<uint32_t*>(packed) + begin * width * units);
  });
}

absl::Status Multiply(const Product& product) {
  if (product.m == 0 || product.n == 0) return absl::OkStatus();
  if (product.k > 0) return Multiplication(product).Run();
  FillZeros(product);
  return absl::OkStatus();
}

}  // namespace viv
