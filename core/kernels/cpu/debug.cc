// Print, Assert and CheckNumerics.
#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/device/kernel.h"
#include "core/tensor/finite.h"

namespace viv {
namespace {

void PassOn(const KernelContext& c) {
  if (c.output(0).raw() != c.input(0).raw()) c.output(0).CopyFrom(c.input(0));
}

class PrintKernel : public Kernel {
 public:
  explicit PrintKernel(const KernelInit& init)
      : message_(init.attrs.String("message")), max_elements_(init.attrs.Int("max_elements")) {}
  absl::Status Compute(const KernelContext& c) const override {
    // In one piece, so that lines of several threads do not mix.
    const std::string line = absl::StrCat(message_, ": ", c.input(0).ToString(max_elements_), "\n");
    std::fwrite(line.data(), 1, line.size(), stderr);
    PassOn(c);
    return absl::OkStatus();
  }

 private:
  const std::string& message_;
  int64_t max_elements_;
};
const KernelRegistration kPrint(
    {.op = "Print", .device = "cpu", .factory = MakeKernel<PrintKernel>(), .in_place = {{0, 0}}});

class AssertKernel : public Kernel {
 public:
  explicit AssertKernel(const KernelInit& init) : message_(init.attrs.String("message")) {}
  absl::Status Compute(const KernelContext& c) const override {
    const absl::Span<const bool> holds = c.input(0).flat<bool>();
    if (std::find(holds.begin(), holds.end(), false) == holds.end()) return absl::OkStatus();
    std::string text = message_;
    for (int i = 1; i < c.num_inputs(); ++i) {
      absl::StrAppend(&text, i == 1 ? ": " : ", ", c.input(i).ToString());
    }
    return absl::FailedPreconditionError(text);
  }

 private:
  const std::string& message_;
};
const KernelRegistration kAssert({.op = "Assert",
                                  .device = "cpu",
                                  .factory = MakeKernel<AssertKernel>()});

class CheckNumericsKernel : public Kernel {
 public:
  explicit CheckNumericsKernel(const KernelInit& init) : message_(init.attrs.String("message")) {}
  absl::Status Compute(const KernelContext& c) const override {
    const std::string found = DescribeNonFinite(c.input(0));
    if (!found.empty()) return absl::InvalidArgumentError(absl::StrCat(message_, ": ", found));
    PassOn(c);
    return absl::OkStatus();
  }

 private:
  const std::string& message_;
};
const KernelRegistration kCheckNumerics({.op = "CheckNumerics",
                                         .device = "cpu",
                                         .factory = MakeKernel<CheckNumericsKernel>(),
                                         .in_place = {{0, 0}}});

}  // namespace
}  // namespace viv
