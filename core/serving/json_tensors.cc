// Values one by one, each checked.
#include "core/serving/json_tensors.h"

#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/tensor/float16.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

// The elements of data that may be nested, in row-major order. Depth is bounded by the parser's
// caller: a shape has few dimensions.
constexpr int kMaxDepth = 32;
absl::Status Flatten(const json& data, int depth, std::vector<const json*>& elements) {
  if (!data.is_array()) {
    elements.push_back(&data);
    return absl::OkStatus();
  }
  if (depth == kMaxDepth) return absl::InvalidArgumentError("the data is nested too deeply");
  for (const json& part : data) RETURN_IF_ERROR(Flatten(part, depth + 1, elements));
  return absl::OkStatus();
}

absl::StatusOr<Shape> ShapeFromJson(const json& list, size_t elements) {
  Shape shape;
  int64_t product = 1;
  for (const json& extent : list) {
    if (!extent.is_number_integer() || extent.get<int64_t>() < 0) {
      return absl::InvalidArgumentError("the shape is no list of extents");
    }
    const int64_t value = extent.get<int64_t>();
    if (value > 0 && product > std::numeric_limits<int64_t>::max() / value) {
      return absl::InvalidArgumentError("the shape is too large");
    }
    product *= value;
    shape.Append(value);
  }
  if (product != static_cast<int64_t>(elements)) {
    return absl::InvalidArgumentError(absl::StrCat("the shape ", shape.ToString(), " has ", product,
                                                   " elements, but there are ", elements));
  }
  return shape;
}

template <typename T>
bool Read(const json& from, T& to) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (!from.is_string()) return false;
    to = from.get<std::string>();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_boolean()) return false;
    to = from.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (!from.is_number_integer()) return false;
    if (from.is_number_unsigned() &&
        from.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max())) {
      return false;
    }
    const int64_t value = from.get<int64_t>();
    if (value < static_cast<int64_t>(std::numeric_limits<T>::min()) && value < 0) return false;
    to = static_cast<T>(value);
  } else {
    if (!from.is_number()) return false;
    to = static_cast<T>(static_cast<float>(from.get<double>()));
    if constexpr (std::is_same_v<T, double>) to = from.get<double>();
  }
  return true;
}

template <typename T>
absl::StatusOr<Tensor> Fill(const Shape& shape, const std::vector<const json*>& elements) {
  ASSIGN_OR_RETURN(Tensor tensor, Tensor::Make(DTypeOf<T>, shape));
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!Read(*elements[i], tensor.mutable_data<T>()[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("element ", i, " is no ", OipTypeName(DTypeOf<T>)));
    }
  }
  return tensor;
}

absl::StatusOr<Tensor> FillAs(DType dtype, const Shape& shape,
                              const std::vector<const json*>& elements) {
  switch (dtype) {
    case kFloat:
      return Fill<float>(shape, elements);
    case kDouble:
      return Fill<double>(shape, elements);
    case kInt32:
      return Fill<int32_t>(shape, elements);
    case kInt64:
      return Fill<int64_t>(shape, elements);
    case kInt8:
      return Fill<int8_t>(shape, elements);
    case kUInt8:
      return Fill<uint8_t>(shape, elements);
    case kBool:
      return Fill<bool>(shape, elements);
    case kString:
      return Fill<std::string>(shape, elements);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat(OipTypeName(dtype), " cannot be sent as JSON"));
  }
}

}  // namespace

std::string OipTypeName(DType dtype) {
  switch (dtype) {
    case kFloat:
      return "FP32";
    case kDouble:
      return "FP64";
    case kHalf:
      return "FP16";
    case kBFloat16:
      return "BF16";
    case kInt8:
      return "INT8";
    case kUInt8:
      return "UINT8";
    case kInt32:
      return "INT32";
    case kInt64:
      return "INT64";
    case kBool:
      return "BOOL";
    default:
      return "BYTES";
  }
}

absl::StatusOr<Tensor> TensorFromJson(const json& object, DType expected) {
  const auto name = object.find("name"), type = object.find("datatype"),
             shape = object.find("shape"), data = object.find("data");
  if (name == object.end() || !name->is_string()) {
    return absl::InvalidArgumentError("a tensor needs a 'name'");
  }
  const std::string& label = name->get_ref<const std::string&>();
  const auto wrong = [&label](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("tensor '", label, "': ", what));
  };
  if (type == object.end() || *type != OipTypeName(expected)) {
    return wrong(absl::StrCat("'datatype' must be \"", OipTypeName(expected), "\""));
  }
  if (shape == object.end() || !shape->is_array()) return wrong("'shape' is missing");
  if (data == object.end() || !data->is_array()) {
    return wrong("'data' is missing; binary data is not supported");
  }
  std::vector<const json*> elements;
  if (const absl::Status flat = Flatten(*data, 0, elements); !flat.ok()) {
    return wrong(std::string(flat.message()));
  }
  absl::StatusOr<Shape> extents = ShapeFromJson(*shape, elements.size());
  if (!extents.ok()) return wrong(std::string(extents.status().message()));
  absl::StatusOr<Tensor> tensor = FillAs(expected, *extents, elements);
  if (!tensor.ok()) return wrong(std::string(tensor.status().message()));
  return tensor;
}

json TensorToJson(const std::string& name, const Tensor& tensor) {
  json data = json::array();
  for (int64_t i = 0; i < tensor.num_elements(); ++i) {
    switch (tensor.dtype()) {
      case kString:
        data.push_back(tensor.data<std::string>()[i]);
        break;
      case kBool:
        data.push_back(tensor.data<bool>()[i]);
        break;
      case kFloat:
      case kDouble:
      case kHalf:
      case kBFloat16:
        data.push_back(tensor.ElementAsDouble(i));
        break;
      default:
        data.push_back(tensor.ElementAsInt(i));
    }
  }
  json shape = json::array();
  for (const int64_t extent : tensor.shape().dims()) shape.push_back(extent);
  return {
      {"name", name}, {"datatype", OipTypeName(tensor.dtype())}, {"shape", shape}, {"data", data}};
}

}  // namespace viv
