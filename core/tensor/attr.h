// Attributes: the constants that a node is configured with.
#ifndef VIV_CORE_TENSOR_ATTR_H_
#define VIV_CORE_TENSOR_ATTR_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"
#include "core/tensor/tensor.h"

namespace viv {

// In the order of AttrValue's alternatives: AttrValue::type() is the index.
enum class AttrType {
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kType,
  kShape,
  kInts,
  kFloats,
  kStrings,
  kTypes,
  kShapes,
  kTensor,
};
const char* AttrTypeName(AttrType type);

class AttrValue {
 public:
  using Variant =
      std::variant<std::monostate, bool, int64_t, double, std::string, DType, PartialShape,
                   std::vector<int64_t>, std::vector<double>, std::vector<std::string>,
                   std::vector<DType>, std::vector<PartialShape>, Tensor>;

  AttrValue() = default;
  AttrValue(bool v) : value_(v) {}                                  // NOLINT
  AttrValue(int v) : value_(int64_t{v}) {}                          // NOLINT
  AttrValue(int64_t v) : value_(v) {}                               // NOLINT
  AttrValue(float v) : value_(double{v}) {}                         // NOLINT
  AttrValue(double v) : value_(v) {}                                // NOLINT
  AttrValue(const char* v) : value_(std::string(v)) {}              // NOLINT
  AttrValue(std::string v) : value_(std::move(v)) {}                // NOLINT
  AttrValue(DType v) : value_(v) {}                                 // NOLINT
  AttrValue(PartialShape v) : value_(std::move(v)) {}               // NOLINT
  AttrValue(const Shape& v) : value_(PartialShape(v)) {}            // NOLINT
  AttrValue(std::vector<int64_t> v) : value_(std::move(v)) {}       // NOLINT
  AttrValue(std::vector<double> v) : value_(std::move(v)) {}        // NOLINT
  AttrValue(std::vector<std::string> v) : value_(std::move(v)) {}   // NOLINT
  AttrValue(std::vector<DType> v) : value_(std::move(v)) {}         // NOLINT
  AttrValue(std::vector<PartialShape> v) : value_(std::move(v)) {}  // NOLINT
  AttrValue(Tensor v) : value_(std::move(v)) {}                     // NOLINT

  AttrType type() const { return static_cast<AttrType>(value_.index()); }
  const Variant& value() const { return value_; }
  // Null where the value is of another type.
  template <typename T>
  const T* get() const {
    return std::get_if<T>(&value_);
  }

  // For messages, graph pictures and the key of equal nodes; tensors print a hash of their bytes.
  std::string ToString() const;
  // Tensors are equal when identical bit for bit.
  friend bool operator==(const AttrValue& a, const AttrValue& b);

 private:
  Variant value_;
};

// Attributes by name. The typed getters are for attributes that the op's definition promises: a
// missing name or another type is a bug of ours and dies.
class AttrMap {
 public:
  using Map = std::map<std::string, AttrValue>;

  AttrMap() = default;
  AttrMap(std::initializer_list<Map::value_type> values) : values_(values) {}

  void Set(const std::string& name, AttrValue value) { values_[name] = std::move(value); }
  void Erase(const std::string& name) { values_.erase(name); }
  // Null where there is none.
  const AttrValue* Find(const std::string& name) const;
  bool Has(const std::string& name) const { return Find(name) != nullptr; }

  bool Bool(const std::string& name) const { return Get<bool>(name); }
  int64_t Int(const std::string& name) const { return Get<int64_t>(name); }
  double Float(const std::string& name) const { return Get<double>(name); }
  const std::string& String(const std::string& name) const { return Get<std::string>(name); }
  DType Type(const std::string& name) const { return Get<DType>(name); }
  const PartialShape& ShapeAttr(const std::string& name) const { return Get<PartialShape>(name); }
  const std::vector<int64_t>& Ints(const std::string& name) const {
    return Get<std::vector<int64_t>>(name);
  }
  const std::vector<std::string>& Strings(const std::string& name) const {
    return Get<std::vector<std::string>>(name);
  }
  const std::vector<DType>& Types(const std::string& name) const {
    return Get<std::vector<DType>>(name);
  }
  const Tensor& TensorAttr(const std::string& name) const { return Get<Tensor>(name); }
  template <typename T>
  const T& Get(const std::string& name) const;

  Map::const_iterator begin() const { return values_.begin(); }
  Map::const_iterator end() const { return values_.end(); }
  size_t size() const { return values_.size(); }
  friend bool operator==(const AttrMap& a, const AttrMap& b) { return a.values_ == b.values_; }

 private:
  Map values_;
};

[[noreturn]] void DieOfBadAttr(const std::string& name);

template <typename T>
const T& AttrMap::Get(const std::string& name) const {
  const AttrValue* value = Find(name);
  const T* typed = value == nullptr ? nullptr : value->get<T>();
  if (typed == nullptr) DieOfBadAttr(name);
  return *typed;
}

}  // namespace viv

#endif  // VIV_CORE_TENSOR_ATTR_H_
