// Attention and AttentionGrad: for each example strided products over its valid positions.
#include <algorithm>
#include <mutex>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/elementwise.h"
#include "core/kernels/cpu/gemm.h"
#include "core/kernels/cpu/lengths.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/softmax_rows.h"

namespace viv {
namespace {

// The extents, and loops over examples.
class AttentionShape {
 public:
  AttentionShape(const KernelInit& init, int lengths_input)
      : steps_(init.input_shapes[0].dim(0)),
        batch_(init.input_shapes[0].dim(1)),
        depth_(init.input_shapes[0].dim(2)),
        positions_(init.input_shapes[1].dim(0)),
        width_(init.input_shapes[2].dim(2)),
        lengths_input_(lengths_input) {}

 protected:
  // Calls run(example, its valid positions) for all examples, several at once; the first error.
  template <typename F>
  absl::Status ForEachExample(const KernelContext& c, F run) const {
    ASSIGN_OR_RETURN(
        const Lengths lengths,
        Lengths::Make(c.num_inputs() > lengths_input_ ? &c.input(lengths_input_) : nullptr,
                      positions_, batch_));
    const int64_t work = 2 * steps_ * positions_ * (depth_ + width_);
    std::mutex mutex;
    absl::Status status;
    ParallelFor(batch_, std::max<int64_t>(1, 1000000 / std::max<int64_t>(1, work)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t b = begin; b < end; ++b) {
                    const absl::Status one = run(b, lengths.Of(b));
                    if (one.ok()) continue;
                    const std::lock_guard<std::mutex> lock(mutex);
                    status.Update(one);
                  }
                });
    return status;
  }

  const int64_t steps_, batch_, depth_, positions_, width_;
  const int lengths_input_;
};

// Scores are of type Wide<T>: those of bfloat16 lie in scratch memory until they are weights.
template <typename T>
class AttentionKernel : public Kernel, private AttentionShape {
 public:
  explicit AttentionKernel(const KernelInit& init)
      : AttentionShape(init, 3), causal_(init.attrs.Bool("causal")) {}

  size_t scratch_bytes() const override {
    return kIs16Bit<T> ? batch_ * steps_ * positions_ * sizeof(Wide<T>) : 0;
  }

  absl::Status Compute(const KernelContext& c) const override {
    return ForEachExample(c, [&](int64_t b, int64_t length) { return Example(c, b, length); });
  }

 private:
  absl::Status Example(const KernelContext& c, int64_t b, int64_t length) const {
    T* weights = c.out<T>(1) + b * positions_;
    Wide<T>* scores;
    int64_t stride = batch_ * positions_;
    if constexpr (kIs16Bit<T>) {
      scores = static_cast<Wide<T>*>(c.scratch()) + b * steps_ * positions_;
      stride = positions_;
    } else {
      scores = weights;
    }
    RETURN_IF_ERROR(Gemm(GemmArgs<T, T, Wide<T>>{.transpose_b = true,
                                                 .m = steps_,
                                                 .n = length,
                                                 .k = depth_,
                                                 .a = c.in<T>(0) + b * depth_,
                                                 .lda = batch_ * depth_,
                                                 .b = c.in<T>(1) + b * depth_,
                                                 .ldb = batch_ * depth_,
                                                 .c = scores,
                                                 .ldc = stride}));
    for (int64_t t = 0; t < steps_; ++t) {
      T* row = weights + t * batch_ * positions_;
      const int64_t seen = causal_ ? std::min(length, t + 1) : length;
      if (seen > 0) SoftmaxRow(scores + t * stride, seen, scores + t * stride);
      if constexpr (kIs16Bit<T>) NarrowRow(scores + t * stride, row, seen);
      std::fill(row + seen, row + positions_, T());
    }
    return Gemm(GemmArgs<T>{.m = steps_,
                            .n = width_,
                            .k = length,
                            .a = weights,
                            .lda = batch_ * positions_,
                            .b = c.in<T>(2) + b * width_,
                            .ldb = batch_ * width_,
                            .c = c.out<T>(0) + b * width_,
                            .ldc = batch_ * width_});
  }

  const bool causal_;
};

template <typename T>
class AttentionGradKernel : public Kernel, private AttentionShape {
 public:
  explicit AttentionGradKernel(const KernelInit& init) : AttentionShape(init, 6) {}

  // The gradients of the scores, [T, S] for each example.
  size_t scratch_bytes() const override { return batch_ * steps_ * positions_ * sizeof(Wide<T>); }

  absl::Status Compute(const KernelContext& c) const override {
    return ForEachExample(c, [&](int64_t b, int64_t length) { return Example(c, b, length); });
  }

 private:
  absl::Status Example(const KernelContext& c, int64_t b, int64_t length) const {
    const int64_t weights_stride = batch_ * positions_;
    const T* weights = c.in<T>(3) + b * positions_;
    Wide<T>* scores = static_cast<Wide<T>*>(c.scratch()) + b * steps_ * positions_;
    RETURN_IF_ERROR(Gemm(GemmArgs<T, T, Wide<T>>{.transpose_b = true,
                                                 .m = steps_,
                                                 .n = length,
                                                 .k = width_,
                                                 .a = c.in<T>(4) + b * width_,
                                                 .lda = batch_ * width_,
                                                 .b = c.in<T>(2) + b * width_,
                                                 .ldb = batch_ * width_,
                                                 .c = scores,
                                                 .ldc = positions_}));
    for (int64_t t = 0; t < steps_; ++t) {
      const T* d_weights = c.in<T>(5) + b * positions_ + t * weights_stride;
      ScoresRow(weights + t * weights_stride, d_weights, length, scores + t * positions_);
    }
    // dQ = dS K, dK = dS^T Q, dV = W^T dC.
    RETURN_IF_ERROR(Gemm(GemmArgs<Wide<T>, T, T>{.m = steps_,
                                                 .n = depth_,
                                                 .k = length,
                                                 .a = scores,
                                                 .lda = positions_,
                                                 .b = c.in<T>(1) + b * depth_,
                                                 .ldb = batch_ * depth_,
                                                 .c = c.out<T>(0) + b * depth_,
                                                 .ldc = batch_ * depth_}));
    RETURN_IF_ERROR(Backwards(scores, positions_, c.in<T>(0) + b * depth_, length, depth_,
                              c.out<T>(1) + b * depth_));
    return Backwards(weights, weights_stride, c.in<T>(4) + b * width_, length, width_,
                     c.out<T>(2) + b * width_);
  }

  // On entry `d` holds dC V^T, on return the gradients of the scores.
  static void ScoresRow(const T* weights, const T* d_weights, int64_t length, Wide<T>* d) {
    using W = Wide<T>;
    W inner = 0;
    for (int64_t s = 0; s < length; ++s) {
      d[s] += static_cast<W>(d_weights[s]);
      inner += d[s] * static_cast<W>(weights[s]);
    }
    for (int64_t s = 0; s < length; ++s) d[s] = static_cast<W>(weights[s]) * (d[s] - inner);
  }

  // out [length, columns] = a^T x for a: [T, length], x: [T, columns]; 0 past the length.
  template <typename A>
  absl::Status Backwards(const A* a, int64_t a_stride, const T* x, int64_t length, int64_t columns,
                         T* out) const {
    for (int64_t s = length; s < positions_; ++s) {
      std::fill_n(out + s * batch_ * columns, columns, T());
    }
    return Gemm(GemmArgs<A, T, T>{.transpose_a = true,
                                  .m = length,
                                  .n = columns,
                                  .k = steps_,
                                  .a = a,
                                  .lda = a_stride,
                                  .b = x,
                                  .ldb = batch_ * columns,
                                  .c = out,
                                  .ldc = batch_ * columns});
  }
};

const bool kAttention = RegisterFor<float, double, BFloat16>(
    "Attention", []<typename T>() { return MakeKernel<AttentionKernel<T>>(); });
const bool kAttentionGrad = RegisterFor<float, double, BFloat16>(
    "AttentionGrad", []<typename T>() { return MakeKernel<AttentionGradKernel<T>>(); });

}  // namespace
}  // namespace viv
