// Tensors in the JSON of the Open Inference Protocol (version 2, REST):
// {"name": "text", "shape": [2], "datatype": "BYTES", "data": ["...", "..."]}.
#ifndef VIV_CORE_SERVING_JSON_TENSORS_H_
#define VIV_CORE_SERVING_JSON_TENSORS_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"
#include "nlohmann/json_fwd.hpp"

namespace viv {

// "FP32", "INT64", "BYTES" (of strings), "BOOL", ...
std::string OipTypeName(DType dtype);

// The tensor that such an object describes. InvalidArgument, beginning with the tensor's name,
// where it is of another type, where the data does not fit the shape, or a number its type. Data
// may be nested or flat.
absl::StatusOr<Tensor> TensorFromJson(const nlohmann::json& object, DType expected);
nlohmann::json TensorToJson(const std::string& name, const Tensor& tensor);

}  // namespace viv

#endif  // VIV_CORE_SERVING_JSON_TENSORS_H_
