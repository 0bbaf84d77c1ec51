// Photos one batch after the other, decoded beside the net that looks at them.
#ifndef VIV_MODELS_VISION_EACH_PHOTO_H_
#define VIV_MODELS_VISION_EACH_PHOTO_H_

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

struct PhotoReading {
  int batch = 32;
  // Of the progress bar, which is shown where there are many; none where empty.
  std::string label;
};

// Photo `i` as uint8 [H, W, 3]. Called by several threads at once.
using DecodePhoto = std::function<absl::StatusOr<Tensor>(size_t i)>;

// Calls `use` for batches of photos 0 to `count` - 1 in their order, with the number of the first,
// while the next ones are decoded. Ends with its first error.
using UsePhotos =
    std::function<absl::Status(size_t first, const std::vector<absl::StatusOr<Tensor>>& photos)>;
absl::Status ForEachBatch(size_t count, const DecodePhoto& decode, const PhotoReading& reading,
                          const UsePhotos& use);

// The same with those that can be read alone, and their numbers. `skipped`, which may be null, gets
// the errors of the others.
using UseReadable = std::function<absl::Status(const std::vector<size_t>& numbers,
                                               const std::vector<Tensor>& photos)>;
absl::Status ForEachReadable(size_t count, const DecodePhoto& decode, const PhotoReading& reading,
                             const UseReadable& use, std::vector<std::string>* skipped);

// Says which photos were skipped, "name: why"; of many the first ones.
void ReportSkipped(const std::vector<std::string>& skipped, std::ostream& out);

}  // namespace viv

#endif  // VIV_MODELS_VISION_EACH_PHOTO_H_
