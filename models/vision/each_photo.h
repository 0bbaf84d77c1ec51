// Photos one batch after the other, decoded beside the net that looks at them.
#ifndef VIV_MODELS_VISION_EACH_PHOTO_H_
#define VIV_MODELS_VISION_EACH_PHOTO_H_

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/status.h"
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

// What `answer` says of each of the photos that it is called with.
template <typename Answer>
using AnswerPhotos =
    std::function<absl::StatusOr<std::vector<Answer>>(const std::vector<Tensor>& photos)>;

// The answers to the photos that could be read, all asked for at once, and the errors of the
// others, in the photos' order. The error of `answer`.
template <typename Answer>
absl::StatusOr<std::vector<absl::StatusOr<Answer>>> AnswerReadable(
    const std::vector<absl::StatusOr<Tensor>>& photos, const AnswerPhotos<Answer>& answer) {
  std::vector<Tensor> good;
  for (const absl::StatusOr<Tensor>& photo : photos) {
    if (photo.ok()) good.push_back(*photo);
  }
  std::vector<Answer> answers;
  if (!good.empty()) {
    ASSIGN_OR_RETURN(answers, answer(good));
  }
  std::vector<absl::StatusOr<Answer>> all;
  size_t next = 0;
  for (const absl::StatusOr<Tensor>& photo : photos) {
    if (photo.ok()) {
      all.emplace_back(std::move(answers[next++]));
    } else {
      all.emplace_back(photo.status());
    }
  }
  return all;
}

// Says which photos were skipped, "name: why"; of many the first ones.
void ReportSkipped(const std::vector<std::string>& skipped, std::ostream& out);

}  // namespace viv

#endif  // VIV_MODELS_VISION_EACH_PHOTO_H_
