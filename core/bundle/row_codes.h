// Weights as 8-bit codes, a quarter of the bytes: for the files of bundles.
#ifndef VIV_CORE_BUNDLE_ROW_CODES_H_
#define VIV_CORE_BUNDLE_ROW_CODES_H_

#include "core/tensor/safetensors.h"

namespace viv {

// Replaces each float matrix [N, D] and each filter [H, W, I, O] of at least `min_elements` by int8
// codes of the same name and shape and by "<name>/scale", [N] or [O]: x = code * scale, codes in
// [-127, 127], so that the largest magnitude of a row, of an output channel, is exact. Other
// tensors stay as they are. An infinity or NaN is an error that names the tensor, and so is a
// tensor that has the name of another one's scales.
absl::StatusOr<NamedTensors> EncodeRows(const NamedTensors& tensors, int64_t min_elements = 4096);

// The inverse: floats again.
absl::StatusOr<NamedTensors> DecodeRows(const NamedTensors& tensors);

}  // namespace viv

#endif  // VIV_CORE_BUNDLE_ROW_CODES_H_
