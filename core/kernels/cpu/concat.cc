// Concat, SliceAxis and Split: runs of bytes, or of strings one by one.
#include <algorithm>
#include <cstring>

#include "core/base/parallel.h"
#include "core/device/kernel.h"

namespace viv {
namespace {

int Axis(const KernelInit& init) {
  const int64_t axis = init.attrs.Int("axis");
  return static_cast<int>(axis < 0 ? axis + init.input_shapes[0].rank() : axis);
}

// Copies `count` runs of `run` elements, whose starts lie `from_step` and `to_step` elements apart.
void CopyRuns(const Tensor& from, int64_t from_offset, int64_t from_step, const Tensor& to,
              int64_t to_offset, int64_t to_step, int64_t run, int64_t count) {
  if (run == 0) return;
  const size_t size = DTypeSize(from.dtype());
  // What one thread copies in about 20 us, in bytes.
  constexpr int64_t kGrain = int64_t{1} << 18;
  ParallelFor(count, 1 + kGrain / static_cast<int64_t>(run * size), [&](int64_t i, int64_t end) {
    for (; i < end; ++i) {
      const int64_t source = from_offset + i * from_step, target = to_offset + i * to_step;
      if (from.dtype() == kString) {
        const std::string* strings = from.data<std::string>() + source;
        std::copy_n(strings, run, static_cast<std::string*>(to.raw()) + target);
      } else {
        std::memcpy(static_cast<char*>(to.raw()) + target * size,
                    static_cast<const char*>(from.raw()) + source * size, run * size);
      }
    }
  });
}

class ConcatKernel : public Kernel {
 public:
  explicit ConcatKernel(const KernelInit& init) : axis_(Axis(init)) {}
  absl::Status Compute(const KernelContext& c) const override {
    const Shape& y = c.output(0).shape();
    const int64_t step = y.Elements(axis_, y.rank());
    int64_t offset = 0;
    for (int i = 0; i < c.num_inputs(); ++i) {
      const Shape& x = c.input(i).shape();
      const int64_t run = x.Elements(axis_, x.rank());
      CopyRuns(c.input(i), 0, run, c.output(0), offset, step, run, x.Elements(0, axis_));
      offset += run;
    }
    return absl::OkStatus();
  }

 private:
  int axis_;
};
const KernelRegistration kConcat({.op = "Concat",
                                  .device = "cpu",
                                  .factory = MakeKernel<ConcatKernel>()});

class SliceKernel : public Kernel {
 public:
  explicit SliceKernel(const KernelInit& init)
      : axis_(Axis(init)), begin_(init.attrs.Int("begin")) {}
  absl::Status Compute(const KernelContext& c) const override {
    const Shape& x = c.input(0).shape();
    const Shape& y = c.output(0).shape();
    const int64_t run = y.Elements(axis_, y.rank());
    CopyRuns(c.input(0), begin_ * x.Elements(axis_ + 1, x.rank()), x.Elements(axis_, x.rank()),
             c.output(0), 0, run, run, y.Elements(0, axis_));
    return absl::OkStatus();
  }

 private:
  int axis_;
  int64_t begin_;
};
const KernelRegistration kSlice({.op = "SliceAxis",
                                 .device = "cpu",
                                 .factory = MakeKernel<SliceKernel>()});

class SplitKernel : public Kernel {
 public:
  explicit SplitKernel(const KernelInit& init) : axis_(Axis(init)) {}
  absl::Status Compute(const KernelContext& c) const override {
    const Shape& x = c.input(0).shape();
    const int64_t step = x.Elements(axis_, x.rank());
    int64_t offset = 0;
    for (int i = 0; i < c.num_outputs(); ++i) {
      const int64_t run = c.output(i).shape().Elements(axis_, x.rank());
      CopyRuns(c.input(0), offset, step, c.output(i), 0, run, run, x.Elements(0, axis_));
      offset += run;
    }
    return absl::OkStatus();
  }

 private:
  int axis_;
};
const KernelRegistration kSplit({.op = "Split",
                                 .device = "cpu",
                                 .factory = MakeKernel<SplitKernel>()});

}  // namespace
}  // namespace viv
