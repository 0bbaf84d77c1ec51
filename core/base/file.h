// Files behind an interface, so that tests can make the disk fail.
#ifndef VIV_CORE_BASE_FILE_H_
#define VIV_CORE_BASE_FILE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace viv {

// A file open for writing. Not safe for concurrent use.
class WritableFile {
 public:
  // Closes without a word about errors: call Close().
  virtual ~WritableFile() = default;
  virtual absl::Status Append(absl::string_view data) = 0;
  // Forces what was written onto the disk.
  virtual absl::Status Sync() = 0;
  virtual absl::Status Close() = 0;
};

// A whole file mapped for reading; pages are shared between processes.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual const char* data() const = 0;
  virtual size_t size() const = 0;
};

// The file system. Errors name the path and the operation. Safe for concurrent use.
class Env {
 public:
  virtual ~Env() = default;
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(
      const std::string& path) = 0;
  virtual absl::StatusOr<std::shared_ptr<const MappedFile>> MapFile(const std::string& path) = 0;
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path) = 0;
  virtual bool FileExists(const std::string& path) = 0;
  // With all missing parents, durably; an existing directory is fine.
  virtual absl::Status CreateDirs(const std::string& path) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // A file or a directory with all that it holds; a missing one is fine.
  virtual absl::Status Remove(const std::string& path) = 0;
  // Names in the directory, sorted.
  virtual absl::StatusOr<std::vector<std::string>> ListDir(const std::string& path) = 0;
  // Makes renames within the directory durable.
  virtual absl::Status SyncDir(const std::string& path) = 0;

  // POSIX.
  static Env* Default();
};

// Writes beside the file, forces it onto the disk and renames it into place: afterwards `path`
// holds either the old or the new contents, whole.
absl::Status WriteFileAtomically(Env* env, const std::string& path, absl::string_view contents);

std::string JoinPath(const std::string& directory, const std::string& name);
// "." where the path has no slash.
std::string DirName(const std::string& path);
std::string BaseName(const std::string& path);

}  // namespace viv

#endif  // VIV_CORE_BASE_FILE_H_
