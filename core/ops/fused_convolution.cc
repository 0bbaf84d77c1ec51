// FusedConv2D: Conv2D(x, filter) factor + shift, with `relu` max(0, .) of that; factor, which may
// be missing, and shift have an element for each channel of the result. What a pass makes of a
// convolution and the bias or the batch norm behind it (fuse_convolution.cc). `range`: see Conv2D.
#include "core/ops/convolution_shape.h"

namespace viv {
namespace {

const OpRegistration kFusedConv2D({
    .name = "FusedConv2D",
    .doc = "Convolutions, each channel scaled and shifted, perhaps with ReLU.",
    .inputs =
        {{"x", "T"}, {"filter", "wide T"}, {"shift", "wide T"}, {"factor", "wide T", Arity::kMany}},
    .outputs = {{"y", "T"}},
    .attrs = ConvolutionAttrs({{"relu", AttrValue(false)}, {"range", AttrValue(0.0)}}),
    .types = {{"T", {kFloat, kBFloat16}}},
    .shape = FusedConvolutionShape,
});

}  // namespace
}  // namespace viv
