// Attributes as messages: everything that is decoded is checked first.
#include "core/graph/attr_def.h"

#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie");

void EncodeShape(const PartialShape& shape, proto::ShapeDef* def) {
  def->set_unknown_rank(!shape.known_rank());
  for (const int64_t extent : shape.dims()) def->add_extent(extent);
}

absl::Status EncodeTensor(const Tensor& tensor, proto::TensorDef* def) {
  if (DTypeSize(tensor.dtype()) == 0) {
    return absl::InvalidArgumentError("a tensor without elements' type cannot be written");
  }
  def->set_type(static_cast<int>(tensor.dtype()));
  for (const int64_t extent : tensor.shape().dims()) def->add_extent(extent);
  if (tensor.dtype() == kString) {
    for (const std::string& text : tensor.flat<std::string>()) def->add_text(text);
  } else if (tensor.bytes() > 0) {
    def->set_content(tensor.raw(), tensor.bytes());
  }
  return absl::OkStatus();
}

struct Encoder {
  absl::Status operator()(std::monostate) const {
    return absl::InvalidArgumentError("has no value");
  }
  absl::Status operator()(bool v) const { return def->set_flag(v), absl::OkStatus(); }
  absl::Status operator()(int64_t v) const { return def->set_integer(v), absl::OkStatus(); }
  absl::Status operator()(double v) const { return def->set_number(v), absl::OkStatus(); }
  absl::Status operator()(const std::string& v) const { return def->set_text(v), absl::OkStatus(); }
  absl::Status operator()(DType v) const {
    return def->set_type(static_cast<int>(v)), absl::OkStatus();
  }
  absl::Status operator()(const PartialShape& v) const {
    return EncodeShape(v, def->mutable_shape()), absl::OkStatus();
  }
  absl::Status operator()(const std::vector<int64_t>& v) const {
    def->mutable_integers()->mutable_value()->Assign(v.begin(), v.end());
    return absl::OkStatus();
  }
  absl::Status operator()(const std::vector<double>& v) const {
    def->mutable_numbers()->mutable_value()->Assign(v.begin(), v.end());
    return absl::OkStatus();
  }
  absl::Status operator()(const std::vector<std::string>& v) const {
    def->mutable_texts()->mutable_value()->Assign(v.begin(), v.end());
    return absl::OkStatus();
  }
  absl::Status operator()(const std::vector<DType>& v) const {
    auto* types = def->mutable_types();
    for (const DType type : v) types->add_value(static_cast<int>(type));
    return absl::OkStatus();
  }
  absl::Status operator()(const std::vector<PartialShape>& v) const {
    auto* shapes = def->mutable_shapes();
    for (const PartialShape& shape : v) EncodeShape(shape, shapes->add_value());
    return absl::OkStatus();
  }
  absl::Status operator()(const Tensor& v) const { return EncodeTensor(v, def->mutable_tensor()); }

  proto::AttrDef* def;
};

// Types of elements: attributes never speak of kResource.
absl::StatusOr<DType> DecodeType(int number) {
  const bool known = number >= 0 && number <= UINT8_MAX;
  const DType type = known ? static_cast<DType>(number) : DType::kInvalid;
  if (number > static_cast<int>(kResource) || DTypeSize(type) == 0) {
    return absl::InvalidArgumentError(absl::StrCat("there is no element type ", number));
  }
  return type;
}

absl::StatusOr<PartialShape> DecodeShape(const proto::ShapeDef& def) {
  if (def.unknown_rank()) {
    if (def.extent_size() == 0) return PartialShape();
    return absl::InvalidArgumentError("a shape of unknown rank has extents");
  }
  const PartialShape shape(absl::MakeSpan(def.extent().data(), def.extent_size()));
  RETURN_IF_ERROR(shape.Validate());
  return shape;
}

absl::Status CheckContent(const Shape& shape, DType type, const proto::TensorDef& def) {
  const int64_t elements = shape.num_elements();
  int64_t wanted = elements;
  if (type != kString && __builtin_mul_overflow(elements, DTypeSize(type), &wanted)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tensor of shape ", shape.ToString(), " is too large"));
  }
  const int64_t given =
      type == kString ? def.text_size() : static_cast<int64_t>(def.content().size());
  const bool other = type == kString ? !def.content().empty() : def.text_size() > 0;
  if (given != wanted || other) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tensor ", DTypeName(type), shape.ToString(), " takes ", wanted,
                     type == kString ? " strings" : " bytes", ", but the file has ", given,
                     other ? " and " : "", other ? "contents of another type" : ""));
  }
  if (type != kBool) return absl::OkStatus();
  for (const char c : def.content()) {
    if (c != 0 && c != 1) return absl::InvalidArgumentError("a bool is neither 0 nor 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<Tensor> DecodeTensor(const proto::TensorDef& def) {
  ASSIGN_OR_RETURN(const DType type, DecodeType(def.type()));
  ASSIGN_OR_RETURN(const Shape shape,
                   Shape::Checked(absl::MakeSpan(def.extent().data(), def.extent_size())));
  RETURN_IF_ERROR(CheckContent(shape, type, def));
  ASSIGN_OR_RETURN(Tensor tensor, Tensor::Make(type, shape));
  if (type == kString) {
    for (int i = 0; i < def.text_size(); ++i) tensor.mutable_data<std::string>()[i] = def.text(i);
  } else if (!def.content().empty()) {
    std::memcpy(tensor.raw(), def.content().data(), def.content().size());
  }
  return tensor;
}

template <typename T, typename List>
AttrValue DecodeList(const List& list) {
  return AttrValue(std::vector<T>(list.value().begin(), list.value().end()));
}

absl::StatusOr<AttrValue> DecodeTypes(const proto::TypeList& list) {
  std::vector<DType> types;
  for (const int number : list.value()) {
    ASSIGN_OR_RETURN(const DType type, DecodeType(number));
    types.push_back(type);
  }
  return AttrValue(std::move(types));
}

absl::StatusOr<AttrValue> DecodeShapes(const proto::ShapeList& list) {
  std::vector<PartialShape> shapes;
  for (const proto::ShapeDef& def : list.value()) {
    ASSIGN_OR_RETURN(PartialShape shape, DecodeShape(def));
    shapes.push_back(std::move(shape));
  }
  return AttrValue(std::move(shapes));
}

}  // namespace

absl::Status EncodeAttr(const std::string& name, const AttrValue& value, proto::AttrDef* def) {
  def->set_name(name);
  return Annotate(std::visit(Encoder{def}, value.value()), absl::StrCat("attribute '", name, "'"));
}

absl::StatusOr<AttrValue> DecodeAttr(const proto::AttrDef& def) {
  switch (def.value_case()) {
    case proto::AttrDef::kFlag:
      return AttrValue(def.flag());
    case proto::AttrDef::kInteger:
      return AttrValue(int64_t{def.integer()});
    case proto::AttrDef::kNumber:
      return AttrValue(def.number());
    case proto::AttrDef::kText:
      return AttrValue(def.text());
    case proto::AttrDef::kType: {
      ASSIGN_OR_RETURN(const DType type, DecodeType(def.type()));
      return AttrValue(type);
    }
    case proto::AttrDef::kShape: {
      ASSIGN_OR_RETURN(PartialShape shape, DecodeShape(def.shape()));
      return AttrValue(std::move(shape));
    }
    case proto::AttrDef::kIntegers:
      return DecodeList<int64_t>(def.integers());
    case proto::AttrDef::kNumbers:
      return DecodeList<double>(def.numbers());
    case proto::AttrDef::kTexts:
      return DecodeList<std::string>(def.texts());
    case proto::AttrDef::kTypes:
      return DecodeTypes(def.types());
    case proto::AttrDef::kShapes:
      return DecodeShapes(def.shapes());
    case proto::AttrDef::kTensor: {
      ASSIGN_OR_RETURN(Tensor tensor, DecodeTensor(def.tensor()));
      return AttrValue(std::move(tensor));
    }
    case proto::AttrDef::VALUE_NOT_SET:
      return absl::InvalidArgumentError("has no value");
  }
  return absl::InvalidArgumentError("has a value of an unknown kind");
}

}  // namespace viv
