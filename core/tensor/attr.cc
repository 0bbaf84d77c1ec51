// Attribute values: printing and comparison.
#include "core/tensor/attr.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/logging.h"
#include "core/base/random.h"

namespace viv {
namespace {

struct Printer {
  std::string operator()(std::monostate) const { return "none"; }
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(int64_t v) const { return absl::StrCat(v); }
  std::string operator()(double v) const { return absl::StrFormat("%.17g", v); }
  std::string operator()(const std::string& v) const { return absl::StrCat("'", v, "'"); }
  std::string operator()(DType v) const { return DTypeName(v); }
  std::string operator()(const PartialShape& v) const { return v.ToString(); }
  std::string operator()(const Tensor& v) const {
    uint64_t hash = 0;
    if (v.dtype() == DType::kString) {
      for (const std::string& s : v.flat<std::string>()) {
        hash = HashString64(absl::StrCat(hash, s.size(), ":", s));
      }
    } else if (v.valid()) {
      hash = HashString64(absl::string_view(static_cast<const char*>(v.raw()), v.bytes()));
    }
    return absl::StrCat(v.ToString(), "#", absl::Hex(hash));
  }
  template <typename T>
  std::string operator()(const std::vector<T>& values) const {
    return absl::StrCat(
        "[",
        absl::StrJoin(values, ", ",
                      [this](std::string* out, const T& v) { absl::StrAppend(out, (*this)(v)); }),
        "]");
  }
};

}  // namespace

const char* AttrTypeName(AttrType type) {
  static constexpr const char* kNames[] = {"none",  "bool",   "int",   "float",  "string",
                                           "type",  "shape",  "ints",  "floats", "strings",
                                           "types", "shapes", "tensor"};
  return kNames[static_cast<int>(type)];
}

std::string AttrValue::ToString() const { return std::visit(Printer(), value_); }

bool operator==(const AttrValue& a, const AttrValue& b) {
  if (a.value_.index() != b.value_.index()) return false;
  if (const Tensor* tensor = a.get<Tensor>()) return tensor->Identical(*b.get<Tensor>());
  return std::visit(
      [&b](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, Tensor>) {
          return false;
        } else {
          return v == *b.get<T>();
        }
      },
      a.value_);
}

const AttrValue* AttrMap::Find(const std::string& name) const {
  auto it = values_.find(name);
  return it == values_.end() ? nullptr : &it->second;
}

void DieOfBadAttr(const std::string& name) {
  LOG(FATAL) << "attribute '" << name << "' is missing or of another type";
}

}  // namespace viv
