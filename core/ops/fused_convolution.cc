// FusedConv2D: Conv2D(x, filter) factor + shift, with `relu` max(0, .) of that; factor, which may
// be missing, and shift have an element for each channel of the result. What a pass makes of a
// convolution and the bias or the batch norm behind it (fuse_convolution.cc).
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/convolution_shape.h"

namespace viv {
namespace {

const OpRegistration kFusedConv2D({
    .name = "FusedConv2D",
    .doc = "Convolutions, each channel scaled and shifted, perhaps with ReLU.",
    .inputs =
        {{"x", "T"}, {"filter", "wide T"}, {"shift", "wide T"}, {"factor", "wide T", Arity::kMany}},
    .outputs = {{"y", "T"}},
    .attrs = ConvolutionAttrs({{"relu", AttrValue(false)}}),
    .types = {{"T", {kFloat, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(PartialShape y, ConvolvedShape(c.attrs(), c.input(0), c.input(1)));
      if (c.num_inputs() > 4) return absl::InvalidArgumentError("takes at most one factor");
      for (int i = 2; i < c.num_inputs(); ++i) {
        const PartialShape channels{y.dim(3)};
        RETURN_IF_ERROR(
            Annotate(channels.Merge(c.input(i)).status(), i == 2 ? "the shift" : "the factor"));
      }
      c.set_output(0, std::move(y));
      return absl::OkStatus();
    },
});

}  // namespace
}  // namespace viv
