// Scan: calls the body once for each row. Carries alternate between the output and a second buffer,
// so that no step copies one, and the last step writes the output.
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/kernels/cpu/carry_buffers.h"
#include "core/kernels/cpu/function_call.h"
#include "core/kernels/cpu/row_list.h"

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
    kernel->spare_ = CarryBuffers(init, kernel->carries_);
    for (const PartialShape& shape : init.output_shapes) {
      kernel->empty_shapes_.push_back(EmptyShape(shape));
    }
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  size_t scratch_bytes() const override { return spare_.bytes(); }

  absl::Status Compute(const KernelContext& c) const override {
    for (int i = 0; i < c.num_outputs(); ++i) {
      if (!IsAllocated(c.output(i)) && (i < carries_ || steps_ == 0)) {
        RETURN_IF_ERROR(c.AllocateOutput(i, i < carries_ ? c.input(i).shape() : empty_shapes_[i]));
      }
    }
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
    ASSIGN_OR_RETURN(const std::vector<Tensor> spare, spare_.Tensors(c));
    std::vector<int> unknown;  // outputs whose rows the plan does not know
    for (int i = 0; i < c.num_outputs(); ++i) {
      const bool row = i >= carries_;
      if (row && !IsAllocated(c.output(i))) {
        results.emplace_back();
        unknown.push_back(i);
      } else {
        results.push_back(row ? c.output(i).Row(first) : steps_ % 2 == 1 ? c.output(i) : spare[i]);
      }
    }
    const std::unique_ptr<CallableRun> run = body_->Begin();
    StepInfo step = c.step();
    for (int64_t k = 0; k < steps_; ++k) {
      const int64_t t = first + k * delta;
      step.loop_index = HashCombine(c.step().loop_index, t + 1);
      const absl::Status status = run->Run(arguments, versions, absl::MakeSpan(results), step);
      if (!status.ok()) return Annotate(status, absl::StrCat("step ", t, " of ", steps_));
      for (const int i : unknown) {
        RETURN_IF_ERROR(PutRow(c, i, t, results[i]));
        results[i] = Tensor();
      }
      for (int i = 0; i < carries_; ++i) {
        std::swap(arguments[i], results[i]);
        if (k == 0) results[i] = steps_ % 2 == 1 ? spare[i] : c.output(i);
      }
      if (k + 1 == steps_) break;
      for (int i = carries_; i < rows_end_; ++i) arguments[i].AdvanceRow(delta);
      for (int i = carries_; i < c.num_outputs(); ++i) {
        if (results[i].valid()) results[i].AdvanceRow(delta);
      }
    }
    return absl::OkStatus();
  }

 private:
  // Puts away row t of an output whose rows the plan does not know: their shape is the first one's.
  absl::Status PutRow(const KernelContext& c, int output, int64_t t, const Tensor& row) const {
    if (!IsAllocated(c.output(output))) {
      std::vector<int64_t> dims = {steps_};
      dims.insert(dims.end(), row.shape().dims().begin(), row.shape().dims().end());
      ASSIGN_OR_RETURN(const Shape shape, Shape::Checked(dims));
      RETURN_IF_ERROR(c.AllocateOutput(output, shape));
    }
    Tensor place = c.output(output).Row(t);
    if (!(place.shape() == row.shape())) return RaggedRows(place.shape(), row.shape());
    place.CopyFrom(row);
    return absl::OkStatus();
  }

  int carries_ = 0;
  int rows_end_ = 0;  // of the inputs that are sequences
  bool reverse_ = false;
  int64_t steps_ = 0;
  CarryBuffers spare_;
  std::vector<Shape> empty_shapes_;  // by output: where there are no steps
  std::shared_ptr<const Callable> body_;
};

const KernelRegistration kScan({.op = "Scan", .device = "cpu", .factory = &ScanKernel::Make});

}  // namespace
}  // namespace viv
