// What it costs to bring photos to a net, in microseconds of one thread a photo: decoding, fitting,
// augmenting, mixing; and the rate of the whole pipeline.
//
//   photos DATA [--size 128] [--photos 1000] [--batch 64] [--threads 1] [--min_area 0.35]
//
// DATA: what ReadImageSplit reads, or with --cifar10 what ReadCifar10 reads. Photos are taken
// evenly from all of the data.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/runtime/profile.h"
#include "datasets/cifar10/cifar10.h"
#include "datasets/images/labelled_images.h"
#include "models/vision/augment.h"
#include "models/vision/photo_fit.h"
#include "models/vision/photo_pipeline.h"

namespace viv {
namespace {

struct Settings {
  std::string data;
  bool cifar10 = false;
  int64_t photos = 1000;
  PhotoBatchOptions batches = {.size = 128, .threads = 1};
};

// False for what is no flag of this program.
bool Parse(int argc, char** argv, Settings& settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--cifar10") {
      settings.cifar10 = true;
      continue;
    }
    if (flag.compare(0, 2, "--") != 0 && settings.data.empty()) {
      settings.data = flag;
      continue;
    }
    if (i + 1 == argc) return false;
    const char* value = argv[++i];
    if (flag == "--size") {
      settings.batches.size = std::atoi(value);
    } else if (flag == "--photos") {
      settings.photos = std::atoi(value);
    } else if (flag == "--batch") {
      settings.batches.batch = std::atoi(value);
    } else if (flag == "--threads") {
      settings.batches.threads = std::atoi(value);
    } else if (flag == "--min_area") {
      settings.batches.augment.min_area = static_cast<float>(std::atof(value));
    } else {
      return false;
    }
  }
  return !settings.data.empty() && settings.photos > 0 && settings.batches.size > 0;
}

absl::StatusOr<LabelledImages> ReadPhotos(const Settings& s) {
  LabelledImages all;
  if (s.cifar10) {
    ASSIGN_OR_RETURN(Cifar10 data, ReadCifar10(Env::Default(), s.data));
    all = std::move(data.train);
  } else {
    ASSIGN_OR_RETURN(ImageSplit split, ReadImageSplit(Env::Default(), s.data));
    all = std::move(split.train);
  }
  const auto size = static_cast<int64_t>(all.images.size());
  const int64_t count = std::min(size, s.photos);
  std::vector<LabelledImage> some;
  for (int64_t i = 0; i < count; ++i) some.push_back(all.images[i * size / count]);
  all.images = std::move(some);
  return all;
}

// Calls step(i), i < n, and prints the mean time of one as `name`.
template <typename F>
absl::Status Time(const char* name, int64_t n, F step) {
  const int64_t start = Profile::Now();
  for (int64_t i = 0; i < n; ++i) RETURN_IF_ERROR(step(i));
  std::printf(" %s_us=%.0f", name, static_cast<double>(Profile::Now() - start) * 1e-3 / n);
  return absl::OkStatus();
}

absl::Status MeasureSteps(const LabelledImages& photos, const PhotoBatchOptions& options) {
  const auto n = static_cast<int64_t>(photos.images.size());
  const PhotoFit fit = {.size = static_cast<int>(options.size)};
  const PhotoFit smaller = {.size = fit.size, .crop = 0.875f};
  AugmentOptions plain = options.augment;
  plain.colour = 0;
  std::vector<Tensor> decoded(n);
  std::vector<Example> augmented;
  RETURN_IF_ERROR(Time("decode", n, [&](int64_t i) -> absl::Status {
    ASSIGN_OR_RETURN(decoded[i], photos.images[i].Decode({.min_side = fit.min_side()}));
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(Time("fit", n, [&](int64_t i) { return FitPhoto(decoded[i], fit).status(); }));
  RETURN_IF_ERROR(
      Time("fit_0.875", n, [&](int64_t i) { return FitPhoto(decoded[i], smaller).status(); }));
  RETURN_IF_ERROR(Time("crop", n, [&](int64_t i) {
    return AugmentPhoto(decoded[i], options.size, plain, RandomStream(i)).status();
  }));
  RETURN_IF_ERROR(Time("crop_and_colour", n, [&](int64_t i) -> absl::Status {
    ASSIGN_OR_RETURN(Tensor photo,
                     AugmentPhoto(decoded[i], options.size, options.augment, RandomStream(i)));
    if (static_cast<int>(augmented.size()) < options.batch) {
      augmented.push_back({std::move(photo), Tensor::Scalar<int32_t>(photos.images[i].label)});
    }
    return absl::OkStatus();
  }));
  Example batch;
  RETURN_IF_ERROR(Time("stack", 1, [&](int64_t) -> absl::Status {
    ASSIGN_OR_RETURN(batch, StackExamples(augmented));
    return absl::OkStatus();
  }));
  AugmentOptions mix = options.augment;
  mix.mixup = 0.2f;
  RETURN_IF_ERROR(
      Time("mix", 1, [&](int64_t) { return MixPhotos(batch, mix, RandomStream(1)).status(); }));
  std::printf(" (stack and mix: of %zu)\n", augmented.size());
  return absl::OkStatus();
}

absl::Status Measure(const Settings& s) {
  ASSIGN_OR_RETURN(const LabelledImages photos, ReadPhotos(s));
  RETURN_IF_ERROR(MeasureSteps(photos, s.batches));
  const PhotoBatches batches(photos, s.batches);
  ASSIGN_OR_RETURN(const std::unique_ptr<DatasetIterator> iterator,
                   batches.dataset().MakeIterator());
  const int64_t start = Profile::Now();
  int64_t count = 0;
  while (count < 3 * static_cast<int64_t>(photos.images.size())) {
    Example batch;
    RETURN_IF_ERROR(iterator->Next(&batch).status());
    count += batch[0].dim(0);
  }
  std::printf(" pipeline threads=%d photos_per_s=%.0f\n", s.batches.threads,
              static_cast<double>(count) / (static_cast<double>(Profile::Now() - start) * 1e-9));
  return absl::OkStatus();
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  viv::Settings settings;
  if (!viv::Parse(argc, argv, settings)) {
    std::fprintf(stderr, "the head of this program's source lists its arguments\n");
    return 2;
  }
  const absl::Status status = viv::Measure(settings);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
