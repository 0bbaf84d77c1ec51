// The kernel registry.
#include "core/device/kernel.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/logging.h"
#include "core/base/status.h"
#include "core/base/thread_annotations.h"

namespace viv {

absl::Status KernelContext::AllocateOutput(int i, const Shape& shape) const {
  ASSIGN_OR_RETURN(*outputs_[i], Tensor::Make(outputs_[i]->dtype(), shape));
  return absl::OkStatus();
}

KernelContext KernelContextBuilder::Make(absl::Span<const Tensor* const> inputs,
                                         absl::Span<Tensor* const> outputs,
                                         absl::Span<VariableState* const> variables,
                                         absl::Span<const ValueVersion> versions, void* scratch,
                                         const StepInfo* step) {
  KernelContext context;
  context.inputs_ = inputs;
  context.outputs_ = outputs;
  context.variables_ = variables;
  context.versions_ = versions;
  context.scratch_ = scratch;
  context.step_ = step;
  return context;
}

struct KernelRegistry::State {
  mutable Mutex mutex;
  std::multimap<std::string, std::unique_ptr<const KernelDef>> kernels VIV_GUARDED_BY(mutex);
};

namespace {

using Types = std::vector<std::pair<std::string, DType>>;

// Whether a kernel with `offered` types runs a node with these.
bool Serves(const Types& offered, const Types& wanted) {
  return std::all_of(offered.begin(), offered.end(), [&wanted](const auto& type) {
    return std::find(wanted.begin(), wanted.end(), type) != wanted.end();
  });
}

std::string TypesToString(const Types& types) {
  return absl::StrJoin(types, ", ", [](std::string* out, const auto& type) {
    absl::StrAppend(out, type.first, "=", DTypeName(type.second));
  });
}

class FunctionKernel : public Kernel {
 public:
  explicit FunctionKernel(ComputeFn compute) : compute_(compute) {}
  absl::Status Compute(const KernelContext& context) const override { return compute_(context); }

 private:
  ComputeFn compute_;
};

}  // namespace

KernelFactory MakeKernel(ComputeFn compute) {
  return [compute](const KernelInit&) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    return std::unique_ptr<Kernel>(std::make_unique<FunctionKernel>(compute));
  };
}

KernelRegistry::KernelRegistry() : state_(new State) {}

KernelRegistry& KernelRegistry::Global() {
  alignas(KernelRegistry) static char storage[sizeof(KernelRegistry)];
  static KernelRegistry* const registry = ::new (storage) KernelRegistry;
  return *registry;
}

absl::Status KernelRegistry::Register(KernelDef def) {
  MutexLock lock(state_->mutex);
  const std::string key = absl::StrCat(def.device, "/", def.op);
  auto [begin, end] = state_->kernels.equal_range(key);
  for (auto it = begin; it != end; ++it) {
    if (it->second->types == def.types) {
      return absl::AlreadyExistsError(absl::StrCat("a ", def.device, " kernel of op '", def.op,
                                                   "' for ", TypesToString(def.types),
                                                   " is registered already"));
    }
  }
  state_->kernels.emplace(key, std::make_unique<const KernelDef>(std::move(def)));
  return absl::OkStatus();
}

absl::StatusOr<const KernelDef*> KernelRegistry::Find(const std::string& op,
                                                      const std::string& device,
                                                      const Types& types) const {
  MutexLock lock(state_->mutex);
  std::vector<std::string> offers;
  auto [begin, end] = state_->kernels.equal_range(absl::StrCat(device, "/", op));
  for (auto it = begin; it != end; ++it) {
    if (Serves(it->second->types, types)) return it->second.get();
    offers.push_back(absl::StrCat("{", TypesToString(it->second->types), "}"));
  }
  return absl::NotFoundError(absl::StrCat(
      "op '", op, "' has no ", device, " kernel for {", TypesToString(types), "}",
      offers.empty() ? "" : absl::StrCat("; there is one for ", absl::StrJoin(offers, ", "))));
}

std::vector<const KernelDef*> KernelRegistry::All() const {
  MutexLock lock(state_->mutex);
  std::vector<const KernelDef*> all;
  for (const auto& [key, def] : state_->kernels) all.push_back(def.get());
  return all;
}

KernelRegistration::KernelRegistration(KernelDef def) {
  const absl::Status status = KernelRegistry::Global().Register(std::move(def));
  CHECK(status.ok()) << status;
}

KernelRegistration::KernelRegistration(const std::string& op, const std::string& device,
                                       const Types& types, ComputeFn compute,
                                       std::vector<InPlace> in_place)
    : KernelRegistration(KernelDef{.op = op,
                                   .device = device,
                                   .types = types,
                                   .factory = MakeKernel(compute),
                                   .in_place = std::move(in_place)}) {}

}  // namespace viv
