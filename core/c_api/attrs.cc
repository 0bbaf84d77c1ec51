// Attributes of the C API.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/c_api/handles.h"

using viv::AttrMap;
using viv::AttrValue;
using viv::DType;
using viv::PartialShape;
using viv::c_api::Alive;
using viv::c_api::CheckArray;
using viv::c_api::CheckText;
using viv::c_api::ToPartialShape;

namespace {

// Keeps the first error of a setter, whose `make` returns the value.
template <typename F>
void Set(VivAttrs* attrs, const char* name, F&& make) {
  if (!Alive(attrs) || !attrs->status.ok()) return;
  const absl::Status status = viv::RunGuarded("C API", [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckText(name, "the name"));
    ASSIGN_OR_RETURN(AttrValue value, make());
    attrs->map.Set(name, std::move(value));
    return absl::OkStatus();
  });
  attrs->status = viv::Annotate(
      status, absl::StrCat("attribute ", name == nullptr ? "" : absl::StrCat("'", name, "'")));
}

// Null where there is no such attribute of that type.
template <typename T>
const T* Get(const VivAttrs* attrs, const char* name) {
  if (!Alive(attrs) || name == nullptr) return nullptr;
  const AttrValue* value = attrs->get().Find(name);
  return value == nullptr ? nullptr : value->get<T>();
}

template <typename T, typename V>
absl::StatusOr<AttrValue> List(const V* values, int32_t count) {
  RETURN_IF_ERROR(CheckArray(values, count, "values"));
  return AttrValue(std::vector<T>(values, values + count));
}

template <typename T>
int32_t GetList(const VivAttrs* attrs, const char* name, const T** values) {
  const auto* list = Get<std::vector<T>>(attrs, name);
  if (values != nullptr) *values = list == nullptr ? nullptr : list->data();
  return list == nullptr ? 0 : static_cast<int32_t>(list->size());
}

}  // namespace

namespace viv::c_api {

absl::StatusOr<AttrMap> ToAttrs(const VivAttrs* attrs) {
  if (attrs == nullptr) return AttrMap();
  RETURN_IF_ERROR(Check(attrs, "the attributes"));
  RETURN_IF_ERROR(attrs->status);
  return attrs->get();
}

}  // namespace viv::c_api

VivAttrs* VivAttrsNew(void) { return std::make_unique<VivAttrs>().release(); }
void VivAttrsFree(VivAttrs* attrs) { viv::c_api::Free(attrs); }

void VivAttrsSetBool(VivAttrs* attrs, const char* name, int value) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> { return AttrValue(value != 0); });
}
void VivAttrsSetInt(VivAttrs* attrs, const char* name, int64_t value) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> { return AttrValue(value); });
}
void VivAttrsSetFloat(VivAttrs* attrs, const char* name, double value) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> { return AttrValue(value); });
}
void VivAttrsSetString(VivAttrs* attrs, const char* name, const char* value) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    RETURN_IF_ERROR(CheckText(value, "the value"));
    return AttrValue(value);
  });
}
void VivAttrsSetType(VivAttrs* attrs, const char* name, VivDType value) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    ASSIGN_OR_RETURN(const DType type, viv::c_api::ToDType(value));
    return AttrValue(type);
  });
}
void VivAttrsSetShape(VivAttrs* attrs, const char* name, const int64_t* dims, int32_t rank) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    ASSIGN_OR_RETURN(PartialShape shape, ToPartialShape(dims, rank));
    return AttrValue(std::move(shape));
  });
}
void VivAttrsSetInts(VivAttrs* attrs, const char* name, const int64_t* values, int32_t count) {
  Set(attrs, name, [&] { return List<int64_t>(values, count); });
}
void VivAttrsSetFloats(VivAttrs* attrs, const char* name, const double* values, int32_t count) {
  Set(attrs, name, [&] { return List<double>(values, count); });
}
void VivAttrsSetStrings(VivAttrs* attrs, const char* name, const char* const* values,
                        int32_t count) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    RETURN_IF_ERROR(CheckArray(values, count, "values"));
    for (int32_t i = 0; i < count; ++i) RETURN_IF_ERROR(CheckText(values[i], "a value"));
    return List<std::string>(values, count);
  });
}
void VivAttrsSetTypes(VivAttrs* attrs, const char* name, const VivDType* values, int32_t count) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    RETURN_IF_ERROR(CheckArray(values, count, "values"));
    std::vector<DType> types;
    for (int32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const DType type, viv::c_api::ToDType(values[i]));
      types.push_back(type);
    }
    return AttrValue(std::move(types));
  });
}
void VivAttrsSetShapes(VivAttrs* attrs, const char* name, const int64_t* const* dims,
                       const int32_t* ranks, int32_t count) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    RETURN_IF_ERROR(CheckArray(dims, count, "shapes"));
    RETURN_IF_ERROR(CheckArray(ranks, count, "ranks"));
    std::vector<PartialShape> shapes;
    for (int32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(PartialShape shape, ToPartialShape(dims[i], ranks[i]));
      shapes.push_back(std::move(shape));
    }
    return AttrValue(std::move(shapes));
  });
}
void VivAttrsSetTensor(VivAttrs* attrs, const char* name, const VivTensor* value) {
  Set(attrs, name, [&]() -> absl::StatusOr<AttrValue> {
    RETURN_IF_ERROR(viv::c_api::Check(value, "the tensor"));
    // Whoever wrote the tensor may write on.
    ASSIGN_OR_RETURN(viv::Tensor copy, value->tensor.Clone());
    return AttrValue(std::move(copy));
  });
}

VivAttrType VivAttrsTypeOf(const VivAttrs* attrs, const char* name) {
  if (!Alive(attrs) || name == nullptr) return VIV_ATTR_NONE;
  const AttrValue* value = attrs->get().Find(name);
  return value == nullptr ? VIV_ATTR_NONE : static_cast<VivAttrType>(value->type());
}
int VivAttrsBool(const VivAttrs* attrs, const char* name) {
  const bool* value = Get<bool>(attrs, name);
  return value != nullptr && *value ? 1 : 0;
}
int64_t VivAttrsInt(const VivAttrs* attrs, const char* name) {
  const int64_t* value = Get<int64_t>(attrs, name);
  return value == nullptr ? 0 : *value;
}
double VivAttrsFloat(const VivAttrs* attrs, const char* name) {
  const double* value = Get<double>(attrs, name);
  return value == nullptr ? 0 : *value;
}
const char* VivAttrsString(const VivAttrs* attrs, const char* name) {
  const std::string* value = Get<std::string>(attrs, name);
  return value == nullptr ? nullptr : value->c_str();
}
VivDType VivAttrsDType(const VivAttrs* attrs, const char* name) {
  const DType* value = Get<DType>(attrs, name);
  return value == nullptr ? VIV_INVALID : viv::c_api::FromDType(*value);
}
int32_t VivAttrsInts(const VivAttrs* attrs, const char* name, const int64_t** values) {
  return GetList<int64_t>(attrs, name, values);
}
int32_t VivAttrsFloats(const VivAttrs* attrs, const char* name, const double** values) {
  return GetList<double>(attrs, name, values);
}
VivTensor* VivAttrsGetTensor(const VivAttrs* attrs, const char* name, VivStatus* status) {
  return viv::c_api::Make<VivTensor>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivTensor>> {
    RETURN_IF_ERROR(viv::c_api::Check(attrs, "the attributes"));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    const auto* value = Get<viv::Tensor>(attrs, name);
    if (value != nullptr) return std::make_unique<VivTensor>(*value);
    return absl::NotFoundError(absl::StrCat("there is no tensor '", name, "'"));
  });
}
char* VivAttrsToText(const VivAttrs* attrs) {
  if (!Alive(attrs)) return nullptr;
  return viv::c_api::NewText(
      absl::StrJoin(attrs->get(), ", ", [](std::string* out, const auto& attr) {
        absl::StrAppend(out, attr.first, "=", attr.second.ToString());
      }));
}
