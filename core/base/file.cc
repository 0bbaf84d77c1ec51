// POSIX files.
#include "core/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

namespace fs = std::filesystem;

absl::Status ErrnoStatus(const std::string& operation, const std::string& path, int error) {
  const std::string message =
      absl::StrCat("cannot ", operation, " '", path, "': ", std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(absl::StrCat(message, "; free some space and try again"));
    default:
      return absl::UnavailableError(message);
  }
}

class PosixWritableFile : public WritableFile {
 public:
  PosixWritableFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PosixWritableFile() override {
    if (fd_ >= 0) ::close(fd_);
  }
  absl::Status Append(absl::string_view data) override {
    while (!data.empty()) {
      const ssize_t written = ::write(fd_, data.data(), data.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return ErrnoStatus("write", path_, errno);
      }
      data.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    return ::fsync(fd_) == 0 ? absl::OkStatus() : ErrnoStatus("sync", path_, errno);
  }
  absl::Status Close() override {
    const int fd = fd_;
    fd_ = -1;
    return fd < 0 || ::close(fd) == 0 ? absl::OkStatus() : ErrnoStatus("close", path_, errno);
  }

 private:
  std::string path_;
  int fd_;
};

class PosixMappedFile : public MappedFile {
 public:
  PosixMappedFile(void* data, size_t size) : data_(data), size_(size) {}
  ~PosixMappedFile() override {
    if (size_ > 0) ::munmap(data_, size_);
  }
  const char* data() const override { return static_cast<const char*>(data_); }
  size_t size() const override { return size_; }

 private:
  void* data_;
  size_t size_;
};

// A descriptor that is closed at the end of the scope.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

class PosixEnv : public Env {
 public:
  absl::StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return ErrnoStatus("create", path, errno);
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(path, fd));
  }

  absl::StatusOr<std::shared_ptr<const MappedFile>> MapFile(const std::string& path) override {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0) return ErrnoStatus("open", path, errno);
    struct stat info;
    if (::fstat(file.fd, &info) != 0) return ErrnoStatus("examine", path, errno);
    if (!S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(absl::StrCat("'", path, "' is not a regular file"));
    }
    const size_t size = static_cast<size_t>(info.st_size);
    void* data = nullptr;
    if (size > 0) {
      data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
      if (data == MAP_FAILED) return ErrnoStatus("map", path, errno);
    }
    return std::shared_ptr<const MappedFile>(std::make_shared<PosixMappedFile>(data, size));
  }

  absl::StatusOr<std::string> ReadFile(const std::string& path) override {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0) return ErrnoStatus("open", path, errno);
    std::string contents;
    char chunk[1 << 16];
    for (;;) {
      const ssize_t n = ::read(file.fd, chunk, sizeof(chunk));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus("read", path, errno);
      if (n == 0) return contents;
      contents.append(chunk, static_cast<size_t>(n));
    }
  }

  bool FileExists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  absl::Status CreateDirs(const std::string& path) override {
    std::error_code error;
    std::vector<std::string> missing;
    for (fs::path dir = path; !dir.empty() && !fs::exists(dir, error); dir = dir.parent_path()) {
      missing.push_back(dir.string());
    }
    fs::create_directories(path, error);
    if (error) return ErrnoStatus("create directory", path, error.value());
    for (const std::string& dir : missing) RETURN_IF_ERROR(SyncDir(DirName(dir)));
    return absl::OkStatus();
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    return std::rename(from.c_str(), to.c_str()) == 0
               ? absl::OkStatus()
               : ErrnoStatus(absl::StrCat("rename '", from, "' to"), to, errno);
  }

  absl::Status Remove(const std::string& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    return error ? ErrnoStatus("remove", path, error.value()) : absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ListDir(const std::string& path) override {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    if (error) return ErrnoStatus("list", path, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status SyncDir(const std::string& path) override {
    const Descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.fd < 0) return ErrnoStatus("open", path, errno);
    // EINVAL: a file system that has no such thing.
    return ::fsync(directory.fd) == 0 || errno == EINVAL ? absl::OkStatus()
                                                         : ErrnoStatus("sync", path, errno);
  }
};

}  // namespace

Env* Env::Default() {
  static PosixEnv env;
  return &env;
}

absl::Status WriteFileAtomically(Env* env, const std::string& path, absl::string_view contents) {
  const std::string temporary = absl::StrCat(path, ".tmp", ::getpid());
  const auto write = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env->NewWritableFile(temporary));
    RETURN_IF_ERROR(file->Append(contents));
    RETURN_IF_ERROR(file->Sync());
    RETURN_IF_ERROR(file->Close());
    RETURN_IF_ERROR(env->Rename(temporary, path));
    return env->SyncDir(DirName(path));
  };
  absl::Status status = write();
  if (!status.ok()) env->Remove(temporary).IgnoreError();
  return status;
}

std::string JoinPath(const std::string& directory, const std::string& name) {
  if (directory.empty() || name.rfind('/', 0) == 0) return name;
  return directory.back() == '/' ? directory + name : absl::StrCat(directory, "/", name);
}

std::string DirName(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string BaseName(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace viv
