// Lists of photos' names, and lines "name.jpg#0<TAB>caption".
#include "datasets/flickr8k/flickr8k.h"

#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/base/utf8.h"

namespace viv {
namespace {

absl::StatusOr<int64_t> FindText(const FileTree& tree, const std::string& name) {
  const std::optional<int64_t> file = tree.Find(name);
  if (file) return *file;
  return absl::NotFoundError(absl::StrCat("'", tree.root(), "' has no ", name,
                                          ": run datasets/flickr8k/download.sh ", tree.root()));
}

using Captions = std::map<std::string, std::vector<std::string>>;  // by the photo's name

absl::StatusOr<Captions> ReadCaptions(const FileTree& tree) {
  ASSIGN_OR_RETURN(const int64_t file, FindText(tree, "Flickr8k.token.txt"));
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, tree.ReadLines(file));
  Captions captions;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const size_t tab = lines[i].find('\t');
    const size_t hash = lines[i].rfind('#', tab);
    const std::string where = absl::StrCat("'", tree.FullPath(file), "': line ", i + 1, ": ");
    if (tab == std::string::npos || hash == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, "'name.jpg#0<tab>caption' is needed, not '", lines[i], "'"));
    }
    if (FirstInvalidUtf8(lines[i])) return absl::InvalidArgumentError(where + "this is not UTF-8");
    const std::string caption(absl::StripAsciiWhitespace(lines[i].substr(tab + 1)));
    if (!caption.empty()) captions[lines[i].substr(0, hash)].push_back(caption);
  }
  return captions;
}

}  // namespace

absl::StatusOr<CaptionedImages> ReadFlickr8k(Env* env, const std::string& path,
                                             const std::string& split) {
  absl::StatusOr<std::shared_ptr<const FileTree>> tree = FileTree::Open(env, path);
  if (absl::IsNotFound(tree.status())) {
    return absl::NotFoundError(
        absl::StrCat(tree.status().message(), ": run datasets/flickr8k/download.sh ", path));
  }
  if (!tree.ok()) return tree.status();
  ASSIGN_OR_RETURN(const int64_t list,
                   FindText(**tree, absl::StrCat("Flickr_8k.", split, "Images.txt")));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, (*tree)->ReadLines(list));
  ASSIGN_OR_RETURN(const Captions captions, ReadCaptions(**tree));
  std::map<std::string, int64_t> photos;
  for (size_t i = 0; i < (*tree)->paths().size(); ++i) {
    photos[BaseName((*tree)->paths()[i])] = static_cast<int64_t>(i);
  }
  CaptionedImages all;
  (*tree)->DescribeUnlisted("", &all.skipped);
  const std::shared_ptr<const ImageSource> source = ImagesOfTree(*tree);
  for (const std::string& line : names) {
    const std::string name(absl::StripAsciiWhitespace(line));
    if (name.empty()) continue;
    const auto photo = photos.find(name);
    const auto sentences = captions.find(name);
    if (photo == photos.end()) {
      all.skipped.push_back(absl::StrCat(name, ": there is no such photo"));
    } else if (sentences == captions.end()) {
      all.skipped.push_back(absl::StrCat(name, ": it has no caption"));
    } else {
      all.images.push_back({source, photo->second, sentences->second});
    }
  }
  if (all.images.empty()) {
    return absl::NotFoundError(absl::StrCat("'", path, "' has none of the ", names.size(),
                                            " photos of ", (*tree)->paths()[list],
                                            ": unpack Flickr8k_Dataset.zip there"));
  }
  return all;
}

}  // namespace viv
