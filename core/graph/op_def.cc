// The op registry.
#include "core/graph/op_def.h"

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/logging.h"
#include "core/base/thread_annotations.h"
#include "core/graph/gradient_context.h"

namespace viv {

const std::vector<DType> kFloatingTypes = {kFloat, kDouble, kBFloat16, kHalf};
const std::vector<DType> kNumericTypes = {kFloat, kDouble, kBFloat16, kHalf,
                                          kInt8,  kUInt8,  kInt32,    kInt64};
const std::vector<DType> kNumberOrBool = {kFloat, kDouble, kBFloat16, kHalf, kInt8,
                                          kUInt8, kInt32,  kInt64,    kBool};
const std::vector<DType> kIndexTypes = {kInt32, kInt64};
const std::vector<DType> kAllTypes = {kFloat, kDouble, kBFloat16, kHalf, kInt8,
                                      kUInt8, kInt32,  kInt64,    kBool, kString};

AttrDef AttrDef::OneOf(std::string name, std::vector<std::string> allowed) {
  AttrDef def(std::move(name), AttrValue(allowed.front()));
  def.allowed = std::move(allowed);
  return def;
}

GradientFn NotDifferentiable() {
  return [](GradientContext&) { return absl::OkStatus(); };
}

const AttrDef* OpDef::FindAttr(const std::string& attr) const {
  for (const AttrDef& def : attrs) {
    if (def.name == attr) return &def;
  }
  return nullptr;
}

const TypeVariable* OpDef::FindType(const std::string& variable) const {
  for (const TypeVariable& type : types) {
    if (type.name == variable) return &type;
  }
  return nullptr;
}

int OpDef::VariadicInput() const {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].arity == Arity::kMany) return static_cast<int>(i);
  }
  return -1;
}

struct OpRegistry::State {
  mutable Mutex mutex;
  std::map<std::string, std::unique_ptr<const OpDef>> ops VIV_GUARDED_BY(mutex);
};

namespace {

absl::Status Validate(const OpDef& def) {
  const auto bad = [&def](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat("op '", def.name, "': ", why));
  };
  if (def.name.empty()) return bad("has no name");
  if (!def.shape) return bad("has no shape function");
  int variadic = 0;
  for (const InputDef& input : def.inputs) variadic += input.arity == Arity::kMany;
  if (variadic > 1) return bad("has two inputs of any number");
  if (def.updates > static_cast<int>(def.inputs.size())) return bad("updates more than its inputs");
  if (def.updates > 0 && !def.outputs.empty()) return bad("an update has no outputs");
  for (size_t i = 0; i + 1 < def.outputs.size(); ++i) {
    if (def.outputs[i].arity == Arity::kMany)
      return bad("only the last output may be of any number");
  }
  return absl::OkStatus();
}

}  // namespace

OpRegistry::OpRegistry() : state_(new State) {}

OpRegistry& OpRegistry::Global() {
  static OpRegistry* const registry = [] {
    alignas(OpRegistry) static char storage[sizeof(OpRegistry)];
    return ::new (storage) OpRegistry;
  }();
  return *registry;
}

absl::Status OpRegistry::Register(OpDef def) {
  if (absl::Status status = Validate(def); !status.ok()) return status;
  MutexLock lock(state_->mutex);
  std::unique_ptr<const OpDef>& slot = state_->ops[def.name];
  if (slot != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat("op '", def.name, "' is registered already"));
  }
  slot = std::make_unique<const OpDef>(std::move(def));
  return absl::OkStatus();
}

const OpDef* OpRegistry::Find(const std::string& name) const {
  MutexLock lock(state_->mutex);
  auto it = state_->ops.find(name);
  return it == state_->ops.end() ? nullptr : it->second.get();
}

std::vector<std::string> OpRegistry::Names() const {
  MutexLock lock(state_->mutex);
  std::vector<std::string> names;
  for (const auto& [name, def] : state_->ops) names.push_back(name);
  return names;
}

OpRegistration::OpRegistration(OpDef def) {
  const absl::Status status = OpRegistry::Global().Register(std::move(def));
  CHECK(status.ok()) << status;
}

}  // namespace viv
