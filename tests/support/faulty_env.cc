// Files and directories as nodes that remember what is durable of them.
#include "tests/support/faulty_env.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"

namespace viv {

struct FaultyEnv::Node {
  bool is_dir = false;
  Entries entries, durable_entries;
  std::string contents, durable_contents;
  bool synced = true;

  int64_t Bytes() const {
    auto bytes = static_cast<int64_t>(contents.size());
    for (const auto& [name, node] : entries) bytes += node->Bytes();
    return bytes;
  }
  void CutPower(PowerCut what) {
    if (what == PowerCut::kLosesAll) entries = durable_entries;
    if (!synced) {
      contents = what == PowerCut::kTearsContents ? contents.substr(0, contents.size() / 2)
                                                  : durable_contents;
    }
    durable_entries = entries;
    durable_contents = contents;
    synced = true;
    for (const auto& [name, node] : entries) node->CutPower(what);
  }
  void Collect(const std::string& path, std::map<std::string, std::string>* files) const {
    if (!is_dir) (*files)[path] = contents;
    for (const auto& [name, node] : entries) node->Collect(absl::StrCat(path, "/", name), files);
  }
};

class FaultyFile : public WritableFile {
 public:
  FaultyFile(FaultyEnv* env, std::string path, std::shared_ptr<FaultyEnv::Node> node)
      : env_(env), path_(std::move(path)), node_(std::move(node)) {}
  absl::Status Append(absl::string_view data) override {
    const std::lock_guard lock(env_->mutex_);
    RETURN_IF_ERROR(env_->Call(absl::StrCat("write '", path_, "'")));
    return Annotate(env_->Append(*node_, data), absl::StrCat("cannot write '", path_, "'"));
  }
  absl::Status Sync() override {
    const std::lock_guard lock(env_->mutex_);
    RETURN_IF_ERROR(env_->Call(absl::StrCat("sync '", path_, "'")));
    node_->durable_contents = node_->contents;
    node_->synced = true;
    return absl::OkStatus();
  }
  absl::Status Close() override {
    const std::lock_guard lock(env_->mutex_);
    return env_->Call(absl::StrCat("close '", path_, "'"));
  }

 private:
  FaultyEnv* const env_;
  const std::string path_;
  const std::shared_ptr<FaultyEnv::Node> node_;
};

namespace {

class CopiedFile : public MappedFile {
 public:
  explicit CopiedFile(std::string contents) : contents_(std::move(contents)) {}
  const char* data() const override { return contents_.data(); }
  size_t size() const override { return contents_.size(); }

 private:
  const std::string contents_;
};

std::vector<std::string> Parts(const std::string& path) {
  return absl::StrSplit(path, '/', absl::SkipEmpty());
}

absl::Status Missing(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("'", path, "': No such file or directory"));
}

}  // namespace

FaultyEnv::FaultyEnv() : root_(std::make_shared<Node>()) {
  root_->is_dir = true;
  Heal();
}

void FaultyEnv::SetCapacity(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

void FaultyEnv::FailCall(int skip, bool stays) {
  const std::lock_guard lock(mutex_);
  fail_at_ = calls_ + skip;
  fails_on_ = stays;
}

void FaultyEnv::Heal() {
  const std::lock_guard lock(mutex_);
  capacity_ = std::numeric_limits<int64_t>::max();
  fail_at_ = -1;
  fails_on_ = false;
}

void FaultyEnv::CutPower(PowerCut what) {
  const std::lock_guard lock(mutex_);
  root_->CutPower(what);
}

int FaultyEnv::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::map<std::string, std::string> FaultyEnv::Files() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> files;
  root_->Collect("", &files);
  return files;
}

absl::Status FaultyEnv::Call(const std::string& what) {
  const int call = calls_++;
  if (fail_at_ < 0 || call < fail_at_ || (call > fail_at_ && !fails_on_)) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot ", what, ": planted fault"));
}

std::shared_ptr<FaultyEnv::Node> FaultyEnv::Find(const std::string& path) const {
  std::shared_ptr<Node> node = root_;
  for (const std::string& name : Parts(path)) {
    const auto found = node->entries.find(name);
    if (found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

absl::StatusOr<std::shared_ptr<FaultyEnv::Node>> FaultyEnv::FindFile(
    const std::string& path) const {
  std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return Missing(path);
  if (node->is_dir) return absl::InvalidArgumentError(absl::StrCat("'", path, "' is no file"));
  return node;
}

absl::StatusOr<std::shared_ptr<FaultyEnv::Node>> FaultyEnv::FindDir(const std::string& path) const {
  std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return Missing(path);
  if (!node->is_dir) return absl::UnavailableError(absl::StrCat("'", path, "' is no directory"));
  return node;
}

absl::Status FaultyEnv::Append(Node& file, absl::string_view data) {
  const int64_t room = std::max<int64_t>(capacity_ - root_->Bytes(), 0);
  const absl::string_view fits = data.substr(0, static_cast<size_t>(room));
  file.contents.append(fits.data(), fits.size());
  file.synced = false;
  return fits.size() == data.size() ? absl::OkStatus()
                                    : absl::ResourceExhaustedError("No space left on device");
}

absl::StatusOr<std::unique_ptr<WritableFile>> FaultyEnv::NewWritableFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Call(absl::StrCat("create '", path, "'")));
  ASSIGN_OR_RETURN(const std::shared_ptr<Node> dir, FindDir(DirName(path)));
  std::shared_ptr<Node>& node = dir->entries[BaseName(path)];
  if (node == nullptr) node = std::make_shared<Node>();
  if (node->is_dir) return absl::UnavailableError(absl::StrCat("'", path, "' is a directory"));
  node->contents.clear();
  node->synced = false;
  return std::unique_ptr<WritableFile>(std::make_unique<FaultyFile>(this, path, node));
}

absl::StatusOr<std::shared_ptr<const MappedFile>> FaultyEnv::MapFile(const std::string& path) {
  ASSIGN_OR_RETURN(std::string contents, ReadFile(path));
  return std::shared_ptr<const MappedFile>(std::make_shared<CopiedFile>(std::move(contents)));
}

absl::StatusOr<std::string> FaultyEnv::ReadFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Call(absl::StrCat("read '", path, "'")));
  ASSIGN_OR_RETURN(const std::shared_ptr<Node> node, FindFile(path));
  return node->contents;
}

bool FaultyEnv::FileExists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return Find(path) != nullptr;
}

absl::Status FaultyEnv::CreateDirs(const std::string& path) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Call(absl::StrCat("create directory '", path, "'")));
  std::shared_ptr<Node> node = root_;
  for (const std::string& name : Parts(path)) {
    std::shared_ptr<Node>& child = node->entries[name];
    if (child == nullptr) {
      child = std::make_shared<Node>();
      child->is_dir = true;
      node->durable_entries[name] = child;
    }
    if (!child->is_dir) return absl::UnavailableError(absl::StrCat("'", name, "' is a file"));
    node = child;
  }
  return absl::OkStatus();
}

absl::Status FaultyEnv::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Call(absl::StrCat("rename '", from, "' to '", to, "'")));
  const std::shared_ptr<Node> node = Find(from), replaced = Find(to);
  if (node == nullptr) return Missing(from);
  ASSIGN_OR_RETURN(const std::shared_ptr<Node> to_dir, FindDir(DirName(to)));
  if (replaced != nullptr && (replaced->is_dir != node->is_dir || !replaced->entries.empty())) {
    return absl::UnavailableError(
        absl::StrCat("cannot rename '", from, "': '", to, "' cannot be replaced"));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<Node> from_dir, FindDir(DirName(from)));
  from_dir->entries.erase(BaseName(from));
  to_dir->entries[BaseName(to)] = node;
  return absl::OkStatus();
}

absl::Status FaultyEnv::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> dir = Find(DirName(path)), node = Find(path);
  if (const absl::Status status = Call(absl::StrCat("remove '", path, "'")); !status.ok()) {
    if (node != nullptr) {
      Entries& inside = node->entries;
      inside.erase(inside.begin(), std::next(inside.begin(), (inside.size() + 1) / 2));
    }
    return status;
  }
  if (dir != nullptr) dir->entries.erase(BaseName(path));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FaultyEnv::ListDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Call(absl::StrCat("list '", path, "'")));
  ASSIGN_OR_RETURN(const std::shared_ptr<Node> dir, FindDir(path));
  std::vector<std::string> names;
  for (const auto& [name, node] : dir->entries) names.push_back(name);
  return names;
}

absl::Status FaultyEnv::SyncDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(Call(absl::StrCat("sync '", path, "'")));
  ASSIGN_OR_RETURN(const std::shared_ptr<Node> dir, FindDir(path));
  dir->durable_entries = dir->entries;
  return absl::OkStatus();
}

}  // namespace viv
