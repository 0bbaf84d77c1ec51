// Files, folders and archives seen alike.
#include "models/vision/photo_files.h"

#include <filesystem>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"

namespace viv {
namespace {

bool IsArchive(const std::string& path) {
  return absl::EndsWith(path, ".tar") || absl::EndsWith(path, ".tar.gz") ||
         absl::EndsWith(path, ".tgz");
}

// The photo of that name, or all in a folder or an archive.
absl::Status AddPhotos(const std::string& path, std::vector<PhotoFile>* files) {
  if (!IsFolder(path) && !IsArchive(path)) {
    files->push_back({.name = path});
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileTree> tree,
                   FileTree::Open(Env::Default(), path));
  const size_t before = files->size();
  for (size_t i = 0; i < tree->paths().size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    if (HasImageName(tree->paths()[i])) files->push_back({tree->FullPath(index), tree, index, ""});
  }
  for (const FileTree::Unlisted& folder : tree->unlisted()) {
    files->push_back({.name = JoinPath(tree->root(), folder.path),
                      .error = absl::UnavailableError(tree->Describe(folder))});
  }
  if (files->size() > before) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there are no photos in '", path, "'"));
}

// Whether the text is names of files, one a line, and no photo.
bool IsText(const std::string& bytes) {
  return absl::string_view(bytes).substr(0, 512).find('\0') == absl::string_view::npos;
}

}  // namespace

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return absl::EndsWith(path, "/") || std::filesystem::is_directory(path, ignored);
}

absl::StatusOr<Tensor> PhotoFile::Decode(const DecodeOptions& options) const {
  RETURN_IF_ERROR(error);
  if (tree == nullptr && bytes.empty()) return ReadImage(Env::Default(), name, options);
  absl::StatusOr<Tensor> image;
  if (tree == nullptr) {
    image = DecodeImage(bytes, options);
  } else {
    ASSIGN_OR_RETURN(const FileBytes file, tree->Read(index));
    image = DecodeImage(file.bytes, options);
  }
  if (!image.ok()) return Annotate(image.status(), name);
  return image;
}

absl::StatusOr<std::vector<PhotoFile>> FindPhotos(const std::vector<std::string>& paths,
                                                  std::istream& in) {
  std::vector<std::string> names = paths;
  if (names.empty()) {
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (bytes.empty()) {
      return absl::InvalidArgumentError(
          "there is nothing on the standard input: name photos or folders, or pipe in a photo");
    }
    if (!IsText(bytes)) {
      return std::vector<PhotoFile>{{.name = "(standard input)", .bytes = std::move(bytes)}};
    }
    for (const absl::string_view line : absl::StrSplit(bytes, '\n')) {
      const absl::string_view name = absl::StripSuffix(line, "\r");
      if (!name.empty()) names.emplace_back(name);
    }
  }
  std::vector<PhotoFile> files;
  for (const std::string& name : names) RETURN_IF_ERROR(AddPhotos(name, &files));
  return files;
}

}  // namespace viv
