// Class folders; the validation images of the download lie side by side, with a table of classes.
#include "datasets/imagenet/imagenet.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

// Lines "ILSVRC2012_val_00000001,n01751748 100 50 200 150 ...": name, class, boxes.
absl::StatusOr<LabelledImages> ReadFlatValidation(const std::shared_ptr<const FileTree>& tree,
                                                  int64_t table,
                                                  const std::vector<ImageClass>& classes) {
  std::map<std::string, int32_t> labels;
  for (const ImageClass& c : classes) {
    const auto label = static_cast<int32_t>(labels.size());
    labels[c.key] = label;
  }
  std::map<std::string, int64_t> files;  // by name without its end
  for (size_t i = 0; i < tree->paths().size(); ++i) {
    const std::string& path = tree->paths()[i];
    if (!HasImageName(path) || !absl::StrContains(path, "val/")) continue;
    const std::string name = BaseName(path);
    files[name.substr(0, name.rfind('.'))] = static_cast<int64_t>(i);
  }
  LabelledImages all;
  all.classes = classes;
  const std::shared_ptr<const ImageSource> source = ImagesOfTree(tree);
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, tree->ReadLines(table));
  for (const std::string& line : lines) {
    const size_t comma = line.find(',');
    if (comma == std::string::npos) continue;
    const std::string name = line.substr(0, comma);
    const auto label = labels.find(line.substr(comma + 1, line.find(' ', comma) - comma - 1));
    const auto file = files.find(name);
    if (label == labels.end() || name == "ImageId") continue;
    if (file == files.end()) {
      all.skipped.push_back(absl::StrCat(name, ": there is no such image in val/"));
      continue;
    }
    all.images.push_back({source, file->second, label->second});
  }
  std::stable_sort(
      all.images.begin(), all.images.end(),
      [](const LabelledImage& a, const LabelledImage& b) { return a.label < b.label; });
  return all;
}

}  // namespace

absl::StatusOr<ImageSplit> ReadImagenet(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileTree> tree, FileTree::Open(env, path));
  const std::optional<int64_t> table = tree->Find("LOC_val_solution.csv");
  if (!table) return ReadImageSplit(env, path);
  ImageSplit split;
  const bool in_release = std::any_of(
      tree->paths().begin(), tree->paths().end(),
      [](const std::string& p) { return absl::StartsWith(p, "ILSVRC/Data/CLS-LOC/train/"); });
  ASSIGN_OR_RETURN(split.train,
                   ReadClassFolders(tree, in_release ? "ILSVRC/Data/CLS-LOC/train/" : "train/"));
  ASSIGN_OR_RETURN(split.validation, ReadFlatValidation(tree, *table, split.train.classes));
  if (split.validation.images.empty()) return HoldOutEveryTenth(std::move(split.train));
  return split;
}

}  // namespace viv
