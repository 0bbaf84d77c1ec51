// Attention and AttentionGrad: for each example strided products over its valid positions. The
// queries of an example are its steps or, in a single step, the rows that share its memory.
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
      : batch_(init.input_shapes[0].dim(1)),
        examples_(init.input_shapes[1].dim(1)),
        share_(examples_ > 0 ? batch_ / examples_ : 1),
        queries_(init.input_shapes[0].dim(0) * share_),
        stride_(share_ > 1 ? 1 : batch_),
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
                      positions_, examples_));
    const int64_t work = 2 * queries_ * positions_ * (depth_ + width_);
    std::mutex mutex;
    absl::Status status;
    ParallelFor(examples_, std::max<int64_t>(1, 1000000 / std::max<int64_t>(1, work)),
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

  // Rows of a step, and how many of them there are for an example, one after the other.
  const int64_t batch_, examples_, share_;
  // Of an example, and the rows from one to the next.
  const int64_t queries_, stride_;
  const int64_t depth_, positions_, width_;
  const int lengths_input_;
};

// Scores are of type Wide<T>: those of bfloat16 lie in scratch memory until they are weights.
template <typename T>
class AttentionKernel : public Kernel, private AttentionShape {
 public:
  explicit AttentionKernel(const KernelInit& init)
      : AttentionShape(init, 3), causal_(init.attrs.Bool("causal")) {}

  size_t scratch_bytes() const override {
    return kIs16Bit<T> ? examples_ * queries_ * positions_ * sizeof(Wide<T>) : 0;
  }

  absl::Status Compute(const KernelContext& c) const override {
    return ForEachExample(c, [&](int64_t b, int64_t length) { return Example(c, b, length); });
  }

 private:
  absl::Status Example(const KernelContext& c, int64_t b, int64_t length) const {
    const int64_t first = b * share_, weights_stride = stride_ * positions_;
    T* weights = c.out<T>(1) + first * positions_;
    Wide<T>* scores;
    int64_t stride = weights_stride;
    if constexpr (kIs16Bit<T>) {
      scores = static_cast<Wide<T>*>(c.scratch()) + b * queries_ * positions_;
      stride = positions_;
    } else {
      scores = weights;
    }
    RETURN_IF_ERROR(Gemm(GemmArgs<T, T, Wide<T>>{.transpose_b = true,
                                                 .m = queries_,
                                                 .n = length,
                                                 .k = depth_,
                                                 .a = c.in<T>(0) + first * depth_,
                                                 .lda = stride_ * depth_,
                                                 .b = c.in<T>(1) + b * depth_,
                                                 .ldb = examples_ * depth_,
                                                 .c = scores,
                                                 .ldc = stride}));
    for (int64_t i = 0; i < queries_; ++i) {
      T* row = weights + i * weights_stride;
      const int64_t step = share_ > 1 ? 0 : i;
      const int64_t seen = causal_ ? std::min(length, step + 1) : length;
      if (seen > 0) SoftmaxRow(scores + i * stride, seen, scores + i * stride);
      if constexpr (kIs16Bit<T>) NarrowRow(scores + i * stride, row, seen);
      std::fill(row + seen, row + positions_, T());
    }
    return Gemm(GemmArgs<T>{.m = queries_,
                            .n = width_,
                            .k = length,
                            .a = weights,
                            .lda = weights_stride,
                            .b = c.in<T>(2) + b * width_,
                            .ldb = examples_ * width_,
                            .c = c.out<T>(0) + first * width_,
                            .ldc = stride_ * width_});
  }

  const bool causal_;
};

template <typename T>
class AttentionGradKernel : public Kernel, private AttentionShape {
 public:
  explicit AttentionGradKernel(const KernelInit& init) : AttentionShape(init, 6) {}

  // The gradients of the scores, [T, S] for each example.
  size_t scratch_bytes() const override {
    return examples_ * queries_ * positions_ * sizeof(Wide<T>);
  }

  absl::Status Compute(const KernelContext& c) const override {
    return ForEachExample(c, [&](int64_t b, int64_t length) { return Example(c, b, length); });
  }

 private:
  absl::Status Example(const KernelContext& c, int64_t b, int64_t length) const {
    const int64_t first = b * share_, weights_stride = stride_ * positions_;
    const T* weights = c.in<T>(3) + first * positions_;
    const T* d_context = c.in<T>(4) + first * width_;
    Wide<T>* scores = static_cast<Wide<T>*>(c.scratch()) + b * queries_ * positions_;
    RETURN_IF_ERROR(Gemm(GemmArgs<T, T, Wide<T>>{.transpose_b = true,
                                                 .m = queries_,
                                                 .n = length,
                                                 .k = width_,
                                                 .a = d_context,
                                                 .lda = stride_ * width_,
                                                 .b = c.in<T>(2) + b * width_,
                                                 .ldb = examples_ * width_,
                                                 .c = scores,
                                                 .ldc = positions_}));
    for (int64_t i = 0; i < queries_; ++i) {
      const T* d_weights = c.in<T>(5) + first * positions_ + i * weights_stride;
      ScoresRow(weights + i * weights_stride, d_weights, length, scores + i * positions_);
    }
    // dQ = dS K, dK = dS^T Q, dV = W^T dC.
    RETURN_IF_ERROR(Gemm(GemmArgs<Wide<T>, T, T>{.m = queries_,
                                                 .n = depth_,
                                                 .k = length,
                                                 .a = scores,
                                                 .lda = positions_,
                                                 .b = c.in<T>(1) + b * depth_,
                                                 .ldb = examples_ * depth_,
                                                 .c = c.out<T>(0) + first * depth_,
                                                 .ldc = stride_ * depth_}));
    RETURN_IF_ERROR(Backwards(scores, positions_, c.in<T>(0) + first * depth_, length, depth_,
                              c.out<T>(1) + b * depth_));
    return Backwards(weights, weights_stride, d_context, length, width_, c.out<T>(2) + b * width_);
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

  // out [length, columns] = a^T x for a: [queries, length], x: [queries, columns]; 0 past the
  // length.
  template <typename A>
  absl::Status Backwards(const A* a, int64_t a_stride, const T* x, int64_t length, int64_t columns,
                         T* out) const {
    for (int64_t s = length; s < positions_; ++s) {
      std::fill_n(out + s * examples_ * columns, columns, T());
    }
    return Gemm(GemmArgs<A, T, T>{.transpose_a = true,
                                  .m = length,
                                  .n = columns,
                                  .k = queries_,
                                  .a = a,
                                  .lda = a_stride,
                                  .b = x,
                                  .ldb = stride_ * columns,
                                  .c = out,
                                  .ldc = examples_ * columns});
  }
};

const bool kAttention = RegisterFor<float, double, BFloat16>(
    "Attention", []<typename T>() { return MakeKernel<AttentionKernel<T>>(); });
const bool kAttentionGrad = RegisterFor<float, double, BFloat16>(
    "AttentionGrad", []<typename T>() { return MakeKernel<AttentionGradKernel<T>>(); });

}  // namespace
}  // namespace viv
