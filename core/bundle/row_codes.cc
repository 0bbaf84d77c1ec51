// Symmetric rounding to nearest, one scale a row.
#include "core/bundle/row_codes.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr char kScaleSuffix[] = "/scale";

absl::Status EncodeMatrix(const NamedTensors& all, const std::string& name, const Tensor& matrix,
                          NamedTensors* result) {
  if (all.contains(name + kScaleSuffix)) {
    return absl::InvalidArgumentError(absl::StrCat("the name of '", name, kScaleSuffix,
                                                   "' is needed for the scales of '", name, "'"));
  }
  const int64_t rows = matrix.dim(0), columns = matrix.dim(1);
  ASSIGN_OR_RETURN(Tensor codes, Tensor::Make(kInt8, matrix.shape()));
  ASSIGN_OR_RETURN(Tensor scales, Tensor::Make(kFloat, Shape({rows})));
  for (int64_t r = 0; r < rows; ++r) {
    const float* x = matrix.data<float>() + r * columns;
    float largest = 0;
    for (int64_t i = 0; i < columns; ++i) {
      if (!std::isfinite(x[i])) {
        return absl::InvalidArgumentError(absl::StrCat("'", name, "' holds ", x[i]));
      }
      largest = std::max(largest, std::abs(x[i]));
    }
    const float scale = largest / 127;
    scales.mutable_data<float>()[r] = scale;
    int8_t* code = codes.mutable_data<int8_t>() + r * columns;
    for (int64_t i = 0; i < columns; ++i) {
      code[i] = scale == 0 ? 0 : static_cast<int8_t>(std::lround(x[i] / scale));
    }
  }
  (*result)[name] = std::move(codes);
  (*result)[name + kScaleSuffix] = std::move(scales);
  return absl::OkStatus();
}

// Whether the tensor of this name holds the scales of codes: others may be called so, too.
bool HoldsScales(const NamedTensors& tensors, absl::string_view name) {
  if (!absl::ConsumeSuffix(&name, kScaleSuffix)) return false;
  const auto codes = tensors.find(std::string(name));
  return codes != tensors.end() && codes->second.dtype() == kInt8;
}

absl::StatusOr<Tensor> DecodeMatrix(const Tensor& codes, const Tensor& scales) {
  const int64_t rows = codes.dim(0), columns = codes.dim(1);
  ASSIGN_OR_RETURN(Tensor matrix, Tensor::Make(kFloat, codes.shape()));
  for (int64_t r = 0; r < rows; ++r) {
    const int8_t* code = codes.data<int8_t>() + r * columns;
    const float scale = scales.data<float>()[r];
    float* x = matrix.mutable_data<float>() + r * columns;
    for (int64_t i = 0; i < columns; ++i) x[i] = scale * static_cast<float>(code[i]);
  }
  return matrix;
}

}  // namespace

absl::StatusOr<NamedTensors> EncodeRows(const NamedTensors& tensors, int64_t min_elements) {
  NamedTensors result;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dtype() == kFloat && tensor.rank() == 2 && tensor.num_elements() >= min_elements) {
      RETURN_IF_ERROR(EncodeMatrix(tensors, name, tensor, &result));
    } else {
      result[name] = tensor;
    }
  }
  return result;
}

absl::StatusOr<NamedTensors> DecodeRows(const NamedTensors& tensors) {
  NamedTensors result;
  for (const auto& [name, tensor] : tensors) {
    if (HoldsScales(tensors, name)) continue;
    if (tensor.dtype() != kInt8) {
      result[name] = tensor;
      continue;
    }
    const auto scales = tensors.find(name + kScaleSuffix);
    if (tensor.rank() != 2 || scales == tensors.end() || scales->second.dtype() != kFloat ||
        scales->second.shape() != Shape({tensor.dim(0)})) {
      return absl::DataLossError(absl::StrCat("the codes of '", name, "' have no fitting scales"));
    }
    ASSIGN_OR_RETURN(result[name], DecodeMatrix(tensor, scales->second));
  }
  return result;
}

}  // namespace viv
