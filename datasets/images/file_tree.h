// The files of a folder or of an archive, seen alike: what a download is read from, unpacked or
// not.
#ifndef VIV_DATASETS_IMAGES_FILE_TREE_H_
#define VIV_DATASETS_IMAGES_FILE_TREE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"

namespace viv {

// Bytes, and what keeps them alive.
struct FileBytes {
  std::shared_ptr<const void> owner;
  absl::string_view bytes;
};

// Immutable; safe for concurrent use.
class FileTree {
 public:
  virtual ~FileTree() = default;

  // A folder with all that is below it, or an archive: .tar, which is mapped, or .tar.gz or .tgz,
  // which is unpacked into memory. Hidden files and folders are left out; links to folders are
  // followed where they lie in the folder itself. NotFound where there is nothing, InvalidArgument
  // for another kind of file, DataLoss for a damaged or truncated archive.
  static absl::StatusOr<std::shared_ptr<const FileTree>> Open(Env* env, const std::string& path);

  // Below the root ("train/cat/1.jpg"), sorted by their bytes.
  const std::vector<std::string>& paths() const { return paths_; }
  // Folders below the root whose files, or the rest of them, could not be listed, and why.
  struct Unlisted {
    std::string path, reason;
  };
  const std::vector<Unlisted>& unlisted() const { return unlisted_; }
  // For messages.
  std::string Describe(const Unlisted& folder) const;
  // Appends the descriptions of those whose paths begin with `below`.
  void DescribeUnlisted(const std::string& below, std::vector<std::string>* descriptions) const;
  // The folder's or archive's path.
  const std::string& root() const { return root_; }
  // For messages: root and path of file `i`.
  std::string FullPath(int64_t i) const;
  // Of the file with this path below the root, or of the first whose path ends with "/" and it.
  std::optional<int64_t> Find(absl::string_view path) const;

  // The contents of paths()[i].
  virtual absl::StatusOr<FileBytes> Read(int64_t i) const = 0;
  // Of a text: its lines without their ends, a byte order mark dropped.
  absl::StatusOr<std::vector<std::string>> ReadLines(int64_t i) const;

 protected:
  explicit FileTree(std::string root) : root_(std::move(root)) {}
  std::vector<std::string> paths_;
  std::vector<Unlisted> unlisted_;

 private:
  const std::string root_;
};

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_FILE_TREE_H_
