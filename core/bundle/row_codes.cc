// Symmetric rounding to nearest, one scale a row or an output channel.
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

// Which elements share a scale: element i has that of number (i / run) % scales.
struct Sharing {
  int64_t scales, run;
};

// Rows of a matrix, output channels of a filter.
bool HasCodes(const Shape& shape) { return shape.rank() == 2 || shape.rank() == 4; }
Sharing SharingOf(const Shape& shape) {
  if (shape.rank() == 2) return {shape.dim(0), shape.dim(1)};
  return {shape.dim(3), 1};
}

absl::Status EncodeWeights(const NamedTensors& all, const std::string& name, const Tensor& weights,
                           NamedTensors* result) {
  if (all.contains(name + kScaleSuffix)) {
    return absl::InvalidArgumentError(absl::StrCat("the name of '", name, kScaleSuffix,
                                                   "' is needed for the scales of '", name, "'"));
  }
  const Sharing sharing = SharingOf(weights.shape());
  ASSIGN_OR_RETURN(Tensor codes, Tensor::Make(kInt8, weights.shape()));
  ASSIGN_OR_RETURN(Tensor scales, Tensor::Make(kFloat, Shape({sharing.scales})));
  const absl::Span<const float> x = weights.flat<float>();
  float* scale = scales.mutable_data<float>();
  std::fill_n(scale, sharing.scales, 0.0f);
  const auto scale_of = [&](size_t i) -> float& {
    return scale[static_cast<int64_t>(i) / sharing.run % sharing.scales];
  };
  for (size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) {
      return absl::InvalidArgumentError(absl::StrCat("'", name, "' holds ", x[i]));
    }
    scale_of(i) = std::max(scale_of(i), std::abs(x[i]) / 127);
  }
  int8_t* code = codes.mutable_data<int8_t>();
  for (size_t i = 0; i < x.size(); ++i) {
    code[i] = scale_of(i) == 0 ? 0 : static_cast<int8_t>(std::lround(x[i] / scale_of(i)));
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

absl::StatusOr<Tensor> DecodeWeights(const Tensor& codes, const Tensor& scales) {
  const Sharing sharing = SharingOf(codes.shape());
  ASSIGN_OR_RETURN(Tensor weights, Tensor::Make(kFloat, codes.shape()));
  const auto* code = codes.data<int8_t>();
  const auto* scale = scales.data<float>();
  auto* x = weights.mutable_data<float>();
  const auto* const end = x + weights.num_elements();
  // Programs wait for this when they start: no division for each element.
  while (x < end && sharing.run == 1) {
    for (int64_t i = 0; i < sharing.scales; ++i) *x++ = scale[i] * static_cast<float>(*code++);
  }
  for (; x < end; ++scale) {
    for (int64_t i = 0; i < sharing.run; ++i) *x++ = *scale * static_cast<float>(*code++);
  }
  return weights;
}

}  // namespace

absl::StatusOr<NamedTensors> EncodeRows(const NamedTensors& tensors, int64_t min_elements) {
  NamedTensors result;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dtype() == kFloat && HasCodes(tensor.shape()) &&
        tensor.num_elements() >= min_elements) {
      RETURN_IF_ERROR(EncodeWeights(tensors, name, tensor, &result));
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
    if (!HasCodes(tensor.shape()) || scales == tensors.end() || scales->second.dtype() != kFloat ||
        scales->second.shape() != Shape({SharingOf(tensor.shape()).scales})) {
      return absl::DataLossError(absl::StrCat("the codes of '", name, "' have no fitting scales"));
    }
    ASSIGN_OR_RETURN(result[name], DecodeWeights(tensor, scales->second));
  }
  return result;
}

}  // namespace viv
