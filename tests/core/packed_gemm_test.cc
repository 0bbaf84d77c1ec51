// The loops of products, of every instruction set that this machine has: also of those that it
// does not choose.
#include "core/kernels/cpu/packed_gemm.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/random.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

struct Variant {
  decltype(&baseline::PanelWidth) width;
  decltype(&baseline::MultipliesPairs) pairs;
  decltype(&baseline::PackPanels) pack_panels;
  decltype(&baseline::PackRows) pack_rows;
  decltype(&baseline::PanelGemm) gemm;
};
#define VIV_VARIANT(isa) \
  { &isa::PanelWidth, &isa::MultipliesPairs, &isa::PackPanels, &isa::PackRows, &isa::PanelGemm }

std::vector<Variant> Variants() {
  std::vector<Variant> all = {VIV_VARIANT(baseline)};
#if defined(__x86_64__)
  if (MachineIsa() >= Isa::kAvx2) all.push_back(VIV_VARIANT(avx2));
  if (MachineIsa() >= Isa::kAvx512) all.push_back(VIV_VARIANT(avx512));
  if (MachineIsa() >= Isa::kAvx512Bf16) all.push_back(VIV_VARIANT(avx512bf16));
#endif
  return all;
}

double InBFloat16(float x) { return static_cast<float>(BFloat16(x)); }

// A matrix of floats or of bfloat16, stored as it is or transposed.
struct Source {
  Source(int64_t rows, int64_t columns, bool low, bool transpose, uint64_t seed)
      : stride((transpose ? rows : columns) + 3), low(low), transpose(transpose) {
    RandomStream random(seed);
    const int64_t n = stride * (transpose ? columns : rows);
    for (int64_t i = 0; i < n; ++i) {
      floats.push_back(static_cast<float>(random.Uniform() - 0.5));
      if (low) halves.push_back(BFloat16(floats[i]));
      if (low) floats[i] = static_cast<float>(halves[i]);
    }
  }
  const void* data() const { return low ? static_cast<const void*>(halves.data()) : floats.data(); }
  float At(int64_t r, int64_t c) const {
    return floats[transpose ? c * stride + r : r * stride + c];
  }

  int64_t stride;
  bool low, transpose;
  std::vector<float> floats;
  std::vector<BFloat16> halves;
};

void Check(const Variant& v, int64_t m, int64_t k, int64_t n, bool low_terms, const Source& a,
           const Source& b) {
  const int64_t width = v.width(), panels = (n + width - 1) / width;
  const int64_t units = low_terms && v.pairs() ? (k + 1) / 2 : k;
  std::vector<uint32_t> rows(m * units), packed(panels * width * units, 0xffffffffu);
  v.pack_rows(a.data(), a.low, a.stride, a.transpose, m, k, low_terms, rows.data());
  v.pack_panels(b.data(), b.low, b.stride, b.transpose, k, n, low_terms, packed.data());
  std::vector<float> c(m * n, 1.0f);
  for (int64_t p = 0; p < panels; ++p) {
    v.gemm(m, std::min(width, n - p * width), units, low_terms, rows.data(), units * 4,
           packed.data() + p * width * units, /*accumulate=*/true, c.data() + p * width, n);
  }
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double want = 1;
      for (int64_t l = 0; l < k; ++l) {
        want += low_terms ? InBFloat16(a.At(i, l)) * InBFloat16(b.At(l, j))
                          : static_cast<double>(a.At(i, l)) * b.At(l, j);
      }
      ASSERT_NEAR(c[i * n + j], want, 1e-5) << i << ", " << j;
    }
  }
}

TEST(PackedGemm, EveryInstructionSetComputesTheProduct) {
  for (const Variant& variant : Variants()) {
    for (const auto& [m, k, n] : {std::array<int64_t, 3>{1, 1, 1}, {13, 34, 70}, {7, 51, 129}}) {
      for (int flags = 0; flags < 32; ++flags) {
        SCOPED_TRACE(testing::Message() << "width " << variant.width() << ", " << m << " x " << k
                                        << " x " << n << ", flags " << flags);
        Check(variant, m, k, n, (flags & 1) != 0,
              Source(m, k, (flags & 2) != 0, (flags & 4) != 0, 1),
              Source(k, n, (flags & 8) != 0, (flags & 16) != 0, 2));
      }
    }
  }
}

TEST(PackedGemm, BitsDoNotDependOnTheRowsBesideNorOnPacking) {
  constexpr int64_t kRows = 203, kDepth = 300, kColumns = 75;
  const Source a(kRows, kDepth, false, false, 1), b(kDepth, kColumns, false, false, 2);
  for (const Terms terms : {Terms::kFloat, Terms::kBFloat16}) {
    std::vector<float> all(kRows * kColumns), some(kColumns);
    Product p = {.terms = terms,
                 .m = kRows,
                 .n = kColumns,
                 .k = kDepth,
                 .a = MatrixView(a.floats.data(), a.stride),
                 .b = MatrixView(b.floats.data(), b.stride),
                 .c = all.data(),
                 .ldc = kColumns};
    ASSERT_TRUE(Multiply(p).ok());
    struct alignas(64) Line {
      char bytes[64];
    };
    std::vector<Line> packed(PackedBytes(terms, kDepth, kColumns) / sizeof(Line) + 1);
    PackMatrix(terms, p.b, kDepth, kColumns, packed.data());
    p.packed = packed.data();
    p.m = 1;
    p.c = some.data();
    for (int64_t row = 0; row < kRows; row += 67) {
      p.a = MatrixView(a.floats.data() + row * a.stride, a.stride);
      ASSERT_TRUE(Multiply(p).ok());
      for (int64_t j = 0; j < kColumns; ++j) ASSERT_EQ(some[j], all[row * kColumns + j]);
    }
  }
}

}  // namespace
}  // namespace viv
