// Looks at the photos of folders and keeps an index of them up to date.
#ifndef VIV_MODELS_SEARCH_UPDATE_INDEX_H_
#define VIV_MODELS_SEARCH_UPDATE_INDEX_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/tensor/tensor.h"
#include "models/search/photo_index.h"

namespace viv {

struct PhotoOnDisk {
  std::string path;  // absolute
  int64_t bytes = 0;
  int64_t modified = 0;  // in the ticks of the file system's clock
};

struct PhotoFiles {
  std::vector<PhotoOnDisk> photos;  // sorted, each once
  // Folders that could not be listed, absolute, and "path: why" of each.
  std::vector<std::string> unlisted, reasons;
};

// The files with names of images in the folders, and folders in them, or named themselves. Hidden
// ones are left out. NotFound for a path that leads nowhere, InvalidArgument for a file with
// another name, Unavailable where a folder of `paths` cannot be listed.
absl::StatusOr<PhotoFiles> ListPhotoFiles(Env* env, const std::vector<std::string>& paths);

// What models see in a photo.
struct SeenPhoto {
  std::vector<float> embedding;
  std::vector<IndexedLabel> labels, words;
  std::string caption;
};
// Photos uint8 [H, W, 3] of any size; one result for each.
using PhotoViewer =
    std::function<absl::StatusOr<std::vector<SeenPhoto>>(const std::vector<Tensor>& photos)>;

struct UpdateOptions {
  // Photos are shrunk to no less than this while they are decoded; see DecodeOptions.
  int64_t min_side = 0;
  int batch = 32;   // photos that are looked at together
  int threads = 2;  // that decode
  double save_seconds = 30;
  // Asked after each batch: ends early, with what was seen saved. May be empty.
  std::function<bool()> stop;
  // Called after each batch, with how many of the new and changed photos are done. May be empty.
  std::function<void(int64_t done, int64_t all)> progress;
};

struct UpdateResult {
  int64_t seen = 0;     // new and changed photos
  int64_t kept = 0;     // that were looked at before
  int64_t removed = 0;  // that are gone from the folders
  bool stopped = false;
  // "path: why", not in the index; of folders that could not be listed the index keeps what it had.
  std::vector<std::string> bad;
};

// Looks at the photos below `paths` that are new or have changed since they were put into the
// index, and takes out those below `paths` that are gone; photos elsewhere stay. The index is saved
// as `file` now and then and in the end: who was stopped goes on with the next call. Errors of
// ListPhotoFiles, of `view` and of saving.
absl::StatusOr<UpdateResult> UpdateIndex(Env* env, const std::vector<std::string>& paths,
                                         const PhotoViewer& view, const UpdateOptions& options,
                                         const std::string& file, PhotoIndex* index);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_UPDATE_INDEX_H_
