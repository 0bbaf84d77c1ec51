// The attributes and shapes of convolutions.
#ifndef VIV_CORE_OPS_CONVOLUTION_SHAPE_H_
#define VIV_CORE_OPS_CONVOLUTION_SHAPE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_context.h"

namespace viv {

// Those of windows, `groups`, and `more`.
std::vector<AttrDef> ConvolutionAttrs(std::vector<AttrDef> more = {});

// The shape of Conv2D(image, filter).
absl::StatusOr<PartialShape> ConvolvedShape(const AttrMap& attrs, const PartialShape& image,
                                            const PartialShape& filter);
// `shape`, of rank 4; InvalidArgument where it has another. `what`: "image" or "filter".
absl::StatusOr<PartialShape> WithRank4(const PartialShape& shape, const char* what);

// The shape function of ops with inputs x, filter, shift: [K] and perhaps factor: [K].
absl::Status FusedConvolutionShape(ShapeContext& c);

}  // namespace viv

#endif  // VIV_CORE_OPS_CONVOLUTION_SHAPE_H_
