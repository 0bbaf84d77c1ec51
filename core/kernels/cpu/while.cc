// While: calls the body as long as the first carry holds. Carries alternate between the output and
// a second buffer, so that no step copies one; values of each step go to lists that grow.
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/kernels/cpu/carry_buffers.h"
#include "core/kernels/cpu/function_call.h"
#include "core/kernels/cpu/row_list.h"

namespace viv {
namespace {

class WhileKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    auto kernel = std::make_unique<WhileKernel>();
    kernel->carries_ = static_cast<int>(init.attrs.Int("carries"));
    ASSIGN_OR_RETURN(kernel->body_, init.callable(init.attrs.String("body"),
                                                  static_cast<int>(init.output_types.size())));
    if (init.attrs.Bool("padded")) kernel->max_rows_ = init.attrs.Int("max_steps");
    kernel->spare_ = CarryBuffers(init, kernel->carries_);
    for (size_t i = kernel->carries_; i < init.output_types.size(); ++i) {
      const PartialShape& stacked = init.output_shapes[i];
      kernel->rows_.emplace_back(init.output_types[i], stacked.known_rank()
                                                           ? PartialShape(stacked.dims().subspan(1))
                                                           : PartialShape());
    }
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  size_t scratch_bytes() const override { return spare_.bytes(); }

  absl::Status Compute(const KernelContext& c) const override {
    for (int i = 0; i < carries_; ++i) {
      if (!IsAllocated(c.output(i))) RETURN_IF_ERROR(c.AllocateOutput(i, c.input(i).shape()));
    }
    std::vector<RowList> lists = rows_;
    ASSIGN_OR_RETURN(const int64_t steps, Loop(c, lists));
    for (int i = 0; steps == 0 && i < carries_; ++i) c.output(i).CopyFrom(c.input(i));
    for (size_t i = 0; i < lists.size(); ++i) {
      ASSIGN_OR_RETURN(Tensor stacked,
                       max_rows_ < 0 ? lists[i].Stacked() : lists[i].Padded(max_rows_));
      const int output = carries_ + static_cast<int>(i);
      if (IsAllocated(c.output(output))) {
        c.output(output).CopyFrom(stacked);
      } else {
        c.SetOutput(output, std::move(stacked));
      }
    }
    return absl::OkStatus();
  }

 private:
  // Returns how many steps there were. If any, the outputs hold the carries.
  absl::StatusOr<int64_t> Loop(const KernelContext& c, std::vector<RowList>& lists) const {
    if (!c.input(0).scalar<bool>()) return 0;
    std::vector<Tensor> arguments;
    std::vector<ValueVersion> versions(c.num_inputs());
    for (int i = 0; i < c.num_inputs(); ++i) {
      arguments.push_back(c.input(i));
      if (i >= carries_) versions[i] = c.input_version(i);
    }
    std::vector<Tensor> results(c.num_outputs());
    ASSIGN_OR_RETURN(const std::vector<Tensor> spare, spare_.Tensors(c));
    const std::unique_ptr<CallableRun> run = body_->Begin();
    StepInfo step = c.step();
    int64_t t = 0;
    do {
      for (int i = 0; i < carries_; ++i) results[i] = t % 2 == 0 ? c.output(i) : spare[i];
      step.loop_index = HashCombine(c.step().loop_index, t + 1);
      const absl::Status status = Step(*run, arguments, versions, results, step, lists);
      if (!status.ok()) return Annotate(status, absl::StrCat("step ", t));
      for (int i = 0; i < carries_; ++i) arguments[i] = results[i];
      ++t;
    } while (arguments[0].scalar<bool>());
    for (int i = 0; t % 2 == 0 && i < carries_; ++i) c.output(i).CopyFrom(arguments[i]);
    return t;
  }

  absl::Status Step(CallableRun& run, absl::Span<const Tensor> arguments,
                    absl::Span<const ValueVersion> versions, std::vector<Tensor>& results,
                    const StepInfo& step, std::vector<RowList>& lists) const {
    std::vector<bool> known(lists.size());
    for (size_t i = 0; i < lists.size(); ++i) {
      ASSIGN_OR_RETURN(results[carries_ + i], lists[i].Next());
      known[i] = results[carries_ + i].valid();
    }
    RETURN_IF_ERROR(run.Run(arguments, versions, absl::MakeSpan(results), step));
    for (size_t i = 0; i < lists.size(); ++i) {
      if (!known[i]) RETURN_IF_ERROR(lists[i].Append(results[carries_ + i]));
    }
    return absl::OkStatus();
  }

  int carries_ = 0;
  int64_t max_rows_ = -1;  // -1: as many as there are steps
  CarryBuffers spare_;
  std::vector<RowList> rows_;  // empty ones, by output beyond the carries
  std::shared_ptr<const Callable> body_;
};

const KernelRegistration kWhile({.op = "While", .device = "cpu", .factory = &WhileKernel::Make});

}  // namespace
}  // namespace viv
