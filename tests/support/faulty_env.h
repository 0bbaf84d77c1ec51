// A file system in memory that fails on demand: full disks, errors of any call, power cuts.
#ifndef VIV_TESTS_SUPPORT_FAULTY_ENV_H_
#define VIV_TESTS_SUPPORT_FAULTY_ENV_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/file.h"

namespace viv {

// What a power cut leaves of what was not synced. File contents are durable after Sync(), names in
// a directory after SyncDir() and after CreateDirs(), which syncs what it makes.
enum class PowerCut {
  kLosesAll,       // old names, old contents
  kLosesContents,  // new names, old contents: a new file that was not synced is empty
  kTearsContents,  // new names, half of the new contents
};

// Paths are absolute. Safe for concurrent use.
class FaultyEnv : public Env {
 public:
  FaultyEnv();

  // So many bytes of contents fit in; a write beyond that leaves what fits and fails.
  void SetCapacity(int64_t bytes);
  // The call after `skip` more calls fails (Unavailable) without an effect; if `stays`, all later
  // ones too, as for a process that was killed. Only a failing Remove() of a directory has removed
  // the first half of what is in it. Calls are all that return a Status; of an open file as well.
  void FailCall(int skip, bool stays);
  // Ends all faults: unlimited space, no failures.
  void Heal();
  // Files that are still open may not be used afterwards.
  void CutPower(PowerCut what);
  int calls() const;
  // All files, sorted, with their contents.
  std::map<std::string, std::string> Files() const;

  absl::StatusOr<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path) override;
  absl::StatusOr<std::shared_ptr<const MappedFile>> MapFile(const std::string& path) override;
  absl::StatusOr<std::string> ReadFile(const std::string& path) override;
  bool FileExists(const std::string& path) override;
  absl::Status CreateDirs(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> ListDir(const std::string& path) override;
  absl::Status SyncDir(const std::string& path) override;

 private:
  friend class FaultyFile;
  struct Node;
  using Entries = std::map<std::string, std::shared_ptr<Node>>;

  // The following are called with the lock.
  absl::Status Call(const std::string& what);
  // Null where there is none.
  std::shared_ptr<Node> Find(const std::string& path) const;
  absl::StatusOr<std::shared_ptr<Node>> FindFile(const std::string& path) const;
  absl::StatusOr<std::shared_ptr<Node>> FindDir(const std::string& path) const;
  absl::Status Append(Node& file, absl::string_view data);

  mutable std::mutex mutex_;
  std::shared_ptr<Node> root_;
  int64_t capacity_;
  int calls_ = 0;
  int fail_at_ = -1;  // the number of a call
  bool fails_on_ = false;
};

}  // namespace viv

#endif  // VIV_TESTS_SUPPORT_FAULTY_ENV_H_
