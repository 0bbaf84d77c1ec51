// Libraries of ops: all of what one registers becomes known, or nothing.
#include <dlfcn.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/thread_annotations.h"
#include "core/c_api/handles.h"
#include "core/c_api/vivarium_op.h"

namespace viv::c_api {
namespace {

// What the library that this thread is loading has registered so far.
struct Loading {
  std::vector<OpDef> ops;
  std::vector<KernelDef> kernels;

  const OpDef* Find(const std::string& name) const {
    for (const OpDef& op : ops) {
      if (op.name == name) return &op;
    }
    return nullptr;
  }
};
thread_local Loading* loading = nullptr;

// The libraries of the process.
struct Libraries {
  Mutex mutex;
  std::set<void*> loaded VIV_GUARDED_BY(mutex);
};
Libraries& AllLibraries() {
  static auto* const libraries = std::make_unique<Libraries>().release();
  return *libraries;
}

// The registry checks what authors of the house get wrong; what follows would end the process when
// a node is made.
absl::Status CheckOp(const OpDef& op) {
  const auto bad = [&op](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat("op '", op.name, "' ", why));
  };
  if (!op.shape) return bad("has no shape function (VivOpDefShape)");
  int variadic = 0;
  for (const InputDef& input : op.inputs) variadic += input.arity == Arity::kMany;
  if (variadic > 1) return bad("has two inputs of any number");
  for (size_t i = 0; i < op.outputs.size(); ++i) {
    const OutputDef& output = op.outputs[i];
    if (output.arity == Arity::kOne) {
      if (output.type.any()) return bad("has an output of any type; name a type variable");
      continue;
    }
    if (i + 1 < op.outputs.size()) return bad("has outputs of any number before the last");
    if (output.count == "inputs") {
      if (variadic == 0) return bad("counts the inputs of VIV_INPUT_MANY, but has none");
      continue;
    }
    const AttrDef* count = op.FindAttr(output.count);
    const bool number = count != nullptr && count->type == AttrType::kInt;
    if (!number && (count == nullptr || count->type != AttrType::kTypes)) {
      return bad(absl::StrCat("has outputs counted by '", output.count,
                              "', which is no attribute of integers or types"));
    }
  }
  const AttrDef* dtype = op.FindAttr("dtype");
  if (dtype != nullptr && dtype->type != AttrType::kType) {
    return bad("has an attribute 'dtype' that is no type; give it another name");
  }
  return absl::OkStatus();
}

// Whether the op has a type variable of this name.
bool HasVariable(const OpDef& op, const std::string& name) {
  const auto uses = [&name](const auto& end) { return end.type.variable == name; };
  return std::any_of(op.inputs.begin(), op.inputs.end(), uses) ||
         std::any_of(op.outputs.begin(), op.outputs.end(), uses);
}

absl::Status Commit(Loading& found) {
  for (OpDef& op : found.ops) RETURN_IF_ERROR(OpRegistry::Global().Register(std::move(op)));
  for (KernelDef& kernel : found.kernels) {
    RETURN_IF_ERROR(KernelRegistry::Global().Register(std::move(kernel)));
  }
  return absl::OkStatus();
}

// Whether a kernel for these types is known, or about to be.
absl::Status CheckNewKernel(const KernelDef& kernel) {
  const auto same = [&kernel](const KernelDef& other) {
    return other.op == kernel.op && other.device == kernel.device && other.types == kernel.types;
  };
  bool known =
      loading != nullptr && std::any_of(loading->kernels.begin(), loading->kernels.end(), same);
  for (const KernelDef* other : KernelRegistry::Global().All()) known |= same(*other);
  if (!known) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("there is a ", kernel.device, " kernel for these types already"));
}

template <typename F>
absl::StatusOr<F> Symbol(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol != nullptr) return reinterpret_cast<F>(symbol);
  return absl::InvalidArgumentError(absl::StrCat("is no library of ops: it has no '", name,
                                                 "' (VIV_OP_LIBRARY of vivarium_op.h makes it)"));
}

// Lets the library register, and takes what it registered.
absl::Status Register(void* library) {
  ASSIGN_OR_RETURN(const auto version, Symbol<uint32_t (*)()>(library, "VivLibraryAbiVersion"));
  if (version() != VIV_ABI_VERSION) {
    return absl::FailedPreconditionError(
        absl::StrCat("was compiled for version ", version(), " of the C API, this is version ",
                     VIV_ABI_VERSION, ": compile it again with this library's header"));
  }
  ASSIGN_OR_RETURN(const auto entry,
                   Symbol<VivCode (*)(VivStatus*)>(library, "VivLibraryRegister"));
  Loading found;
  VivStatus status;
  loading = &found;
  const VivCode code = entry(&status);
  loading = nullptr;
  RETURN_IF_ERROR(FromCallback(code, status, "function that registers"));
  return Commit(found);
}

absl::Status Load(const std::string& path) {
  // A bare name would be looked for in the system's folders.
  const std::string file = absl::StrContains(path, '/') ? path : absl::StrCat("./", path);
  if (!Env::Default()->FileExists(file)) {
    return absl::NotFoundError(absl::StrCat("there is no file ", path));
  }
  if (loading != nullptr) {
    return absl::FailedPreconditionError("a library that is being loaded cannot load others");
  }
  Libraries& libraries = AllLibraries();
  MutexLock lock(libraries.mutex);
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("cannot be loaded: ", dlerror()));
  }
  if (libraries.loaded.count(library) > 0) {
    dlclose(library);  // counts down only
    return absl::OkStatus();
  }
  const absl::Status status = Register(library);
  if (status.ok()) {
    libraries.loaded.insert(library);
  } else {
    dlclose(library);
  }
  return status;
}

}  // namespace

absl::Status RegisterOp(OpDef def) {
  RETURN_IF_ERROR(CheckOp(def));
  const bool pending = loading != nullptr && loading->Find(def.name) != nullptr;
  if (pending || OpRegistry::Global().Find(def.name) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is an op '", def.name, "' already; give this one another name"));
  }
  if (loading == nullptr) return OpRegistry::Global().Register(std::move(def));
  loading->ops.push_back(std::move(def));
  return absl::OkStatus();
}

absl::Status RegisterKernel(KernelDef def,
                            const std::function<KernelFactory(bool dynamic)>& factory) {
  const OpDef* op = loading == nullptr ? nullptr : loading->Find(def.op);
  if (op == nullptr) op = OpRegistry::Global().Find(def.op);
  if (op == nullptr) {
    return absl::NotFoundError("there is no such op; register it before its kernels");
  }
  for (const auto& [variable, type] : def.types) {
    if (HasVariable(*op, variable)) continue;
    return absl::InvalidArgumentError(absl::StrCat("the op has no type variable '", variable, "'"));
  }
  RETURN_IF_ERROR(CheckNewKernel(def));
  def.factory = factory(op->dynamic_output);
  if (loading == nullptr) return KernelRegistry::Global().Register(std::move(def));
  loading->kernels.push_back(std::move(def));
  return absl::OkStatus();
}

}  // namespace viv::c_api

VivCode VivLoadLibrary(const char* path, VivStatus* status) {
  return viv::c_api::Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(viv::c_api::CheckText(path, "the path"));
    return viv::Annotate(viv::c_api::Load(path), path);
  });
}
