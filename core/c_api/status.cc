// Statuses, lists of texts, and what all files of the C API share.
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/c_api/handles.h"

namespace viv::c_api {

absl::Status CheckText(const char* text, const char* what) {
  if (text != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " is NULL"));
}

absl::Status CheckArray(const void* pointer, int64_t count, const char* what) {
  if (count < 0) return absl::InvalidArgumentError(absl::StrCat("there are ", count, " ", what));
  if (count > 0 && pointer == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("the array of ", what, " is NULL"));
  }
  return absl::OkStatus();
}

VivCode Report(VivStatus* status, const absl::Status& result) {
  const auto code = static_cast<VivCode>(result.code());
  if (Alive(status)) {
    status->code = code;
    status->message = std::string(result.message());
  }
  return code;
}

absl::Status FromCallback(VivCode code, const VivStatus& status, const char* what) {
  if (code == VIV_OK) return absl::OkStatus();
  const bool known = code > VIV_OK && code <= VIV_UNAUTHENTICATED;
  return absl::Status(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                      status.message.empty()
                          ? absl::StrCat("the ", what, " failed without a message")
                          : status.message);
}

char* NewText(absl::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

VivNames* NewNames(std::vector<std::string> names) {
  auto list = std::make_unique<VivNames>();
  list->names = std::move(names);
  return list.release();
}

absl::StatusOr<PartialShape> ToPartialShape(const int64_t* dims, int32_t rank) {
  if (rank == -1) return PartialShape();
  if (rank < 0 || rank > VIV_MAX_RANK) {
    return absl::InvalidArgumentError(
        absl::StrCat("a rank of ", rank, ", outside 0 to ", VIV_MAX_RANK));
  }
  RETURN_IF_ERROR(CheckArray(dims, rank, "extents"));
  PartialShape shape(absl::Span<const int64_t>(dims, static_cast<size_t>(rank)));
  RETURN_IF_ERROR(shape.Validate());
  return shape;
}

absl::StatusOr<Shape> ToShape(const int64_t* dims, int32_t rank) {
  ASSIGN_OR_RETURN(const PartialShape shape, ToPartialShape(dims, rank));
  if (shape.fully_defined()) return shape.ToShape();
  return absl::InvalidArgumentError(
      absl::StrCat("the shape ", shape.ToString(), " of a tensor is not known"));
}

absl::StatusOr<DType> ToDType(VivDType dtype) {
  if (dtype > VIV_INVALID && dtype < VIV_RESOURCE) return static_cast<DType>(dtype);
  return absl::InvalidArgumentError(
      absl::StrCat(static_cast<int>(dtype), " is no type of elements"));
}

int32_t FromShape(const PartialShape& shape, int64_t* dims) {
  for (int i = 0; i < shape.rank(); ++i) dims[i] = shape.dim(i);
  return shape.rank();
}

}  // namespace viv::c_api

using viv::c_api::Alive;

uint32_t VivAbiVersion(void) { return VIV_ABI_VERSION; }
const char* VivVersion(void) { return "0.1.0"; }

VivStatus* VivStatusNew(void) { return std::make_unique<VivStatus>().release(); }
void VivStatusFree(VivStatus* status) { viv::c_api::Free(status); }
VivCode VivStatusCode(const VivStatus* status) {
  return Alive(status) ? status->code : VIV_INVALID_ARGUMENT;
}
const char* VivStatusMessage(const VivStatus* status) {
  return Alive(status) ? status->message.c_str() : "this is no status";
}
VivCode VivStatusSet(VivStatus* status, VivCode code, const char* message) {
  if (Alive(status)) {
    status->code = code;
    status->message = code == VIV_OK || message == nullptr ? "" : message;
  }
  return code;
}

const char* VivCodeName(VivCode code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  return code >= VIV_OK && code <= VIV_UNAUTHENTICATED ? kNames[code] : "UNKNOWN";
}

void VivFree(char* text) { std::free(text); }

int32_t VivNamesCount(const VivNames* names) {
  return Alive(names) ? static_cast<int32_t>(names->names.size()) : 0;
}
const char* VivNamesAt(const VivNames* names, int32_t i) {
  return i >= 0 && i < VivNamesCount(names) ? names->names[i].c_str() : nullptr;
}
void VivNamesFree(VivNames* names) { viv::c_api::Free(names); }
