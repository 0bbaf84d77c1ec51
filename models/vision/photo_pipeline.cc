// A photo that cannot be read goes through as an example without a picture until it is filtered.
#include "models/vision/photo_pipeline.h"

#include <cmath>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/logging.h"
#include "core/base/random.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr int32_t kBad = -1;

Dataset Numbers(const LabelledImages& photos) {
  const auto size = static_cast<int64_t>(photos.images.size());
  return Dataset::FromIndex("photos", size, [](int64_t i) -> absl::StatusOr<Example> {
    return Example{Tensor::Scalar(i)};
  });
}

Example Good(Tensor photo, int32_t label) {
  return {std::move(photo), Tensor::Scalar<int32_t>(label)};
}
Example Unread() { return {Tensor(), Tensor::Scalar<int32_t>(kBad)}; }
bool IsGood(const Example& example) { return example[1].scalar<int32_t>() != kBad; }

// Large enough for the least part of a photo.
int64_t MinSide(const PhotoBatchOptions& options) {
  const double shrink = std::sqrt(static_cast<double>(options.augment.min_area));
  return static_cast<int64_t>(std::ceil(static_cast<double>(options.size) / shrink));
}

}  // namespace

// Of which photos it is known that they cannot be read. Safe for concurrent use.
class BadPhotos {
 public:
  // How many there are, with this one, which is logged the first time.
  int64_t Add(int64_t number, const absl::Status& why) {
    const std::lock_guard lock(mutex_);
    if (numbers_.insert(number).second) LOG(WARNING) << "skipped: " << why.message();
    return static_cast<int64_t>(numbers_.size());
  }
  int64_t count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int64_t>(numbers_.size());
  }

 private:
  mutable std::mutex mutex_;
  std::set<int64_t> numbers_;
};

PhotoBatches::PhotoBatches(const LabelledImages& photos, const PhotoBatchOptions& options)
    : photos_(std::make_shared<const LabelledImages>(photos)),
      options_(options),
      bad_(std::make_shared<BadPhotos>()) {}

int64_t PhotoBatches::bad_photos() const { return bad_->count(); }

Dataset PhotoBatches::dataset() const {
  const auto photo = [photos = photos_, options = options_, bad = bad_](
                         Example example, const ElementInfo& info) -> absl::StatusOr<Example> {
    const LabelledImage& image = photos->images[example[0].scalar<int64_t>()];
    const absl::StatusOr<Tensor> whole = image.Decode({.min_side = MinSide(options)});
    if (!whole.ok()) {
      if (bad->Add(info.index, whole.status()) < static_cast<int64_t>(photos->images.size())) {
        return Unread();
      }
      return absl::InvalidArgumentError("none of the photos can be read");
    }
    const RandomStream random(
        HashCombine(HashCombine(options.seed, static_cast<uint64_t>(info.epoch)),
                    static_cast<uint64_t>(info.index)));
    ASSIGN_OR_RETURN(Tensor part, AugmentPhoto(*whole, options.size, options.augment, random));
    return Good(std::move(part), image.label);
  };
  const auto mix = [options = options_](Example batch, const ElementInfo& info) {
    const uint64_t key = HashCombine(HashCombine(options.seed, HashString64("mix")),
                                     static_cast<uint64_t>(info.epoch));
    return MixPhotos(std::move(batch), options.augment,
                     RandomStream(HashCombine(key, static_cast<uint64_t>(info.index))));
  };
  return Numbers(*photos_)
      .Shuffle(options_.seed)
      .Map(absl::StrCat("augmented to ", options_.size, ", ", options_.augment.ToString()), photo,
           options_.threads)
      .Filter("can be read", IsGood)
      .Repeat()
      .Batch(options_.batch)
      .Map("mixed", mix)
      .Prefetch(4);
}

Dataset FittedPhotos(const LabelledImages& photos, const PhotoFit& fit, int batch) {
  const auto shared = std::make_shared<const LabelledImages>(photos);
  const auto bad = std::make_shared<BadPhotos>();
  const auto photo = [shared, fit, bad](Example example) -> absl::StatusOr<Example> {
    const auto number = example[0].scalar<int64_t>();
    const LabelledImage& image = shared->images[number];
    const absl::StatusOr<Tensor> whole = image.Decode({.min_side = fit.min_side()});
    if (!whole.ok()) {
      bad->Add(number, whole.status());
      return Unread();
    }
    ASSIGN_OR_RETURN(Tensor fitted, FitPhoto(*whole, fit));
    return Good(std::move(fitted), image.label);
  };
  return Numbers(photos)
      .Map("fitted", photo, /*threads=*/2)
      .Filter("can be read", IsGood)
      .Batch(batch)
      .Prefetch(2);
}

}  // namespace viv
