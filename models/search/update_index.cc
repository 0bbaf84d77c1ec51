// Photos are read and decoded by threads of their own while models look at those before.
#include "models/search/update_index.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/data/dataset.h"
#include "datasets/images/decode.h"
#include "datasets/images/file_tree.h"

namespace viv {
namespace {

namespace fs = std::filesystem;

std::string Absolute(const std::string& path) {
  std::error_code error;
  std::string absolute = fs::absolute(path, error).lexically_normal().string();
  if (error) return path;
  while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
  return absolute;
}

bool IsBelow(const std::string& path, const std::string& root) {
  return path == root || absl::StartsWith(path, root == "/" ? root : root + "/");
}

// Nothing where the file is gone meanwhile.
void AddFile(const std::string& path, std::vector<PhotoOnDisk>* files) {
  std::error_code no_size, no_time;
  const auto bytes = static_cast<int64_t>(fs::file_size(path, no_size));
  const fs::file_time_type time = fs::last_write_time(path, no_time);
  if (no_size || no_time) return;
  files->push_back({path, bytes, static_cast<int64_t>(time.time_since_epoch().count())});
}

enum Field { kPhoto, kContents, kError };

Example Unread(const absl::Status& why) {
  return {Tensor(), Tensor(), Tensor::Scalar(std::string(why.message()))};
}

// {photo, hash of the file}, or why there is none.
Example ReadPhoto(Env* env, const PhotoOnDisk& file, int64_t min_side) {
  const absl::StatusOr<std::string> bytes = env->ReadFile(file.path);
  if (!bytes.ok()) return Unread(bytes.status());
  absl::StatusOr<Tensor> photo = DecodeImage(*bytes, {.min_side = min_side});
  if (!photo.ok()) return Unread(Annotate(photo.status(), file.path));
  return {*std::move(photo), Tensor::Scalar(static_cast<int64_t>(HashString64(*bytes)))};
}

class Update {
 public:
  Update(Env* env, const PhotoViewer& view, const UpdateOptions& options, const std::string& file,
         PhotoIndex* index)
      : env_(env), view_(view), options_(options), file_(file), index_(*index) {}

  absl::StatusOr<UpdateResult> Run(const std::vector<std::string>& paths) {
    ASSIGN_OR_RETURN(PhotoFiles files, ListPhotoFiles(env_, paths));
    RemoveGone(paths, files);
    result_.bad = std::move(files.reasons);
    for (const PhotoOnDisk& file : files.photos) {
      const IndexedPhoto* photo = index_.Find(file.path);
      if (photo != nullptr && photo->bytes == file.bytes && photo->modified == file.modified) {
        ++result_.kept;
      } else {
        wanted_.push_back(file);
      }
    }
    const absl::Status status = LookAtAll();
    if (changed_) RETURN_IF_ERROR(index_.Save(env_, file_));
    RETURN_IF_ERROR(status);
    return std::move(result_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void RemoveGone(const std::vector<std::string>& paths, const PhotoFiles& files) {
    std::set<std::string> there;
    for (const PhotoOnDisk& file : files.photos) there.insert(file.path);
    std::vector<std::string> gone;
    for (const IndexedPhoto* photo : index_.photos()) {
      const auto below = [&](const std::string& root) {
        return IsBelow(photo->path, Absolute(root));
      };
      const bool looked_for = std::any_of(paths.begin(), paths.end(), below) &&
                              std::none_of(files.unlisted.begin(), files.unlisted.end(), below);
      if (looked_for && there.count(photo->path) == 0) gone.push_back(photo->path);
    }
    for (const std::string& path : gone) index_.Remove(path);
    result_.removed = static_cast<int64_t>(gone.size());
    changed_ = !gone.empty();
  }

  absl::Status LookAtAll() {
    const auto read = [env = env_, &wanted = wanted_, min_side = options_.min_side](
                          Example, const ElementInfo& info) -> absl::StatusOr<Example> {
      return ReadPhoto(env, wanted[info.index], min_side);
    };
    const auto all = static_cast<int64_t>(wanted_.size());
    ASSIGN_OR_RETURN(
        const std::unique_ptr<DatasetIterator> photos,
        Dataset::FromIndex("photos", all,
                           [](int64_t) -> absl::StatusOr<Example> { return Example(); })
            .Map("read", read, options_.threads)
            .Prefetch(options_.batch)
            .MakeIterator());
    last_save_ = Clock::now();
    for (int64_t done = 0; done < all;) {
      const int64_t end = std::min(done + options_.batch, all);
      RETURN_IF_ERROR(LookAt(*photos, done, end));
      done = end;
      RETURN_IF_ERROR(SaveNowAndThen());
      if (options_.progress) options_.progress(done, all);
      if (done < all && options_.stop && options_.stop()) {
        result_.stopped = true;
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }

  // At the wanted ones from `begin` to `end`.
  absl::Status LookAt(DatasetIterator& photos, int64_t begin, int64_t end) {
    std::vector<Tensor> good;
    std::vector<std::pair<const PhotoOnDisk*, uint64_t>> files;  // with their contents
    for (int64_t i = begin; i < end; ++i) {
      Example example;
      RETURN_IF_ERROR(photos.Next(&example).status());
      if (!example[kPhoto].valid()) {
        AddBad(wanted_[i], example[kError].scalar<std::string>());
        continue;
      }
      good.push_back(std::move(example[kPhoto]));
      files.emplace_back(&wanted_[i], static_cast<uint64_t>(example[kContents].scalar<int64_t>()));
    }
    if (good.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<SeenPhoto> seen, view_(good));
    if (seen.size() != files.size()) {
      return absl::InternalError(
          absl::StrCat("of ", files.size(), " photos, ", seen.size(), " were seen"));
    }
    for (size_t i = 0; i < seen.size(); ++i) {
      const auto& [file, contents] = files[i];
      const absl::Status put = index_.Put({.path = file->path,
                                           .bytes = file->bytes,
                                           .modified = file->modified,
                                           .contents = contents,
                                           .labels = std::move(seen[i].labels),
                                           .words = std::move(seen[i].words),
                                           .caption = std::move(seen[i].caption)},
                                          seen[i].embedding);
      if (!put.ok()) return Annotate(put, file->path);
      ++result_.seen;
      changed_ = true;
    }
    return absl::OkStatus();
  }

  void AddBad(const PhotoOnDisk& file, std::string why) {
    // It was a good one when it was looked at before.
    if (index_.Remove(file.path)) changed_ = true;
    result_.bad.push_back(std::move(why));
  }

  absl::Status SaveNowAndThen() {
    const auto now = Clock::now();
    const double passed = std::chrono::duration<double>(now - last_save_).count();
    if (!changed_ || passed < options_.save_seconds) return absl::OkStatus();
    last_save_ = now;
    changed_ = false;
    return index_.Save(env_, file_);
  }

  Env* const env_;
  const PhotoViewer& view_;
  const UpdateOptions& options_;
  const std::string& file_;
  PhotoIndex& index_;
  std::vector<PhotoOnDisk> wanted_;
  UpdateResult result_;
  bool changed_ = false;  // since the index was saved
  Clock::time_point last_save_;
};

}  // namespace

absl::StatusOr<PhotoFiles> ListPhotoFiles(Env* env, const std::vector<std::string>& paths) {
  PhotoFiles found;
  std::vector<PhotoOnDisk>& files = found.photos;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      const std::string root = Absolute(path);
      ASSIGN_OR_RETURN(const std::shared_ptr<const FileTree> tree, FileTree::Open(env, root));
      for (const std::string& below : tree->paths()) {
        if (HasImageName(below)) AddFile(JoinPath(root, below), &files);
      }
      for (const FileTree::Unlisted& folder : tree->unlisted()) {
        found.unlisted.push_back(JoinPath(root, folder.path));
        found.reasons.push_back(tree->Describe(folder));
      }
    } else if (!fs::exists(status)) {
      return absl::NotFoundError(absl::StrCat("there is no folder or photo '", path, "'"));
    } else if (HasImageName(path)) {
      AddFile(Absolute(path), &files);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("'", path, "' is neither a folder nor has it the name of a photo"));
    }
  }
  const auto by_path = [](const PhotoOnDisk& a, const PhotoOnDisk& b) { return a.path < b.path; };
  const auto same = [](const PhotoOnDisk& a, const PhotoOnDisk& b) { return a.path == b.path; };
  std::sort(files.begin(), files.end(), by_path);
  files.erase(std::unique(files.begin(), files.end(), same), files.end());
  return found;
}

absl::StatusOr<UpdateResult> UpdateIndex(Env* env, const std::vector<std::string>& paths,
                                         const PhotoViewer& view, const UpdateOptions& options,
                                         const std::string& file, PhotoIndex* index) {
  return Update(env, view, options, file, index).Run(paths);
}

}  // namespace viv
