// One plan for each number of threads that runs a kernel: what a library makes for so many.
#ifndef VIV_CORE_KERNELS_CPU_PLAN_VARIANTS_H_
#define VIV_CORE_KERNELS_CPU_PLAN_VARIANTS_H_

#include <functional>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "core/base/thread_annotations.h"
#include "core/kernels/cpu/convolution_plan.h"

namespace viv {

class PlanVariants : public ConvPlan {
 public:
  // Makes a plan for as many threads as the calling thread may use.
  using Factory = std::function<absl::StatusOr<std::unique_ptr<ConvPlan>>()>;

  // The first variant is made at once. Errors of `make`.
  static absl::StatusOr<std::unique_ptr<ConvPlan>> Create(Factory make);
  // Of the variant for this thread's number of threads, the one most kernels will ever see.
  size_t scratch_bytes() const override { return scratch_bytes_; }
  absl::Status Run(const ConvOperands& operands, void* scratch) const override;

 private:
  explicit PlanVariants(Factory make) : make_(std::move(make)) {}
  absl::StatusOr<const ConvPlan*> ForThisThread() const;

  const Factory make_;
  size_t scratch_bytes_ = 0;
  mutable Mutex mutex_;
  mutable std::map<int, std::unique_ptr<ConvPlan>> by_threads_ VIV_GUARDED_BY(mutex_);
};

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_PLAN_VARIANTS_H_
