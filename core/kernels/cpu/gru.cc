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

// Scratch memory: `first` bytes, rounded up to a cache line, then the rest.
size_t LineUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

template <typename T>
class GruKernel : public Kernel {
 public:
  explicit GruKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        features_(init.input_shapes[0].dim(2)),
        units_(init.input_shapes[3].dim(0)),
        product_(units_, 3 * units_, false, order_.steps) {}

  // The packed weights, then the recurrent products of one step, [B, 3H].
  size_t scratch_bytes() const override {
    return LineUp(product_.scratch_bytes()) + 3 * batch_ * units_ * sizeof(T);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 5 ? &c.input(5) : nullptr, order_.steps, batch_));
    T* h = c.out<T>(1);
    T* gates = c.out<T>(2);
    std::copy_n(c.in<T>(1), batch_ * units_, h);
    RETURN_IF_ERROR(Gemm(GemmArgs<T>{.m = order_.steps * batch_,
                                     .n = 3 * units_,
                                     .k = features_,
                                     .a = c.in<T>(0),
                                     .lda = features_,
                                     .b = c.in<T>(2),
                                     .ldb = 3 * units_,
                                     .c = gates,
                                     .ldc = 4 * units_}));
    product_.Prepare(c.in<T>(3), c.scratch());
    T* from_h =
        reinterpret_cast<T*>(static_cast<char*>(c.scratch()) + LineUp(product_.scratch_bytes()));
    for (int64_t s = 0; s < order_.steps; ++s) {
      const int64_t t = order_.At(s);
      RETURN_IF_ERROR(
          product_.Multiply(lengths.ActiveRows(t), h, c.in<T>(3), c.scratch(), false, from_h));
      ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b) {
          const int64_t at = (t * batch_ + b) * units_;
          Row(lengths.Valid(b, t), from_h + 3 * b * units_, c.in<T>(4), gates + 4 * at,
              h + b * units_, c.out<T>(0) + at);
        }
      });
    }
    return absl::OkStatus();
  }

 private:
  void Row(bool valid, const T* from_h, const T* bias, T* gates, T* h, T* out) const {
    if (valid) {
      GruForwardRow(units_, gates, from_h, bias, h, gates, h);
      std::copy_n(h, units_, out);
    } else {
      std::fill_n(gates, 4 * units_, T{0});
      std::fill_n(out, units_, T{0});
    }
  }

  StepOrder order_;
  int64_t batch_, features_, units_;
  RecurrentProduct<T> product_;
};

template <typename T>
class GruGradKernel : public Kernel {
 public:
  explicit GruGradKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        units_(init.input_shapes[0].dim(2)),
        product_(units_, 3 * units_, true, order_.steps) {}

  // The packed weights, then the gradients of one step's recurrent products, [B, 3H].
  size_t scratch_bytes() const override {
    return LineUp(product_.scratch_bytes()) + 3 * batch_ * units_ * sizeof(T);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 6 ? &c.input(6) : nullptr, order_.steps, batch_));
    T* dh = c.out<T>(1);
    // The executor may have let the gradient of the state take over this input.
    if (dh != c.in<T>(5)) std::copy_n(c.in<T>(5), batch_ * units_, dh);
    std::fill_n(c.out<T>(3), 4 * units_, T{0});
    product_.Prepare(c.in<T>(2), c.scratch());
    T* d_product =
        reinterpret_cast<T*>(static_cast<char*>(c.scratch()) + LineUp(product_.scratch_bytes()));
    for (int64_t s = order_.steps - 1; s >= 0; --s) {
      const int64_t t = order_.At(s);
      Gates(c, lengths, s, d_product);
      RETURN_IF_ERROR(
          product_.Multiply(lengths.ActiveRows(t), d_product, c.in<T>(2), c.scratch(), true, dh));
    }
    // The recurrent product has the columns r, z and q.
    RecurrentGradient<T> weights{order_,      batch_,     units_,     c.in<T>(0),  c.in<T>(1),
                                 c.out<T>(0), 4 * units_, 2 * units_, c.out<T>(2), 3 * units_};
    RETURN_IF_ERROR(weights.Compute(lengths, d_product));
    weights.dz += 3 * units_;
    weights.columns = units_;
    weights.out += 2 * units_;
    return weights.Compute(lengths, d_product);
  }

 private:
  void Gates(const KernelContext& c, const Lengths& lengths, int64_t s, T* d_product) const {
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
          T* dh = c.out<T>(1) + b * units_;
          for (int64_t j = 0; j < units_; ++j) dh[j] += c.in<T>(4)[at + j];
          GruBackwardRow(units_, c.in<T>(3) + 4 * at, h, dh, d_gates, dh);
        } else {
          std::fill_n(d_gates, 4 * units_, T{0});
        }
        std::copy_n(d_gates, 2 * units_, d_product + 3 * b * units_);
        std::copy_n(d_gates + 3 * units_, units_, d_product + (3 * b + 2) * units_);
      }
    });
    ParallelFor(4 * units_, std::max<int64_t>(64, 65536 / std::max<int64_t>(1, batch_)),
                [&](int64_t begin, int64_t end) {
                  AddColumns(d_step, batch_, 4 * units_, begin, end, c.out<T>(3));
                });
  }

  StepOrder order_;
  int64_t batch_, units_;
  RecurrentProduct<T> product_;
};

const bool kGru =
    RegisterFor<float, double>("Gru", []<typename T>() { return MakeKernel<GruKernel<T>>(); });
const bool kGruGrad = RegisterFor<float, double>(
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
