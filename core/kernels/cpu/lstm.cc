// Lstm and LstmGrad: the input's product for all steps at once, then for each step the recurrent
// product and a fused loop over the gates.
#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/lstm_rows.h"
#include "core/kernels/cpu/recurrent_layer.h"
#include "core/kernels/cpu/recurrent_product.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Rows of pre-activations that bfloat16 layers keep as floats at a time.
constexpr int64_t kChunkRows = 256;

// In bfloat16 the sums stay float: pre-activations in scratch memory, a few steps at a time, and
// cells. Else pre-activations become the gates in place.
template <typename T>
class LstmKernel : public Kernel {
 public:
  using W = Wide<T>;

  explicit LstmKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        features_(init.input_shapes[0].dim(2)),
        units_(init.input_shapes[4].dim(0)),
        chunk_(kIs16Bit<T> ? std::max<int64_t>(1, kChunkRows / std::max<int64_t>(1, batch_))
                           : std::max<int64_t>(1, order_.steps)),
        input_product_(features_, 4 * units_, false, (order_.steps + chunk_ - 1) / chunk_,
                       chunk_ * batch_),
        product_(units_, 4 * units_, false, order_.steps, batch_) {}

  // The packed weights of both products, and the chunk's pre-activations.
  size_t scratch_bytes() const override {
    return ChunkAt() + (kIs16Bit<T> ? chunk_ * batch_ * 4 * units_ * sizeof(W) : 0);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 6 ? &c.input(6) : nullptr, order_.steps, batch_));
    const int64_t state = batch_ * units_;
    char* scratch = static_cast<char*>(c.scratch());
    std::copy_n(c.in<T>(1), state, c.out<T>(1));
    const auto input = input_product_.Prepare(c.in<W>(3), c.input_version(3), scratch);
    const auto recurrent =
        product_.Prepare(c.in<W>(4), c.input_version(4), scratch + RecurrentAt());
    const W* cell = c.in<W>(2);
    for (int64_t s = 0; s < order_.steps; s += chunk_) {
      RETURN_IF_ERROR(Chunk(c, lengths, s, std::min(chunk_, order_.steps - s), input.get(),
                            recurrent.get(), &cell));
    }
    std::copy_n(cell, state, c.out<W>(2));
    return absl::OkStatus();
  }

 private:
  size_t RecurrentAt() const { return LineUp(input_product_.scratch_bytes()); }
  size_t ChunkAt() const { return RecurrentAt() + LineUp(product_.scratch_bytes()); }

  // `steps` steps from the s-th on, with both packed weights; `cell` points to the last cells.
  absl::Status Chunk(const KernelContext& c, const Lengths& lengths, int64_t s, int64_t steps,
                     const void* input, const void* recurrent, const W** cell) const {
    const int64_t state = batch_ * units_;
    // The steps lie together in time, from `first` on.
    const int64_t first = order_.reverse ? order_.At(s + steps - 1) : s;
    W* sums;
    if constexpr (kIs16Bit<T>) {
      sums = reinterpret_cast<W*>(static_cast<char*>(c.scratch()) + ChunkAt());
    } else {
      sums = c.out<T>(3) + 4 * first * state;
    }
    RETURN_IF_ERROR(input_product_.Multiply(steps * batch_, c.in<T>(0) + first * batch_ * features_,
                                            c.in<W>(3), input, false, sums));
    for (int64_t end = s + steps; s < end; ++s) {
      const int64_t t = order_.At(s);
      W* z = sums + 4 * (t - first) * state;
      RETURN_IF_ERROR(
          product_.Multiply(lengths.ActiveRows(t), c.out<T>(1), c.in<W>(4), recurrent, true, z));
      ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t stop) {
        for (int64_t b = begin; b < stop; ++b) {
          Row(c, lengths.Valid(b, t), t * state + b * units_, b, z + 4 * b * units_, *cell);
        }
      });
      *cell = c.out<W>(4) + t * state;
    }
    return absl::OkStatus();
  }

  // `at`: where the row of the outputs lies.
  void Row(const KernelContext& c, bool valid, int64_t at, int64_t b, const W* z,
           const W* cells) const {
    T* gates = c.out<T>(3) + 4 * at;
    W* c_new = c.out<W>(4) + at;
    T* h = c.out<T>(1) + b * units_;
    T* out = c.out<T>(0) + at;
    if (valid) {
      LstmForwardRow(units_, z, nullptr, c.in<W>(5), cells + b * units_, gates, c_new, h);
      std::copy_n(h, units_, out);
    } else {
      std::fill_n(gates, 4 * units_, T());
      std::copy_n(cells + b * units_, units_, c_new);
      std::fill_n(out, units_, T());
    }
  }

  StepOrder order_;
  int64_t batch_, features_, units_, chunk_;
  RecurrentProduct<T> input_product_, product_;
};

template <typename T>
class LstmGradKernel : public Kernel {
 public:
  using W = Wide<T>;

  explicit LstmGradKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        units_(init.input_shapes[0].dim(2)),
        product_(units_, 4 * units_, true, order_.steps) {}

  // In bfloat16 the gradient of h as floats. For the product, and after the last step for the
  // reversed layer: the gates' gradients at each example's first step.
  size_t scratch_bytes() const override {
    const size_t first_steps = order_.reverse ? batch_ * 4 * units_ * sizeof(T) : 0;
    return ProductAt() + std::max(product_.scratch_bytes(), first_steps);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 9 ? &c.input(9) : nullptr, order_.steps, batch_));
    const int64_t state = batch_ * units_;
    void* product_scratch = static_cast<char*>(c.scratch()) + ProductAt();
    W* dh = BeginGradient<T>(c, 7, 1, state, static_cast<W*>(c.scratch()));
    // The executor may have let the gradient of the cell take over this input.
    if (c.out<W>(2) != c.in<W>(8)) std::copy_n(c.in<W>(8), state, c.out<W>(2));
    std::fill_n(c.out<W>(4), 4 * units_, W{0});
    const auto packed = product_.Prepare(c.in<W>(3), {}, product_scratch);
    for (int64_t s = order_.steps - 1; s >= 0; --s) {
      const int64_t t = order_.At(s);
      Gates(c, lengths, t, s == 0 ? c.in<W>(2) : c.in<W>(5) + order_.Before(s) * state, dh);
      RETURN_IF_ERROR(product_.Multiply(lengths.ActiveRows(t), c.out<T>(0) + 4 * t * state,
                                        c.in<W>(3), packed.get(), true, dh));
    }
    EndGradient<T>(dh, state, c.out<T>(1));
    const RecurrentGradient<T> weights{order_,      batch_,      units_,     c.in<T>(0),
                                       c.in<T>(1),  c.out<T>(0), 4 * units_, 4 * units_,
                                       c.out<W>(3), 4 * units_};
    return weights.Compute(lengths, static_cast<T*>(product_scratch));
  }

 private:
  size_t ProductAt() const { return kIs16Bit<T> ? LineUp(batch_ * units_ * sizeof(W)) : 0; }

  // Step t: the gradients of the gates and of the cell before, the bias; leaves in dh what flows
  // around the step.
  void Gates(const KernelContext& c, const Lengths& lengths, int64_t t, const W* c_before,
             W* dh) const {
    const int64_t state = batch_ * units_;
    T* dz = c.out<T>(0) + 4 * t * state;
    ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const int64_t at = b * units_;
        if (!lengths.Valid(b, t)) {
          std::fill_n(dz + 4 * at, 4 * units_, T());
          continue;
        }
        W* dc = c.out<W>(2) + at;
        AddToRow(c.in<T>(6) + t * state + at, units_, dh + at);
        LstmBackwardRow(units_, c.in<T>(4) + 4 * (t * state + at), c_before + at,
                        c.in<W>(5) + t * state + at, dh + at, dc, dz + 4 * at, dc);
        std::fill_n(dh + at, units_, W{0});
      }
    });
    ParallelFor(4 * units_, std::max<int64_t>(64, 65536 / std::max<int64_t>(1, batch_)),
                [&](int64_t begin, int64_t end) {
                  AddColumns(dz, batch_, 4 * units_, begin, end, c.out<W>(4));
                });
  }

  StepOrder order_;
  int64_t batch_, units_;
  RecurrentProduct<T> product_;
};

const bool kLstm = RegisterFor<float, double, BFloat16>(
    "Lstm", []<typename T>() { return MakeKernel<LstmKernel<T>>(); });
const bool kLstmGrad = RegisterFor<float, double, BFloat16>(
    "LstmGrad", []<typename T>() { return MakeKernel<LstmGradKernel<T>>(); },
    {{4, 0}, {7, 1}, {8, 2}});

template <typename T>
absl::Status LstmGates(const KernelContext& c) {
  const int64_t batch = c.input(3).dim(0), n = c.input(3).dim(1);
  ParallelFor(batch, UnitGrain(n), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      LstmForwardRow(n, c.in<T>(0) + 4 * b * n, c.in<T>(1) + 4 * b * n, c.in<T>(2),
                     c.in<T>(3) + b * n, c.out<T>(2) + 4 * b * n, c.out<T>(1) + b * n,
                     c.out<T>(0) + b * n);
    }
  });
  return absl::OkStatus();
}
template <typename T>
absl::Status LstmGatesGrad(const KernelContext& c) {
  const int64_t batch = c.input(1).dim(0), n = c.input(1).dim(1);
  ParallelFor(batch, UnitGrain(n), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      LstmBackwardRow(n, c.in<T>(0) + 4 * b * n, c.in<T>(1) + b * n, c.in<T>(2) + b * n,
                      c.in<T>(3) + b * n, c.in<T>(4) + b * n, c.out<T>(0) + 4 * b * n,
                      c.out<T>(1) + b * n);
    }
  });
  return absl::OkStatus();
}
const bool kGates = RegisterFor<float, double>(
    "LstmGates", []<typename T>() { return MakeKernel(ComputeFn{&LstmGates<T>}); },
    {{0, 2}, {1, 2}, {3, 1}});
const bool kGatesGrad = RegisterFor<float, double>(
    "LstmGatesGrad", []<typename T>() { return MakeKernel(ComputeFn{&LstmGatesGrad<T>}); },
    {{0, 0}, {4, 1}});

}  // namespace
}  // namespace viv
