// Splits and unions of labelled images; the choice of a reader.
#include "datasets/images/labelled_images.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

class TreeImages : public ImageSource {
 public:
  explicit TreeImages(std::shared_ptr<const FileTree> tree) : tree_(std::move(tree)) {}
  std::string Name(int64_t i) const override { return tree_->FullPath(i); }
  absl::StatusOr<Tensor> Decode(int64_t i, const DecodeOptions& options) const override {
    ASSIGN_OR_RETURN(const FileBytes file, tree_->Read(i));
    return DecodeImage(file.bytes, options);
  }

 private:
  const std::shared_ptr<const FileTree> tree_;
};

// The folder called `name` that lies highest, as "a/name/", or "".
std::string FindFolder(const FileTree& tree, const std::string& name) {
  const std::string part = absl::StrCat("/", name, "/");
  std::string best;
  for (const std::string& path : tree.paths()) {
    const size_t at = absl::StrCat("/", path).find(part);
    if (at == std::string::npos) continue;
    std::string folder = path.substr(0, at + part.size() - 1);
    if (best.empty() || folder.size() < best.size()) best = std::move(folder);
  }
  return best;
}

absl::Status CheckSameClasses(const LabelledImages& train, const LabelledImages& validation) {
  if (train.classes == validation.classes) return absl::OkStatus();
  std::set<std::string> keys;
  for (const ImageClass& c : train.classes) keys.insert(c.key);
  for (const ImageClass& c : validation.classes) {
    if (keys.erase(c.key) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the folder of validation has a class '", c.key, "' that train has not"));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the folder of validation has no class '", *keys.begin(), "', which train has"));
}

absl::StatusOr<ImageSplit> ReadSplitTree(const std::shared_ptr<const FileTree>& tree) {
  const std::string train = FindFolder(*tree, "train");
  if (train.empty()) {
    ASSIGN_OR_RETURN(LabelledImages all, ReadClassFolders(tree));
    return HoldOutEveryTenth(std::move(all));
  }
  ImageSplit split;
  ASSIGN_OR_RETURN(split.train, ReadClassFolders(tree, train));
  for (const char* name : {"val", "valid", "validation", "test"}) {
    const std::string validation = FindFolder(*tree, name);
    if (validation.empty()) continue;
    ASSIGN_OR_RETURN(split.validation, ReadClassFolders(tree, validation));
    RETURN_IF_ERROR(Annotate(CheckSameClasses(split.train, split.validation),
                             absl::StrCat("'", tree->root(), "'")));
    return split;
  }
  return HoldOutEveryTenth(std::move(split.train));
}

}  // namespace

std::shared_ptr<const ImageSource> ImagesOfTree(std::shared_ptr<const FileTree> tree) {
  return std::make_shared<TreeImages>(std::move(tree));
}

absl::StatusOr<Tensor> ImageSource::DecodeNamed(int64_t i, const DecodeOptions& options) const {
  absl::StatusOr<Tensor> image = Decode(i, options);
  if (!image.ok()) return Annotate(image.status(), Name(i));
  return image;
}

absl::StatusOr<Tensor> LabelledImage::Decode(const DecodeOptions& options) const {
  return source->DecodeNamed(index, options);
}

absl::StatusOr<ImageSplit> ReadImageSplit(Env* env, const std::string& path) {
  const auto ends = [&](absl::string_view end) { return absl::EndsWithIgnoreCase(path, end); };
  const bool table = ends(".csv") || ends(".tsv");
  if (table || ends(".tfrecord") || ends(".tfrecords")) {
    ASSIGN_OR_RETURN(LabelledImages all,
                     table ? ReadImageCsv(env, path) : ReadImageRecords(env, {path}));
    return HoldOutEveryTenth(std::move(all));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileTree> tree, FileTree::Open(env, path));
  return ReadSplitTree(tree);
}

ImageSplit HoldOutEveryTenth(LabelledImages all) {
  std::vector<int64_t> size(all.classes.size()), seen(all.classes.size());
  for (const LabelledImage& image : all.images) ++size[image.label];
  ImageSplit split;
  split.train.classes = split.validation.classes = all.classes;
  split.train.skipped = std::move(all.skipped);
  for (LabelledImage& image : all.images) {
    const bool held_out = seen[image.label]++ % 10 == 0 && size[image.label] > 1;
    (held_out ? split.validation : split.train).images.push_back(std::move(image));
  }
  return split;
}

LabelledImages MergeImages(std::vector<LabelledImages> sets) {
  std::map<std::string, size_t> set_of_class;  // the first that has it
  for (size_t s = 0; s < sets.size(); ++s) {
    for (const ImageClass& c : sets[s].classes) set_of_class.emplace(c.key, s);
  }
  LabelledImages all;
  std::map<std::string, int32_t> label_of_class;
  for (const auto& [key, s] : set_of_class) {
    label_of_class[key] = static_cast<int32_t>(all.classes.size());
    for (const ImageClass& c : sets[s].classes) {
      if (c.key == key) all.classes.push_back(c);
    }
  }
  for (size_t s = 0; s < sets.size(); ++s) {
    for (LabelledImage& image : sets[s].images) {
      const std::string& key = sets[s].classes[image.label].key;
      if (set_of_class[key] != s) continue;
      image.label = label_of_class[key];
      all.images.push_back(std::move(image));
    }
    for (std::string& skipped : sets[s].skipped) all.skipped.push_back(std::move(skipped));
  }
  std::stable_sort(
      all.images.begin(), all.images.end(),
      [](const LabelledImage& a, const LabelledImage& b) { return a.label < b.label; });
  return all;
}

absl::Status CheckTrainable(const LabelledImages& data) {
  std::vector<int64_t> size(data.classes.size());
  for (const LabelledImage& image : data.images) ++size[image.label];
  for (size_t label = 0; label < size.size(); ++label) {
    if (size[label] > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("class '", data.classes[label].name,
                     "' has no images: put some into its folder, or remove it"));
  }
  if (size.size() >= 2) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there ",
                   size.empty() ? "is no class"
                                : absl::StrCat("is one class only, '", data.classes[0].name, "'"),
                   ": a classifier needs at least two; put the images of each into a folder of "
                   "its own"));
}

}  // namespace viv
