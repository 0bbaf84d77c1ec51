// What a net that sees photos needs to compute in 8 bits.
#ifndef VIV_MODELS_VISION_PHOTO_RANGES_H_
#define VIV_MODELS_VISION_PHOTO_RANGES_H_

#include <cstddef>

#include "absl/status/status.h"
#include "core/bundle/bundle.h"
#include "models/vision/each_photo.h"

namespace viv {

// Records in the bundle's graph how large the images of its convolutions get
// (core/passes/range_recorder.h) for photos like those that it will see: some of these `count`, or
// all; those that cannot be read are passed over. The bundle has a graph with one feed "photos",
// uint8 [N, S, S, 3], and settings "preprocessing". InvalidArgument where it has not; errors of
// runs.
absl::Status RecordRanges(size_t count, const DecodePhoto& decode, Bundle* bundle);

}  // namespace viv

#endif  // VIV_MODELS_VISION_PHOTO_RANGES_H_
