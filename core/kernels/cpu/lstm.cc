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

template <typename T>
class LstmKernel : public Kernel {
 public:
  explicit LstmKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        features_(init.input_shapes[0].dim(2)),
        units_(init.input_shapes[4].dim(0)),
        product_(units_, 4 * units_, false, order_.steps) {}

  size_t scratch_bytes() const override { return product_.scratch_bytes(); }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 6 ? &c.input(6) : nullptr, order_.steps, batch_));
    const int64_t state = batch_ * units_;
    T* h = c.out<T>(1);
    T* gates = c.out<T>(3);
    T* cells = c.out<T>(4);
    std::copy_n(c.in<T>(1), state, h);
    RETURN_IF_ERROR(Gemm(GemmArgs<T>{.m = order_.steps * batch_,
                                     .n = 4 * units_,
                                     .k = features_,
                                     .a = c.in<T>(0),
                                     .lda = features_,
                                     .b = c.in<T>(3),
                                     .ldb = 4 * units_,
                                     .c = gates,
                                     .ldc = 4 * units_}));
    product_.Prepare(c.in<T>(4), c.scratch());
    const T* cell = c.in<T>(2);
    for (int64_t s = 0; s < order_.steps; ++s) {
      const int64_t t = order_.At(s);
      RETURN_IF_ERROR(product_.Multiply(lengths.ActiveRows(t), h, c.in<T>(4), c.scratch(), true,
                                        gates + 4 * t * state));
      ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b) {
          Row(lengths.Valid(b, t), c.in<T>(5), cell + b * units_,
              gates + 4 * (t * state + b * units_), cells + t * state + b * units_, h + b * units_,
              c.out<T>(0) + t * state + b * units_);
        }
      });
      cell = cells + t * state;
    }
    std::copy_n(cell, state, c.out<T>(2));
    return absl::OkStatus();
  }

 private:
  void Row(bool valid, const T* bias, const T* c, T* gates, T* c_new, T* h, T* out) const {
    if (valid) {
      LstmForwardRow(units_, gates, nullptr, bias, c, gates, c_new, h);
      std::copy_n(h, units_, out);
    } else {
      std::fill_n(gates, 4 * units_, T{0});
      std::copy_n(c, units_, c_new);
      std::fill_n(out, units_, T{0});
    }
  }

  StepOrder order_;
  int64_t batch_, features_, units_;
  RecurrentProduct<T> product_;
};

template <typename T>
class LstmGradKernel : public Kernel {
 public:
  explicit LstmGradKernel(const KernelInit& init)
      : order_{init.input_shapes[0].dim(0), init.attrs.Bool("reverse")},
        batch_(init.input_shapes[0].dim(1)),
        units_(init.input_shapes[0].dim(2)),
        product_(units_, 4 * units_, true, order_.steps) {}

  // For the product, and after the last step for the reversed layer: the gates' gradients at each
  // example's first step.
  size_t scratch_bytes() const override {
    const size_t first_steps = order_.reverse ? batch_ * 4 * units_ * sizeof(T) : 0;
    return std::max(product_.scratch_bytes(), first_steps);
  }

  absl::Status Compute(const KernelContext& c) const override {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > 9 ? &c.input(9) : nullptr, order_.steps, batch_));
    const int64_t state = batch_ * units_;
    // The executor may have let the gradients of the state take over these inputs.
    for (const int i : {1, 2}) {
      if (c.out<T>(i) != c.in<T>(6 + i)) std::copy_n(c.in<T>(6 + i), state, c.out<T>(i));
    }
    std::fill_n(c.out<T>(4), 4 * units_, T{0});
    product_.Prepare(c.in<T>(3), c.scratch());
    for (int64_t s = order_.steps - 1; s >= 0; --s) {
      const int64_t t = order_.At(s);
      Gates(c, lengths, t, s == 0 ? c.in<T>(2) : c.in<T>(5) + order_.Before(s) * state);
      RETURN_IF_ERROR(product_.Multiply(lengths.ActiveRows(t), c.out<T>(0) + 4 * t * state,
                                        c.in<T>(3), c.scratch(), true, c.out<T>(1)));
    }
    const RecurrentGradient<T> weights{order_,      batch_,      units_,     c.in<T>(0),
                                       c.in<T>(1),  c.out<T>(0), 4 * units_, 4 * units_,
                                       c.out<T>(3), 4 * units_};
    return weights.Compute(lengths, static_cast<T*>(c.scratch()));
  }

 private:
  // Step t: the gradients of the gates and of the cell before, the bias; leaves in d_h what flows
  // around the step.
  void Gates(const KernelContext& c, const Lengths& lengths, int64_t t, const T* c_before) const {
    const int64_t state = batch_ * units_;
    T* dz = c.out<T>(0) + 4 * t * state;
    ParallelFor(batch_, UnitGrain(units_), [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const int64_t at = b * units_;
        if (!lengths.Valid(b, t)) {
          std::fill_n(dz + 4 * at, 4 * units_, T{0});
          continue;
        }
        T* dh = c.out<T>(1) + at;
        T* dc = c.out<T>(2) + at;
        const T* d_output = c.in<T>(6) + t * state + at;
        for (int64_t j = 0; j < units_; ++j) dh[j] += d_output[j];
        LstmBackwardRow(units_, c.in<T>(4) + 4 * (t * state + at), c_before + at,
                        c.in<T>(5) + t * state + at, dh, dc, dz + 4 * at, dc);
        std::fill_n(dh, units_, T{0});
      }
    });
    ParallelFor(4 * units_, std::max<int64_t>(64, 65536 / std::max<int64_t>(1, batch_)),
                [&](int64_t begin, int64_t end) {
                  AddColumns(dz, batch_, 4 * units_, begin, end, c.out<T>(4));
                });
  }

  StepOrder order_;
  int64_t batch_, units_;
  RecurrentProduct<T> product_;
};

const bool kLstm =
    RegisterFor<float, double>("Lstm", []<typename T>() { return MakeKernel<LstmKernel<T>>(); });
const bool kLstmGrad = RegisterFor<float, double>(
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
