// Tensors in files, as nodes: what checkpoints are made of (core/checkpoint).
#ifndef VIV_CORE_OPS_IO_H_
#define VIV_CORE_OPS_IO_H_

#include <string>
#include <vector>

#include "core/graph/builder.h"

namespace viv {

// What Save says about the file that it wrote, for a manifest. int64 scalars.
struct SavedFile {
  Output bytes;
  Output crc32;
};
// Writes `tensors` under `names` into a safetensors file at `path` (a string scalar), beside it and
// renamed into place: the file is there whole, or as it was before.
SavedFile Save(BuilderRef b, Output path, const std::vector<std::string>& names,
               const std::vector<Output>& tensors);

// A tensor of a file: a shape that is not known yet stands for any.
struct SavedTensor {
  std::string name;
  DType dtype;
  PartialShape shape;
};
// Reads them, in order, from the file at `path` (a string scalar). `crc32`, an int64 scalar: what
// Save said, or -1 for a file whose checksum is not known. The run fails where the file is damaged,
// lacks one of the tensors, or holds others.
std::vector<Output> Restore(BuilderRef b, Output path, Output crc32,
                            const std::vector<SavedTensor>& tensors);

}  // namespace viv

#endif  // VIV_CORE_OPS_IO_H_
