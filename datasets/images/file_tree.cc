// Folders are listed once and read when asked; archives are mapped or unpacked.
#include "datasets/images/file_tree.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "datasets/images/tar.h"

namespace viv {
namespace {

namespace fs = std::filesystem;

bool IsHidden(absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (absl::StartsWith(part, ".") || part == "__MACOSX") return true;
  }
  return false;
}

class Folder : public FileTree {
 public:
  Folder(Env* env, std::string root) : FileTree(std::move(root)), env_(env) {}

  absl::Status List() {
    if (const std::error_code error = ListBelow(root(), /*depth=*/0)) {
      return absl::UnavailableError(absl::StrCat("cannot list '", root(), "': ", error.message()));
    }
    std::sort(paths_.begin(), paths_.end());
    return absl::OkStatus();
  }

  absl::StatusOr<FileBytes> Read(int64_t i) const override {
    ASSIGN_OR_RETURN(std::string contents, env_->ReadFile(FullPath(i)));
    auto owner = std::make_shared<const std::string>(std::move(contents));
    return FileBytes{owner, *owner};
  }

 private:
  // The error of this folder; those of folders in it are noted.
  std::error_code ListBelow(const fs::path& folder, int depth) {
    std::error_code error;
    fs::directory_iterator it(folder, error);
    for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
      if (IsHidden(it->path().filename().string())) continue;
      std::error_code ignored;  // of a link that leads nowhere
      if (!it->is_directory(ignored)) {
        if (it->is_regular_file(ignored)) paths_.push_back(Below(it->path()));
        continue;
      }
      // Links further down could lead round in circles.
      if (depth > 0 && it->is_symlink(ignored)) continue;
      if (const std::error_code inner = ListBelow(it->path(), depth + 1)) {
        unlisted_.push_back({Below(it->path()), inner.message()});
      }
    }
    return error;
  }
  std::string Below(const fs::path& path) const {
    const std::string whole = path.string();
    return std::string(absl::StripPrefix(absl::string_view(whole).substr(root().size()), "/"));
  }

  Env* const env_;
};

class Archive : public FileTree {
 public:
  explicit Archive(std::string root) : FileTree(std::move(root)) {}

  absl::Status Map(Env* env) {
    ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> file, env->MapFile(root()));
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source,
                     ByteSource::Open(env, root(), Compression::kNone));
    const auto add = [&](const std::string& path, int64_t size, int64_t offset) {
      // A file that ends early is found by the walk.
      const absl::string_view all(file->data(), file->size());
      Add(path, {file, all.substr(static_cast<size_t>(offset), static_cast<size_t>(size))});
      return false;
    };
    RETURN_IF_ERROR(WalkTar(root(), *source, add, nullptr));
    Finish();
    return absl::OkStatus();
  }

  absl::Status Unpack(Env* env) {
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source,
                     ByteSource::Open(env, root(), Compression::kGzip));
    std::string name;
    const auto wants = [&](const std::string& path, int64_t, int64_t) {
      name = path;
      return !IsHidden(Normal(path));
    };
    const auto take = [&](std::string contents) {
      auto owner = std::make_shared<const std::string>(std::move(contents));
      Add(name, {owner, *owner});
    };
    RETURN_IF_ERROR(WalkTar(root(), *source, wants, take));
    Finish();
    return absl::OkStatus();
  }

  absl::StatusOr<FileBytes> Read(int64_t i) const override {
    return contents_[static_cast<size_t>(i)];
  }

 private:
  static absl::string_view Normal(absl::string_view path) {
    while (absl::ConsumePrefix(&path, "./") || absl::ConsumePrefix(&path, "/")) continue;
    return path;
  }

  void Add(const std::string& path, FileBytes bytes) {
    const absl::string_view normal = Normal(path);
    // Of members of one name the last counts, as for tar.
    if (!IsHidden(normal)) members_[std::string(normal)] = std::move(bytes);
  }
  void Finish() {
    for (auto& [path, bytes] : members_) {
      paths_.push_back(path);
      contents_.push_back(std::move(bytes));
    }
    members_.clear();
  }

  std::map<std::string, FileBytes> members_;
  std::vector<FileBytes> contents_;
};

}  // namespace

std::string FileTree::Describe(const Unlisted& folder) const {
  return absl::StrCat(JoinPath(root_, folder.path),
                      ": the folder cannot be listed: ", folder.reason);
}

void FileTree::DescribeUnlisted(const std::string& below,
                                std::vector<std::string>* descriptions) const {
  for (const Unlisted& folder : unlisted_) {
    if (absl::StartsWith(folder.path, below)) descriptions->push_back(Describe(folder));
  }
}

std::string FileTree::FullPath(int64_t i) const {
  return JoinPath(root_, paths_[static_cast<size_t>(i)]);
}

std::optional<int64_t> FileTree::Find(absl::string_view path) const {
  const auto exact = std::lower_bound(paths_.begin(), paths_.end(), path);
  if (exact != paths_.end() && *exact == path) return exact - paths_.begin();
  const std::string end = absl::StrCat("/", path);
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (absl::EndsWith(paths_[i], end)) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<std::string>> FileTree::ReadLines(int64_t i) const {
  ASSIGN_OR_RETURN(const FileBytes file, Read(i));
  absl::string_view text = file.bytes;
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  absl::ConsumeSuffix(&text, "\n");
  std::vector<std::string> lines;
  if (text.empty()) return lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    lines.emplace_back(line);
  }
  return lines;
}

absl::StatusOr<std::shared_ptr<const FileTree>> FileTree::Open(Env* env, const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    std::string root = path;
    while (root.size() > 1 && root.back() == '/') root.pop_back();
    auto folder = std::make_shared<Folder>(env, std::move(root));
    RETURN_IF_ERROR(folder->List());
    return std::shared_ptr<const FileTree>(std::move(folder));
  }
  if (!fs::exists(path, error)) {
    return absl::NotFoundError(absl::StrCat("there is no folder or archive '", path, "'"));
  }
  auto archive = std::make_shared<Archive>(path);
  if (absl::EndsWithIgnoreCase(path, ".tar")) {
    RETURN_IF_ERROR(archive->Map(env));
  } else if (absl::EndsWithIgnoreCase(path, ".tar.gz") || absl::EndsWithIgnoreCase(path, ".tgz")) {
    RETURN_IF_ERROR(archive->Unpack(env));
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' is neither a folder nor an archive (.tar, .tar.gz, .tgz)"));
  }
  return std::shared_ptr<const FileTree>(std::move(archive));
}

}  // namespace viv
