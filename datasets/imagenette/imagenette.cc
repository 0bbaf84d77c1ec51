// Folders of images, with names for the ten classes, which the download does not bring along.
#include "datasets/imagenette/imagenette.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace viv {
namespace {

constexpr std::pair<const char*, const char*> kNames[] = {
    {"n01440764", "tench"},           {"n02102040", "English springer"},
    {"n02979186", "cassette player"}, {"n03000684", "chain saw"},
    {"n03028079", "church"},          {"n03394916", "French horn"},
    {"n03417042", "garbage truck"},   {"n03425413", "gas pump"},
    {"n03445777", "golf ball"},       {"n03888257", "parachute"},
};

void NameClasses(LabelledImages& images) {
  for (ImageClass& c : images.classes) {
    for (const auto& [key, name] : kNames) {
      if (c.key == key && c.name == key) c.name = name;
    }
  }
}

}  // namespace

absl::StatusOr<ImageSplit> ReadImagenette(Env* env, const std::string& path) {
  absl::StatusOr<ImageSplit> split = ReadImageSplit(env, path);
  if (absl::IsNotFound(split.status())) {
    return absl::NotFoundError(
        absl::StrCat(split.status().message(), ": run datasets/imagenette/download.sh ", path));
  }
  if (!split.ok()) return split;
  NameClasses(split->train);
  NameClasses(split->validation);
  return split;
}

}  // namespace viv
