// One folder a class.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "datasets/images/labelled_images.h"

namespace viv {
namespace {

// Class names by key, out of the texts that image collections bring along.
absl::StatusOr<std::map<std::string, std::string>> ReadClassNames(const FileTree& tree) {
  std::map<std::string, std::string> names;
  for (const auto& [file, separator] :
       {std::pair("classes.txt", '\t'), std::pair("LOC_synset_mapping.txt", ' ')}) {
    const std::optional<int64_t> index = tree.Find(file);
    if (!index) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> lines, tree.ReadLines(*index));
    for (const std::string& line : lines) {
      const size_t at = line.find(separator);
      if (at == std::string::npos) continue;
      names.emplace(line.substr(0, at), line.substr(at + 1));
    }
  }
  return names;
}

// The folders that all images below `below` have around their classes' folders: "a/b/", or `below`.
std::string PassOverFolders(const FileTree& tree, std::string below) {
  while (true) {
    std::string only;
    for (const std::string& path : tree.paths()) {
      if (!absl::StartsWith(path, below) || !HasImageName(path)) continue;
      const absl::string_view rest = absl::string_view(path).substr(below.size());
      const size_t end = rest.find('/');
      // A class's folder, or no folder at all.
      if (end == absl::string_view::npos || rest.find('/', end + 1) == absl::string_view::npos) {
        return below;
      }
      std::string folder(rest.substr(0, end + 1));
      if (!only.empty() && folder != only) return below;
      only = std::move(folder);
    }
    if (only.empty()) return below;
    below += only;
  }
}

// The names of folders without an image, which are no files of the tree: empty classes.
std::vector<std::string> EmptyFolders(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    std::error_code ignored;
    if (it->is_directory(ignored) && !absl::StartsWith(name, ".")) names.push_back(std::move(name));
  }
  return names;
}

absl::Status NoClasses(const FileTree& tree, const std::string& below, int64_t loose_images) {
  const std::string where = absl::StrCat("'", JoinPath(tree.root(), below), "'");
  if (loose_images > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " holds ", loose_images,
                     " images but no folders: put the images of each class into a folder of its "
                     "own, called as the class is"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(where, " holds no images (", tree.paths().size(),
                   " other files): it should have one folder of JPEG, PNG, WebP or GIF files a "
                   "class"));
}

}  // namespace

absl::StatusOr<LabelledImages> ReadClassFolders(std::shared_ptr<const FileTree> tree,
                                                const std::string& below) {
  const std::string root = PassOverFolders(*tree, below);
  ASSIGN_OR_RETURN(const auto names, ReadClassNames(*tree));
  std::map<std::string, std::vector<int64_t>> images;  // of each class, sorted as the paths are
  for (std::string& name : EmptyFolders(JoinPath(tree->root(), root))) images[std::move(name)];
  LabelledImages all;
  int64_t loose_images = 0;
  for (size_t i = 0; i < tree->paths().size(); ++i) {
    const std::string& path = tree->paths()[i];
    if (!absl::StartsWith(path, root)) continue;
    const size_t end = path.find('/', root.size());
    if (end == std::string::npos) {
      if (!HasImageName(path)) continue;
      ++loose_images;
      all.skipped.push_back(absl::StrCat(tree->FullPath(i), ": it lies in no class's folder"));
    } else if (!HasImageName(path)) {
      all.skipped.push_back(absl::StrCat(tree->FullPath(i), ": its name is not an image's"));
    } else {
      images[path.substr(root.size(), end - root.size())].push_back(static_cast<int64_t>(i));
    }
  }
  tree->DescribeUnlisted(root, &all.skipped);
  const std::shared_ptr<const ImageSource> source = ImagesOfTree(tree);
  for (const auto& [key, indices] : images) {
    const auto name = names.find(key);
    const auto label = static_cast<int32_t>(all.classes.size());
    all.classes.push_back({key, name == names.end() ? key : name->second});
    for (const int64_t index : indices) all.images.push_back({source, index, label});
  }
  if (all.images.empty()) return NoClasses(*tree, root, loose_images);
  return all;
}

}  // namespace viv
