// Scan: calls the body once for each row. Carries alternate between the output and a second buffer,
// so that no step copies one, and the last step writes the output.
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/device/kernel.h"

namespace viv {
namespace {

class ScanKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    auto kernel = std::make_unique<ScanKernel>();
    const int64_t carries = init.attrs.Int("carries"), sequences = init.attrs.Int("sequences");
    kernel->carries_ = static_cast<int>(carries);
    kernel->rows_end_ = static_cast<int>(carries + sequences);
    kernel->reverse_ = init.attrs.Bool("reverse");
    kernel->steps_ = sequences > 0 ? init.input_shapes[carries].dim(0) : init.attrs.Int("length");
    ASSIGN_OR_RETURN(kernel->body_, init.callable(init.attrs.String("body"),
                                                  static_cast<int>(init.output_types.size())));
    for (int i = 0; i < carries; ++i) {
      const size_t bytes = init.input_shapes[i].num_elements() * DTypeSize(init.input_types[i]);
      kernel->offsets_.push_back(kernel->bytes_);
      if (init.input_types[i] == kString) continue;
      kernel->bytes_ += (bytes + Allocator::kAlignment - 1) & ~(Allocator::kAlignment - 1);
    }
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  size_t scratch_bytes() const override { return bytes_; }

  absl::Status Compute(const KernelContext& c) const override {
    if (steps_ == 0) {
      for (int i = 0; i < carries_; ++i) c.output(i).CopyFrom(c.input(i));
      return absl::OkStatus();
    }
    std::vector<Tensor> arguments, results;
    std::vector<ValueVersion> versions(c.num_inputs());
    const int64_t first = reverse_ ? steps_ - 1 : 0, delta = reverse_ ? -1 : 1;
    for (int i = 0; i < c.num_inputs(); ++i) {
      const bool row = i >= carries_ && i < rows_end_;
      arguments.push_back(row ? c.input(i).Row(first) : c.input(i));
      if (i >= rows_end_) versions[i] = c.input_version(i);
    }
    ASSIGN_OR_RETURN(std::vector<Tensor> spare, SpareCarries(c));
    for (int i = 0; i < c.num_outputs(); ++i) {
      const bool row = i >= carries_;
      results.push_back(row ? c.output(i).Row(first) : steps_ % 2 == 1 ? c.output(i) : spare[i]);
    }
    const std::unique_ptr<CallableRun> run = body_->Begin();
    StepInfo step = c.step();
    for (int64_t k = 0; k < steps_; ++k) {
      const int64_t t = first + k * delta;
      step.loop_index = HashCombine(c.step().loop_index, t + 1);
      const absl::Status status = run->Run(arguments, versions, absl::MakeSpan(results), step);
      if (!status.ok()) return Annotate(status, absl::StrCat("step ", t, " of ", steps_));
      for (int i = 0; i < carries_; ++i) {
        std::swap(arguments[i], results[i]);
        if (k == 0) results[i] = steps_ % 2 == 1 ? spare[i] : c.output(i);
      }
      if (k + 1 == steps_) break;
      for (int i = carries_; i < rows_end_; ++i) arguments[i].AdvanceRow(delta);
      for (int i = carries_; i < c.num_outputs(); ++i) results[i].AdvanceRow(delta);
    }
    return absl::OkStatus();
  }

 private:
  // The second buffers of the carries.
  absl::StatusOr<std::vector<Tensor>> SpareCarries(const KernelContext& c) const {
    std::vector<Tensor> spare(carries_);
    if (steps_ == 1) return spare;
    const std::shared_ptr<Buffer> buffer =
        Buffer::Borrow(c.scratch(), bytes_, nullptr, /*writable=*/true);
    for (int i = 0; i < carries_; ++i) {
      const Tensor& like = c.output(i);
      if (like.dtype() == kString) {
        ASSIGN_OR_RETURN(spare[i], Tensor::Make(kString, like.shape()));
      } else {
        spare[i] = Tensor(like.dtype(), like.shape(), buffer, offsets_[i]);
      }
    }
    return spare;
  }

  int carries_ = 0;
  int rows_end_ = 0;  // of the inputs that are sequences
  bool reverse_ = false;
  int64_t steps_ = 0;
  size_t bytes_ = 0;
  std::vector<size_t> offsets_;  // by carry, in the scratch memory
  std::shared_ptr<const Callable> body_;
};

const KernelRegistration kScan({.op = "Scan", .device = "cpu", .factory = &ScanKernel::Make});

}  // namespace
}  // namespace viv
