// The plan that suits the calling thread.
#include "core/kernels/cpu/plan_variants.h"

#include <omp.h>

#include <utility>

#include "core/base/status.h"
#include "core/kernels/cpu/thread_buffer.h"

namespace viv {
namespace {

thread_local ThreadBuffer variant_buffer;

}  // namespace

absl::StatusOr<std::unique_ptr<ConvPlan>> PlanVariants::Create(Factory make) {
  std::unique_ptr<PlanVariants> made(new PlanVariants(std::move(make)));
  ASSIGN_OR_RETURN(const ConvPlan* first, made->ForThisThread());
  made->scratch_bytes_ = first->scratch_bytes();
  return made;
}

absl::StatusOr<const ConvPlan*> PlanVariants::ForThisThread() const {
  // What base/parallel.h told OpenMP: 1 in a serial region.
  const int threads = omp_get_max_threads();
  MutexLock lock(mutex_);
  std::unique_ptr<ConvPlan>& variant = by_threads_[threads];
  if (variant == nullptr) {
    ASSIGN_OR_RETURN(variant, make_());
  }
  return variant.get();
}

absl::Status PlanVariants::Run(const ConvOperands& operands, void* scratch) const {
  ASSIGN_OR_RETURN(const ConvPlan* variant, ForThisThread());
  // The kernel has set apart what the first variant needs.
  if (variant->scratch_bytes() > scratch_bytes_) {
    ASSIGN_OR_RETURN(scratch, variant_buffer.Get(variant->scratch_bytes()));
  }
  return variant->Run(operands, scratch);
}

}  // namespace viv
