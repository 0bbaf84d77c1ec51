// JSON into captions by image.
#include "datasets/coco/coco.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

struct Entry {
  std::string file_name;
  std::vector<std::string> captions;
};

// By id. Throws what nlohmann's library throws.
std::map<int64_t, Entry> ReadEntries(const std::string& text) {
  const nlohmann::json root = nlohmann::json::parse(text);
  std::map<int64_t, Entry> entries;
  for (const nlohmann::json& image : root.at("images")) {
    entries[image.at("id").get<int64_t>()].file_name = image.at("file_name").get<std::string>();
  }
  for (const nlohmann::json& annotation : root.at("annotations")) {
    const std::string caption(
        absl::StripAsciiWhitespace(annotation.at("caption").get_ref<const std::string&>()));
    const auto entry = entries.find(annotation.at("image_id").get<int64_t>());
    if (entry != entries.end() && !caption.empty()) entry->second.captions.push_back(caption);
  }
  return entries;
}

// Photos by their paths below the root and, whatever folders are around them, by their last parts.
class PhotoNames {
 public:
  explicit PhotoNames(const FileTree& tree) {
    for (size_t i = 0; i < tree.paths().size(); ++i) {
      const auto index = static_cast<int64_t>(i);
      by_path_[tree.paths()[i]] = index;
      const auto [found, added] = by_name_.emplace(BaseName(tree.paths()[i]), index);
      if (!added) found->second = kSeveral;
    }
  }

  absl::StatusOr<int64_t> Find(const std::string& name) const {
    if (const auto exact = by_path_.find(name); exact != by_path_.end()) return exact->second;
    const auto found = by_name_.find(BaseName(name));
    if (found == by_name_.end()) return absl::NotFoundError("there is no such photo");
    if (found->second == kSeveral) return absl::NotFoundError("several photos have this name");
    return found->second;
  }

 private:
  static constexpr int64_t kSeveral = -1;
  std::map<std::string, int64_t> by_path_, by_name_;
};

}  // namespace

absl::StatusOr<CaptionedImages> ReadCocoCaptions(Env* env, const std::string& annotations,
                                                 const std::string& images) {
  ASSIGN_OR_RETURN(const std::string text, env->ReadFile(annotations));
  std::map<int64_t, Entry> entries;
  const absl::Status read = RunGuarded("reading", [&] { entries = ReadEntries(text); });
  if (!read.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", annotations, "' is no file of COCO captions: ", read.message()));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileTree> tree, FileTree::Open(env, images));
  const PhotoNames names(*tree);
  CaptionedImages all;
  tree->DescribeUnlisted("", &all.skipped);
  const std::shared_ptr<const ImageSource> source = ImagesOfTree(tree);
  for (auto& [id, entry] : entries) {
    const absl::StatusOr<int64_t> photo = names.Find(entry.file_name);
    if (!photo.ok()) {
      all.skipped.push_back(absl::StrCat(entry.file_name, ": ", photo.status().message()));
    } else if (entry.captions.empty()) {
      all.skipped.push_back(absl::StrCat(entry.file_name, ": it has no caption"));
    } else {
      all.images.push_back({source, *photo, std::move(entry.captions)});
    }
  }
  if (!all.images.empty()) return all;
  return absl::NotFoundError(absl::StrCat("'", images, "' has none of the ", entries.size(),
                                          " captioned photos that '", annotations, "' names"));
}

}  // namespace viv
