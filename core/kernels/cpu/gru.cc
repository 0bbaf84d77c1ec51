// Gru and GruGrad: the input's product for all steps at once, then for each step the recurrent
// product and a fused loop over the gates. The step's element-wise halves as kernels of their own.
#include "core/base/parallel.h"
#include "core/kernels/cpu/gru_rows.h"
#include "core/kernels/cpu/lstm_rows.h"
#include "core/kernels/cpu/recurrent_layer.h"
#include "core/kernels/cpu/recurrent_product.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Rows of products of x that bfloat16 layers keep as floats at a time.
constexpr int64_t kChunkRows = 512;

// In bfloat16 the sums stay float: the products and the state, in scratch memory. Else the products
// of x become the gates in place.
template <typename T>
class GruKernel : public Kernel {
 public:
  using W = Wide<T>;

  explicit GruKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        features_(init.input_shapes[0].dim(2)),
        units_(init.input_shapes[3].dim(0)),
        chunk_(kIs16Bit<T> ? std::max<int64_t>(1, kChunkRows / std::max<int64_t>(1, batch_))
                           : std::max<int64_t>(1, order_.steps)),
        product_(units_, 3 * units_, false, order_.steps, batch_) {}

  // The packed weights, then the recurrent products of one step, [B, 3H]; in bfloat16 the state,
  // [B, H], and the chunk's products of x, [chunk, B, 4H].
  size_t scratch_bytes() const override {
    const int64_t wide = kIs16Bit<T> ? 1 + 4 * chunk_ : 0;
    return LineUp(product_.scratch_bytes()) + (3 + wide) * batch_ * units_ * sizeof(W);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 5 ? &c.input(5) : nullptr, order_.steps, batch_));
    std::copy_n(c.in<T>(1), batch_ * units_, c.out<T>(1));
    const auto packed = product_.Prepare(c.in<W>(3), c.input_version(3), c.scratch());
    if constexpr (kIs16Bit<T>) WidenRow(c.in<T>(1), State(c), batch_ * units_);
    for (int64_t s = 0; s < order_.steps; s += chunk_) {
      RETURN_IF_ERROR(Chunk(c, lengths, s, std::min(chunk_, order_.steps - s), packed.get()));
    }
    return absl::OkStatus();
  }

 private:
  W* FromH(const KernelContext& c) const {
    return reinterpret_cast<W*>(static_cast<char*>(c.scratch()) + LineUp(product_.scratch_bytes()));
  }
  W* State(const KernelContext& c) const {
    if constexpr (kIs16Bit<T>) {
      return FromH(c) + 3 * batch_ * units_;
    } else {
      return c.out<T>(1);
    }
  }

  // `steps` steps from the s-th on, with the packed recurrent weights.
  absl::Status Chunk(const KernelContext& c, const Lengths& lengths, int64_t s, int64_t steps,
                     const void* packed) const {
    // The steps lie together in time, from `first` on.
    const int64_t first = order_.reverse ? order_.At(s + steps - 1) : s;
    W* from_x;
    if constexpr (kIs16Bit<T>) {
      from_x = State(c) + batch_ * units_;
    } else {
      from_x = c.out<T>(2) + 4 * first * batch_ * units_;
    }
    RETURN_IF_ERROR(Gemm(GemmArgs<T, W, W>{.m = steps * batch_,
                                           .n = 3 * units_,
                                           .k = features_,
                                           .a = c.in<T>(0) + first * batch_ * features_,
                                           .lda = features_,
                                           .b = c.in<W>(2),
                                           .ldb = 3 * units_,
                                           .c = from_x,
                                           .ldc = 4 * units_}));
    for (int64_t end = s + steps; s < end; ++s) {
      const int64_t t = order_.At(s);
      RETURN_IF_ERROR(product_.Multiply(lengths.ActiveRows(t), c.out<T>(1), c.in<W>(3), packed,
                                        false, FromH(c)));
      ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t stop) {
        for (int64_t b = begin; b < stop; ++b) {
          Row(c, lengths.Valid(b, t), t, b, from_x + 4 * ((t - first) * batch_ + b) * units_);
        }
      });
    }
    return absl::OkStatus();
  }

  void Row(const KernelContext& c, bool valid, int64_t t, int64_t b, const W* from_x) const {
    const int64_t at = (t * batch_ + b) * units_;
    T* gates = c.out<T>(2) + 4 * at;
    T* out = c.out<T>(0) + at;
    W* h = State(c) + b * units_;
    if (!valid) {
      std::fill_n(gates, 4 * units_, T());
      std::fill_n(out, units_, T());
      return;
    }
    GruForwardRow(units_, from_x, FromH(c) + 3 * b * units_, c.in<W>(4), h, gates, h);
    if constexpr (kIs16Bit<T>) {
      NarrowRow(h, out, units_);
      std::copy_n(out, units_, c.out<T>(1) + b * units_);
    } else {
      std::copy_n(h, units_, out);
    }
  }

  StepOrder order_;
  int64_t batch_, features_, units_, chunk_;
  RecurrentProduct<T> product_;
};

template <typename T>
class GruGradKernel : public Kernel {
 public:
  using W = Wide<T>;

  explicit GruGradKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        units_(init.input_shapes[0].dim(2)),
        product_(units_, 3 * units_, true, order_.steps) {}

  // The packed weights, then the gradients of one step's recurrent products, [B, 3H], and in
  // bfloat16 the gradient of h as floats.
  size_t scratch_bytes() const override {
    return StateAt() + (kIs16Bit<T> ? batch_ * units_ * sizeof(W) : 0);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 6 ? &c.input(6) : nullptr, order_.steps, batch_));
    char* scratch = static_cast<char*>(c.scratch());
    W* dh = BeginGradient<T>(c, 5, 1, batch_ * units_, reinterpret_cast<W*>(scratch + StateAt()));
    std::fill_n(c.out<W>(3), 4 * units_, W{0});
    const auto packed = product_.Prepare(c.in<W>(2), {}, scratch);
    T* d_product = reinterpret_cast<T*>(scratch + LineUp(product_.scratch_bytes()));
    for (int64_t s = order_.steps - 1; s >= 0; --s) {
      const int64_t t = order_.At(s);
      Gates(c, lengths, s, d_product, dh);
      RETURN_IF_ERROR(
          product_.Multiply(lengths.ActiveRows(t), d_product, c.in<W>(2), packed.get(), true, dh));
    }
    EndGradient<T>(dh, batch_ * units_, c.out<T>(1));
    // The recurrent product has the columns r, z and q.
    RecurrentGradient<T> weights{order_,      batch_,     units_,     c.in<T>(0),  c.in<T>(1),
                                 c.out<T>(0), 4 * units_, 2 * units_, c.out<W>(2), 3 * units_};
    RETURN_IF_ERROR(weights.Compute(lengths, d_product));
    weights.dz += 3 * units_;
    weights.columns = units_;
    weights.out += 2 * units_;
    return weights.Compute(lengths, d_product);
  }

 private:
  size_t StateAt() const {
    return LineUp(product_.scratch_bytes()) + LineUp(3 * batch_ * units_ * sizeof(T));
  }

  void Gates(const KernelContext& c, const Lengths& lengths, int64_t s, T* d_product, W* dh) const {
    const int64_t t = order_.At(s);
    T* d_step = c.out<T>(0) + 4 * t * batch_ * units_;
    ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const int64_t at = (t * batch_ + b) * units_;
        T* d_gates = d_step + 4 * b * units_;
        if (lengths.Valid(b, t)) {
          const T* h = order_.First(t, lengths.Of(b))
                           ? c.in<T>(1) + b * units_
                           : c.in<T>(0) + (order_.Before(s) * batch_ + b) * units_;
          W* d = dh + b * units_;
          AddToRow(c.in<T>(4) + at, units_, d);
          GruBackwardRow(units_, c.in<T>(3) + 4 * at, h, d, d_gates, d);
        } else {
          std::fill_n(d_gates, 4 * units_, T());
        }
        std::copy_n(d_gates, 2 * units_, d_product + 3 * b * units_);
        std::copy_n(d_gates + 3 * units_, units_, d_product + (3 * b + 2) * units_);
      }
    });
    ParallelFor(4 * units_, std::max<int64_t>(64, 65536 / std::max<int64_t>(1, batch_)),
                [&](int64_t begin, int64_t end) {
                  AddColumns(d_step, batch_, 4 * units_, begin, end, c.out<W>(3));
                });
  }

  StepOrder order_;
  int64_t batch_, units_;
  RecurrentProduct<T> product_;
};

const bool kGru = RegisterFor<float, double, BFloat16>(
    "Gru", []<typename T>() { return MakeKernel<GruKernel<T>>(); });
const bool kGruGrad = RegisterFor<float, double, BFloat16>(
    "GruGrad", []<typename T>() { return MakeKernel<GruGradKernel<T>>(); }, {{3, 0}, {5, 1}});

template <typename T>
absl::Status GruGates(const KernelContext& c) {
  const int64_t batch = c.input(3).dim(0), n = c.input(3).dim(1);
  ParallelFor(batch, UnitGrain(n), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      GruForwardRow(n, c.in<T>(0) + 3 * b * n, c.in<T>(1) + 3 * b * n, c.in<T>(2),
                    c.in<T>(3) + b * n, c.out<T>(1) + 4 * b * n, c.out<T>(0) + b * n);
    }
  });
  return absl::OkStatus();
}
template <typename T>
absl::Status GruGatesGrad(const KernelContext& c) {
  const int64_t batch = c.input(1).dim(0), n = c.input(1).dim(1);
  ParallelFor(batch, UnitGrain(n), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      GruBackwardRow(n, c.in<T>(0) + 4 * b * n, c.in<T>(1) + b * n, c.in<T>(2) + b * n,
                     c.out<T>(0) + 4 * b * n, c.out<T>(1) + b * n);
    }
  });
  return absl::OkStatus();
}
const bool kGates = RegisterFor<float, double>(
    "GruGates", []<typename T>() { return MakeKernel(ComputeFn{&GruGates<T>}); }, {{3, 0}});
const bool kGatesGrad = RegisterFor<float, double>(
    "GruGatesGrad", []<typename T>() { return MakeKernel(ComputeFn{&GruGatesGrad<T>}); },
    {{0, 0}, {2, 1}});

}  // namespace
}  // namespace viv
