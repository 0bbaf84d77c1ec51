// A photo that cannot be read goes through as its error.
#include "models/vision/each_photo.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/progress.h"
#include "core/base/status.h"
#include "core/data/dataset.h"

namespace viv {
namespace {

// Fewer photos need no progress bar.
constexpr size_t kShowProgress = 200;

absl::StatusOr<std::unique_ptr<DatasetIterator>> Decoded(size_t count, const DecodePhoto& decode,
                                                         int batch) {
  const auto number = [](int64_t i) -> absl::StatusOr<Example> {
    return Example{Tensor::Scalar(i)};
  };
  const auto read = [&decode](Example example) -> absl::StatusOr<Example> {
    const absl::StatusOr<Tensor> photo = decode(example[0].scalar<int64_t>());
    if (photo.ok()) return Example{*photo, Tensor()};
    // A photo that cannot be read is no end of the others.
    return Example{Tensor(), Tensor::Scalar(std::string(photo.status().message()))};
  };
  return Dataset::FromIndex("photos", static_cast<int64_t>(count), number)
      .Map("decoded", read, /*threads=*/2)
      .Prefetch(2 * batch)
      .MakeIterator();
}

}  // namespace

absl::Status ForEachBatch(size_t count, const DecodePhoto& decode, const PhotoReading& reading,
                          const UsePhotos& use) {
  ASSIGN_OR_RETURN(const std::unique_ptr<DatasetIterator> decoded,
                   Decoded(count, decode, reading.batch));
  std::unique_ptr<Progress> progress;
  if (count >= kShowProgress && !reading.label.empty()) {
    progress = std::make_unique<Progress>(ProgressOptions{
        .label = reading.label, .unit = "photos", .total = static_cast<int64_t>(count)});
  }
  for (size_t first = 0; first < count; first += reading.batch) {
    const size_t end = std::min(count, first + reading.batch);
    std::vector<absl::StatusOr<Tensor>> photos;
    for (size_t i = first; i < end; ++i) {
      Example example;
      RETURN_IF_ERROR(decoded->Next(&example).status());
      if (example[0].valid()) {
        photos.emplace_back(std::move(example[0]));
      } else {
        photos.emplace_back(absl::InvalidArgumentError(example[1].scalar<std::string>()));
      }
    }
    RETURN_IF_ERROR(use(first, photos));
    if (progress != nullptr) progress->Update(static_cast<int64_t>(end));
  }
  return absl::OkStatus();
}

absl::Status ForEachReadable(size_t count, const DecodePhoto& decode, const PhotoReading& reading,
                             const UseReadable& use, std::vector<std::string>* skipped) {
  return ForEachBatch(count, decode, reading, [&](size_t first, const auto& photos) {
    std::vector<size_t> numbers;
    std::vector<Tensor> readable;
    for (size_t i = 0; i < photos.size(); ++i) {
      if (photos[i].ok()) {
        numbers.push_back(first + i);
        readable.push_back(*photos[i]);
      } else if (skipped != nullptr) {
        skipped->emplace_back(photos[i].status().message());
      }
    }
    return readable.empty() ? absl::OkStatus() : use(numbers, readable);
  });
}

void ReportSkipped(const std::vector<std::string>& skipped, std::ostream& out) {
  constexpr size_t kMost = 10;
  for (size_t i = 0; i < std::min(skipped.size(), kMost); ++i) {
    out << "skipped: " << skipped[i] << "\n";
  }
  if (skipped.size() > kMost) {
    out << "and " << skipped.size() - kMost << " more, " << skipped.size() << " in all\n";
  }
}

}  // namespace viv
