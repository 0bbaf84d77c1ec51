// What the handles of the C API are, and how its functions report errors. For this folder only.
#ifndef VIV_CORE_C_API_HANDLES_H_
#define VIV_CORE_C_API_HANDLES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/c_api/vivarium.h"
#include "core/device/kernel.h"
#include "core/graph/builder.h"
#include "core/graph/graph_def.h"
#include "core/graph/op_def.h"
#include "core/runtime/session.h"
#include "core/tensor/attr.h"
#include "core/tensor/tensor.h"

namespace viv::c_api {

// Begins every handle, so that one of another type, or one that was freed, is noticed as long as
// its memory was not used again.
template <uint32_t tag_of_type>
class Tagged {
 public:
  static constexpr uint32_t kTag = tag_of_type;
  Tagged() = default;
  ~Tagged() { tag_ = 0; }
  Tagged(const Tagged&) {}
  Tagged& operator=(const Tagged&) { return *this; }
  uint32_t tag() const { return tag_; }

 private:
  volatile uint32_t tag_ = kTag;
};

template <typename T>
bool Alive(const T* handle) {
  return handle != nullptr && handle->tag() == T::kTag;
}
// InvalidArgument, naming `what` the handle should be.
template <typename T>
absl::Status Check(const T* handle, const char* what) {
  if (Alive(handle)) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(what) +
                                    (handle == nullptr ? " is NULL" : " is no such handle"));
}
absl::Status CheckText(const char* text, const char* what);
// Whether `count` elements may be read from `pointer`.
absl::Status CheckArray(const void* pointer, int64_t count, const char* what);

// Puts `result` into `status`, which may be null.
VivCode Report(VivStatus* status, const absl::Status& result);
// What a function that was called back has reported.
absl::Status FromCallback(VivCode code, const VivStatus& status, const char* what);

// Runs the body of an API function, which returns an absl::Status, and reports. No exception
// crosses the border.
template <typename F>
VivCode Guarded(VivStatus* status, F&& body) {
  return Report(status, RunGuarded("C API", std::forward<F>(body)));
}
// The same for functions that return a handle; `body` returns a StatusOr of a unique_ptr.
template <typename T, typename F>
T* Make(VivStatus* status, F&& body) {
  std::unique_ptr<T> made;
  Guarded(status, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(made, body());
    return absl::OkStatus();
  });
  return made.release();
}
template <typename T>
void Free(T* handle) {
  if (Alive(handle)) std::unique_ptr<T> freed(handle);
}

// For VivFree. Null where memory is short.
char* NewText(absl::string_view text);
VivNames* NewNames(std::vector<std::string> names);

// A shape from outside; rank -1 is unknown.
absl::StatusOr<PartialShape> ToPartialShape(const int64_t* dims, int32_t rank);
absl::StatusOr<Shape> ToShape(const int64_t* dims, int32_t rank);
absl::StatusOr<DType> ToDType(VivDType dtype);
inline VivDType FromDType(DType dtype) { return static_cast<VivDType>(dtype); }
// -1 for unknown rank, else the rank; extents go into `dims`.
int32_t FromShape(const PartialShape& shape, int64_t* dims);

}  // namespace viv::c_api

struct VivStatus : viv::c_api::Tagged<0x56495601> {
  VivCode code = VIV_OK;
  std::string message;
};

struct VivNames : viv::c_api::Tagged<0x56495602> {
  std::vector<std::string> names;
};

struct VivTensor : viv::c_api::Tagged<0x56495603> {
  VivTensor() = default;
  explicit VivTensor(viv::Tensor value) : tensor(std::move(value)) {}
  // How it may be written: by its owner after a copy if need be, not at all (an input of a kernel),
  // or where it is (an output of a kernel).
  enum class Kind { kOwned, kInput, kOutput };

  viv::Tensor tensor;
  Kind kind = Kind::kOwned;
};

struct VivAttrs : viv::c_api::Tagged<0x56495604> {
  VivAttrs() = default;
  // Shows `attrs`, which outlive it, for reading.
  explicit VivAttrs(const viv::AttrMap& attrs) : shown(&attrs) {}
  const viv::AttrMap& get() const { return shown == nullptr ? map : *shown; }

  viv::AttrMap map;
  const viv::AttrMap* shown = nullptr;
  // The first wrong use of a setter.
  absl::Status status;
};

struct VivGraph : viv::c_api::Tagged<0x56495605> {
  explicit VivGraph(viv::GraphBuilder graph) : builder(std::move(graph)) {}
  // Owns the graph or, of a gradient, belongs to who builds it and keeps the first error.
  viv::GraphBuilder builder;
  bool of_gradient = false;
  viv::Signatures signatures;
};

struct VivSession : viv::c_api::Tagged<0x56495606> {
  VivSession(viv::GraphBuilder graph, viv::Signatures names, viv::Session made)
      : builder(std::move(graph)), signatures(std::move(names)), session(std::move(made)) {}
  viv::GraphBuilder builder;  // keeps the graph alive
  viv::Signatures signatures;
  viv::Session session;
};

namespace viv::c_api {

// Outputs and nodes by number.
absl::StatusOr<Node*> ToNode(const Graph& graph, VivNode node);
absl::StatusOr<Output> ToOutput(const Graph& graph, VivOutput output);
absl::StatusOr<std::vector<Output>> ToOutputs(const Graph& graph, const VivOutput* outputs,
                                              int32_t count, const char* what);
VivOutput FromOutput(const Output& output);
// NotFound lists what there is.
absl::StatusOr<const Signature*> FindSignature(const Signatures& signatures,
                                               const std::string& name);
absl::StatusOr<Output> FindEnd(const std::map<std::string, Output>& ends, const std::string& name);
// The attributes, or the first wrong use of a setter; none for null.
absl::StatusOr<AttrMap> ToAttrs(const VivAttrs* attrs);

// Registers an op or kernel; while a library is being loaded, when all of it is known to be good.
absl::Status RegisterOp(OpDef def);
// `factory` makes the kernel's, given whether the op has outputs of dynamic shape.
absl::Status RegisterKernel(KernelDef def,
                            const std::function<KernelFactory(bool dynamic)>& factory);

}  // namespace viv::c_api

#endif  // VIV_CORE_C_API_HANDLES_H_
