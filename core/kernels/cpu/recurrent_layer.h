// What the kernels of recurrent layers share: the order of the steps and the gradient of the
// recurrent weights.
#ifndef VIV_CORE_KERNELS_CPU_RECURRENT_LAYER_H_
#define VIV_CORE_KERNELS_CPU_RECURRENT_LAYER_H_

#include <algorithm>

#include "core/base/status.h"
#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/lengths.h"

namespace viv {

// Where the steps of a layer lie in time.
struct StepOrder {
  int64_t steps;
  bool reverse;
  // The s-th step that is computed; the one before it, -1 for none.
  int64_t At(int64_t s) const { return reverse ? steps - 1 - s : s; }
  int64_t Before(int64_t s) const { return s == 0 ? -1 : At(s - 1); }
  // Whether `t` is the first step that an example of this length computes.
  bool First(int64_t t, int64_t length) const { return t == (reverse ? length - 1 : 0); }
};

// Rows of `units` units worth about 20 us of gate arithmetic.
inline int64_t UnitGrain(int64_t units) {
  return std::max<int64_t>(1, 8192 / std::max<int64_t>(1, units));
}

// The gradient of a state while steps are computed, as numbers of type Wide<T>: that of output
// `out` itself, or for 16-bit T `memory`. Begins with input `in`, which the executor may have let
// the output take over.
template <typename T>
Wide<T>* BeginGradient(const KernelContext& c, int in, int out, int64_t n, Wide<T>* memory) {
  if constexpr (kIs16Bit<T>) {
    WidenRow(c.in<T>(in), memory, n);
    return memory;
  } else {
    if (c.out<T>(out) != c.in<T>(in)) std::copy_n(c.in<T>(in), n, c.out<T>(out));
    return c.out<T>(out);
  }
}
// Leaves it in the output.
template <typename T>
void EndGradient(const Wide<T>* gradient, int64_t n, T* out) {
  if constexpr (kIs16Bit<T>) NarrowRow(gradient, out, n);
}

// The sum over all steps of (h before the step)^T dz, for a part of the gates' columns.
template <typename T>
struct RecurrentGradient {
  StepOrder order;
  int64_t batch, units;
  const T* outputs;   // [steps, batch, units], 0 past the lengths
  const T* initial;   // [batch, units]
  const T* dz;        // the first of `columns` columns; rows [steps, batch], 0 past the lengths
  int64_t dz_stride;  // elements between rows
  int64_t columns;
  Wide<T>* out;  // [units, columns], rows out_stride apart
  int64_t out_stride;

  // `scratch`: batch * columns elements, used by reversed layers only.
  absl::Status Compute(const Lengths& lengths, T* scratch) const {
    // The h before a step is the outputs of the step before it, 0 where that lies past the end.
    const int64_t state = batch * units, steps = order.steps;
    const bool reverse = order.reverse && steps > 0;
    GemmArgs<T, T, Wide<T>> g{.transpose_a = true,
                              .m = units,
                              .n = columns,
                              .k = std::max<int64_t>(0, steps - 1) * batch,
                              .a = outputs + (reverse ? state : 0),
                              .lda = units,
                              .b = dz + (order.reverse || steps == 0 ? 0 : batch * dz_stride),
                              .ldb = dz_stride,
                              .c = out,
                              .ldc = out_stride};
    RETURN_IF_ERROR(Gemm(g));
    if (steps == 0) return absl::OkStatus();
    // The initial h comes before each example's first step.
    g.k = batch;
    g.a = initial;
    g.b = dz;
    g.accumulate = true;
    if (order.reverse) {
      for (int64_t b = 0; b < batch; ++b) {
        const int64_t t = std::max<int64_t>(0, lengths.Of(b) - 1);
        std::copy_n(dz + (t * batch + b) * dz_stride, columns, scratch + b * columns);
      }
      g.b = scratch;
      g.ldb = columns;
    }
    return Gemm(g);
  }
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_RECURRENT_LAYER_H_
