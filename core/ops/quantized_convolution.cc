// QuantizedConv2D: convolutions of bytes. With s = x_scale and t = y_scale
//   y = s Conv2D(x, q(filter factor)) + shift, with `relu` max(0, .) of that,
// as floats or, where `dtype` is uint8, as min(127, round(max(0, y) / t)), halves to even. q rounds
// each of the filters to 127 steps on either side of 0, of a size of its own; factor may be
// missing. Bytes of x are at most 127.
//
// Quantize: min(127, round(max(0, x) / scale)), halves to even; Dequantize: x scale.
//
// The pass for 8 bits makes them of FusedConv2D and what lies between, with the scales that follow
// from recorded ranges (core/passes/quantize_convolutions.cc). B. Jacob et al., "Quantization and
// training of neural networks for efficient integer-arithmetic-only inference", 2018.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/convolution_shape.h"

namespace viv {
namespace {

absl::Status CheckScale(const AttrMap& attrs, const char* name) {
  const double scale = attrs.Float(name);
  if (scale > 0 && scale < 1e30) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a ", name, " of ", scale));
}

const OpRegistration kQuantizedConv2D({
    .name = "QuantizedConv2D",
    .doc = "Convolutions of bytes, each channel scaled and shifted, perhaps with ReLU.",
    .inputs =
        {{"x", kUInt8}, {"filter", kFloat}, {"shift", kFloat}, {"factor", kFloat, Arity::kMany}},
    .outputs = {{"y", "dtype"}},
    .attrs = ConvolutionAttrs({{"relu", AttrValue(false)},
                               {"x_scale", AttrValue(1.0)},
                               {"y_scale", AttrValue(1.0)},
                               {"dtype", AttrValue(kFloat)}}),
    .types = {{"dtype", {kFloat, kUInt8}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(CheckScale(c.attrs(), "x_scale"));
      RETURN_IF_ERROR(CheckScale(c.attrs(), "y_scale"));
      return FusedConvolutionShape(c);
    },
});

const OpRegistration kQuantize({
    .name = "Quantize",
    .doc = "The elements as bytes, in steps of `scale`.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", kUInt8}},
    .attrs = {{"scale", AttrValue(1.0)}},
    .types = {{"T", {kFloat, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(CheckScale(c.attrs(), "scale"));
      return UnchangedShape(c);
    },
});

const OpRegistration kDequantize({
    .name = "Dequantize",
    .doc = "Bytes times `scale`.",
    .inputs = {{"x", kUInt8}},
    .outputs = {{"y", kFloat}},
    .attrs = {{"scale", AttrValue(1.0)}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(CheckScale(c.attrs(), "scale"));
      return UnchangedShape(c);
    },
});

}  // namespace
}  // namespace viv
