// Tiles of 6 x 6 pixels overlap by 2 and give 4 x 4 each.
#include "core/kernels/cpu/winograd.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/packed_gemm.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/thread_buffer.h"
#include "core/kernels/cpu/winograd_rows.h"

namespace viv {
namespace {

constexpr int64_t kElements = 36, kTaps = 9, kResultSize = 4, kTileSize = 6;
// Tiles that are multiplied at a time, a multiple of what the products' inner loop takes.
constexpr int64_t kTilesAtATime = 48;
// The same where the filter is computed: tiles are what is summed over.
constexpr int64_t kTilesInSum = 192;
constexpr int64_t kMaxDepth = 1024;

thread_local ThreadBuffer tile_buffer, product_buffer;

int64_t Padded(int64_t channels) { return (channels + 15) / 16 * 16; }
// How many tiles of so many channels are transformed in about 20 us.
int64_t TilesAt20us(int64_t channels) { return 1 + 4608 / channels; }
int64_t CountTiles(int64_t pixels) { return (pixels + kResultSize - 1) / kResultSize; }

// Where tiles lie in images [n, height, width, channels].
struct TiledImage {
  int64_t height, width, channels;

  // The pixels of a tile that begins at (row, column), `zeros` for those outside.
  template <int64_t kSize>
  void Pixels(const float* image, int64_t row, int64_t column, const float* zeros,
              const float** pixels) const {
    for (int64_t i = 0; i < kSize * kSize; ++i) {
      const int64_t h = row + i / kSize, w = column + i % kSize;
      const bool inside = h >= 0 && h < height && w >= 0 && w < width;
      pixels[i] = inside ? image + (h * width + w) * channels : zeros;
    }
  }
  int64_t size() const { return height * width * channels; }
};

class Winograd : public ConvPlan {
 protected:
  // `from`: what is read by 6 x 6 pixels, `before` of which lie before the image; `to`: by 4 x 4.
  Winograd(const ConvGeometry& g, TiledImage from, TiledImage to, int64_t top, int64_t left)
      : geometry_(g),
        from_(from),
        to_(to),
        top_(top),
        left_(left),
        across_(CountTiles(to.width)),
        per_image_(CountTiles(to.height) * across_),
        tiles_(g.n * per_image_) {}

  struct Place {
    int64_t image, row, column;  // of the first pixel in `to`
  };
  Place PlaceOf(int64_t tile) const {
    const int64_t rest = tile % per_image_;
    return {tile / per_image_, rest / across_ * kResultSize, rest % across_ * kResultSize};
  }
  // Writes the transformed tile; `zeros`: as many as `from` has channels.
  void TransformImage(const float* images, const Place& p, const float* zeros, float* tile,
                      int64_t step) const {
    const float* pixels[kElements];
    from_.Pixels<kTileSize>(images + p.image * from_.size(), p.row - top_, p.column - left_, zeros,
                            pixels);
    VIV_CALL_ISA(WinogradImage)(pixels, from_.channels, tile, step);
  }

  const ConvGeometry geometry_;
  const TiledImage from_, to_;
  const int64_t top_, left_;
  const int64_t across_, per_image_, tiles_;
};

// Of the output, or of the input: the same with the filter turned round.
class WinogradImages : public Winograd {
 public:
  WinogradImages(const ConvGeometry& g, bool backward, ConvEpilogue epilogue)
      : Winograd(g, backward ? ImageOf(g.height.count, g.width.count, g.k) : InputOf(g),
                 backward ? InputOf(g) : ImageOf(g.height.count, g.width.count, g.k),
                 backward ? 2 - g.height.before : g.height.before,
                 backward ? 2 - g.width.before : g.width.before),
        backward_(backward),
        epilogue_(epilogue),
        matrix_bytes_(PackedBytes(Terms::kFloat, from_.channels, to_.channels)) {
    const int64_t groups = (tiles_ + kTilesAtATime - 1) / kTilesAtATime;
    at_a_time_ = (tiles_ + groups - 1) / groups;
  }

  // The packed filter, for one that is no variable's, behind its transformed rows.
  size_t scratch_bytes() const override { return TransformedBytes() + PackedFilterBytes(); }

  absl::Status Run(const ConvOperands& o, void* scratch) const override {
    const auto pack = [&](void* packed) {
      PackFilter(o, static_cast<float*>(scratch), static_cast<char*>(packed));
      return absl::OkStatus();
    };
    const int64_t factors = o.factor == nullptr ? 0 : geometry_.k;
    // Numbers that no form of oneDNN's has.
    const uint64_t form = (uint64_t{1} << 32) + backward_;
    const std::shared_ptr<const void> kept = PackingCache::Global().Find(
        {o.filter_version, o.filter, form, {o.factor, static_cast<size_t>(factors)}},
        PackedFilterBytes(), pack);
    const char* filter = static_cast<const char*>(kept.get());
    if (filter == nullptr) {
      char* own = static_cast<char*>(scratch) + TransformedBytes();
      RETURN_IF_ERROR(pack(own));
      filter = own;
    }
    const float* from = static_cast<const float*>(backward_ ? o.y : o.x);
    float* to = static_cast<float*>(const_cast<void*>(backward_ ? o.x : o.y));
    std::atomic<bool> no_memory = false;
    ParallelFor((tiles_ + at_a_time_ - 1) / at_a_time_, 1, [&](int64_t group, int64_t end) {
      for (; group < end; ++group) {
        const int64_t first = group * at_a_time_;
        const int64_t count = std::min(at_a_time_, tiles_ - first);
        if (!RunTiles(first, count, from, filter, o.shift, to).ok()) no_memory = true;
      }
    });
    return no_memory ? absl::ResourceExhaustedError("no memory for a convolution")
                     : absl::OkStatus();
  }

 private:
  static TiledImage ImageOf(int64_t height, int64_t width, int64_t channels) {
    return {height, width, channels};
  }
  static TiledImage InputOf(const ConvGeometry& g) {
    return {g.height.extent, g.width.extent, g.c};
  }
  int64_t TransformedBytes() const {
    return kElements * geometry_.c * geometry_.k * static_cast<int64_t>(sizeof(float));
  }
  int64_t PackedFilterBytes() const { return kElements * matrix_bytes_; }

  void PackFilter(const ConvOperands& o, float* transformed, char* packed) const {
    const int64_t c = geometry_.c, k = geometry_.k;
    ParallelFor(c, std::max<int64_t>(1, 16384 / k), [&](int64_t row, int64_t end) {
      for (; row < end; ++row) {
        const float* rows[kTaps];
        for (int64_t tap = 0; tap < kTaps; ++tap) {
          const int64_t at = backward_ ? kTaps - 1 - tap : tap;
          rows[tap] = static_cast<const float*>(o.filter) + (at * c + row) * k;
        }
        VIV_CALL_ISA(WinogradFilter)(rows, o.factor, k, transformed + row * k, c * k);
      }
    });
    ParallelFor(kElements, 1, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) {
        PackMatrix(Terms::kFloat, MatrixView(transformed + i * c * k, k, backward_), from_.channels,
                   to_.channels, packed + i * matrix_bytes_);
      }
    });
  }

  absl::Status RunTiles(int64_t first, int64_t count, const float* from, const char* filter,
                        const float* shift, float* to) const {
    const int64_t depth = from_.channels, width = Padded(to_.channels);
    ASSIGN_OR_RETURN(uint32_t * memory,
                     tile_buffer.Get((kElements * count * (depth + width) + depth) * 4));
    float* const tiles = reinterpret_cast<float*>(memory);
    float* const products = tiles + kElements * count * depth;
    float* const zeros = products + kElements * count * width;
    std::fill_n(zeros, depth, 0.0f);
    // Where these are all tiles, threads share them out here.
    ParallelFor(count, TilesAt20us(depth), [&](int64_t t, int64_t end) {
      for (; t < end; ++t) {
        TransformImage(from, PlaceOf(first + t), zeros, tiles + t * depth, count * depth);
      }
    });
    const int64_t panel = VIV_CALL_ISA(PanelWidth)();
    const int64_t grain = 1 + (int64_t{1} << 20) / (count * depth * width);
    ParallelFor(kElements, grain, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) {
        const uint32_t* panels = reinterpret_cast<const uint32_t*>(filter + i * matrix_bytes_);
        for (int64_t column = 0; column < width; column += panel) {
          VIV_CALL_ISA(PanelGemm)
          (count, std::min(panel, width - column), depth, /*as_bfloat16=*/false,
           tiles + i * count * depth, depth * 4, panels + column * depth, /*accumulate=*/false,
           products + i * count * width + column, width);
        }
      }
    });
    ParallelFor(count, TilesAt20us(width), [&](int64_t t, int64_t end) {
      for (; t < end; ++t) {
        const Place p = PlaceOf(first + t);
        float* image = to + p.image * to_.size();
        const float* inside[kResultSize * kResultSize];
        float* pixels[kResultSize * kResultSize];
        to_.Pixels<kResultSize>(image, p.row, p.column, nullptr, inside);
        std::transform(inside, std::end(inside), pixels,
                       [](const float* pixel) { return const_cast<float*>(pixel); });
        VIV_CALL_ISA(WinogradResult)
        (products + t * width, count * width, to_.channels, {shift, epilogue_.relu}, pixels);
      }
    });
    return absl::OkStatus();
  }

  const bool backward_;
  const ConvEpilogue epilogue_;
  const int64_t matrix_bytes_;
  int64_t at_a_time_ = 0;
};

// Of the filter.
class WinogradFilters : public Winograd {
 public:
  explicit WinogradFilters(const ConvGeometry& g)
      : Winograd(g, {g.height.extent, g.width.extent, g.c}, {g.height.count, g.width.count, g.k},
                 g.height.before, g.width.before),
        at_a_time_(std::min(tiles_, kTilesInSum)) {}

  size_t scratch_bytes() const override {
    return (kElements * (at_a_time_ * (geometry_.c + geometry_.k) + geometry_.c * geometry_.k) +
            std::max(geometry_.c, geometry_.k)) *
           sizeof(float);
  }

  absl::Status Run(const ConvOperands& o, void* scratch) const override {
    const int64_t c = geometry_.c, k = geometry_.k;
    float* const images = static_cast<float*>(scratch);
    float* const gradients = images + kElements * at_a_time_ * c;
    float* const sums = gradients + kElements * at_a_time_ * k;
    float* const zeros = sums + kElements * c * k;
    std::fill_n(zeros, std::max(c, k), 0.0f);
    std::atomic<bool> no_memory = false;
    for (int64_t first = 0; first < tiles_; first += at_a_time_) {
      const int64_t count = std::min(at_a_time_, tiles_ - first);
      ParallelFor(count, TilesAt20us(c + k), [&](int64_t t, int64_t end) {
        for (; t < end; ++t) {
          const Place p = PlaceOf(first + t);
          TransformImage(static_cast<const float*>(o.x), p, zeros, images + t * c, count * c);
          TransformGradient(static_cast<const float*>(o.y), p, zeros, gradients + t * k, count * k);
        }
      });
      ParallelFor(kElements, 1, [&](int64_t i, int64_t end) {
        for (; i < end; ++i) {
          const bool done = AddProduct(count, images + i * count * c, gradients + i * count * k,
                                       first > 0, sums + i * c * k)
                                .ok();
          if (!done) no_memory = true;
        }
      });
    }
    if (no_memory) return absl::ResourceExhaustedError("no memory for a convolution");
    float* const filter = static_cast<float*>(const_cast<void*>(o.filter));
    ParallelFor(c, std::max<int64_t>(1, 16384 / k), [&](int64_t row, int64_t end) {
      for (; row < end; ++row) {
        float* rows[kTaps];
        for (int64_t tap = 0; tap < kTaps; ++tap) rows[tap] = filter + (tap * c + row) * k;
        VIV_CALL_ISA(WinogradFilterGradient)(sums + row * k, c * k, k, rows);
      }
    });
    return absl::OkStatus();
  }

 private:
  void TransformGradient(const float* gradients, const Place& p, const float* zeros, float* tile,
                         int64_t step) const {
    const float* pixels[kResultSize * kResultSize];
    to_.Pixels<kResultSize>(gradients + p.image * to_.size(), p.row, p.column, zeros, pixels);
    VIV_CALL_ISA(WinogradResultGradient)(pixels, to_.channels, tile, step);
  }

  // sums (+)= images^T gradients, for one of the elements.
  absl::Status AddProduct(int64_t count, const float* images, const float* gradients,
                          bool accumulate, float* sums) const {
    const int64_t c = geometry_.c, k = geometry_.k, panel = VIV_CALL_ISA(PanelWidth)();
    const int64_t packed = PackedBytes(Terms::kFloat, count, k);
    ASSIGN_OR_RETURN(uint32_t * panels, product_buffer.Get(packed + c * count * 4));
    uint32_t* const rows = panels + packed / 4;
    VIV_CALL_ISA(PackPanels)(gradients, false, k, false, count, k, false, panels);
    VIV_CALL_ISA(PackRows)(images, false, c, true, c, count, false, rows);
    // Rows of which the packed ones stay in the nearest cache.
    constexpr int64_t kRows = 96;
    for (int64_t row = 0; row < c; row += kRows) {
      for (int64_t column = 0; column < k; column += panel) {
        VIV_CALL_ISA(PanelGemm)
        (std::min(kRows, c - row), std::min(panel, k - column), count, /*as_bfloat16=*/false,
         rows + row * count, count * 4, panels + column * count, accumulate,
         sums + row * k + column, k);
      }
    }
    return absl::OkStatus();
  }

  const int64_t at_a_time_;
};

}  // namespace

bool WinogradSuits(const ConvGeometry& g, ConvResult result, bool filter_stays) {
  for (const WindowAxis* axis : {&g.height, &g.width}) {
    if (axis->size != 3 || axis->stride != 1 || axis->dilation != 1) return false;
    // The gradient in the image has 2 - before.
    if (axis->before < 0 || axis->before > 2) return false;
  }
  if (g.groups != 1 || g.c > kMaxDepth || g.k > kMaxDepth) return false;
  // Measured: with fewer channels the transforms take too long, and with few tiles that of a filter
  // which is another in each run.
  const bool filter = result == ConvResult::kFilter;
  const int64_t few_channels = filter ? 64 : 16, few_tiles = filter_stays ? 1 : 128;
  const bool image = result == ConvResult::kInput;
  const int64_t rows = image ? g.height.extent : g.height.count;
  const int64_t columns = image ? g.width.extent : g.width.count;
  return g.c >= few_channels && g.k >= few_channels &&
         g.n * CountTiles(rows) * CountTiles(columns) >= few_tiles;
}

std::unique_ptr<ConvPlan> MakeWinograd(const ConvGeometry& geometry, ConvResult result,
                                       ConvEpilogue epilogue) {
  if (result == ConvResult::kFilter) return std::make_unique<WinogradFilters>(geometry);
  return std::make_unique<WinogradImages>(geometry, result == ConvResult::kInput, epilogue);
}

}  // namespace viv
