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
  std::map<std::string, int64_t> photos;
  for (size_t i = 0; i < tree->paths().size(); ++i) {
    photos[BaseName(tree->paths()[i])] = static_cast<int64_t>(i);
  }
  CaptionedImages all;
  const std::shared_ptr<const ImageSource> source = ImagesOfTree(tree);
  for (auto& [id, entry] : entries) {
    const auto photo = photos.find(BaseName(entry.file_name));
    if (photo == photos.end()) {
      all.skipped.push_back(absl::StrCat(entry.file_name, ": there is no such photo"));
    } else if (entry.captions.empty()) {
      all.skipped.push_back(absl::StrCat(entry.file_name, ": it has no caption"));
    } else {
      all.images.push_back({source, photo->second, std::move(entry.captions)});
    }
  }
  if (!all.images.empty()) return all;
  return absl::NotFoundError(absl::StrCat("'", images, "' has none of the ", entries.size(),
                                          " captioned photos that '", annotations, "' names"));
}

}  // namespace viv
