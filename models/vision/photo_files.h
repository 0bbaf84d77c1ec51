// The photos that a program is asked about, wherever they lie.
#ifndef VIV_MODELS_VISION_PHOTO_FILES_H_
#define VIV_MODELS_VISION_PHOTO_FILES_H_

#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"
#include "datasets/images/decode.h"
#include "datasets/images/file_tree.h"

namespace viv {

// A file of its own or, with a tree, file `index` of that; or the photo's bytes.
struct PhotoFile {
  std::string name;
  std::shared_ptr<const FileTree> tree;
  int64_t index = 0;
  std::string bytes;
  absl::Status error;  // of a folder that could not be listed, which stands for its photos

  // uint8 [H, W, 3]; errors begin with the name.
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options) const;
};

// What `paths` name: photos, and folders and archives, which are searched through. Where there are
// none, `in` holds a photo, or names, one a line. NotFound where a folder has no photo in it,
// InvalidArgument where nothing is named. Whether photos can be read is not known yet.
absl::StatusOr<std::vector<PhotoFile>> FindPhotos(const std::vector<std::string>& paths,
                                                  std::istream& in);

// Whether it is a folder, or a name of one: it ends with '/'.
bool IsFolder(const std::string& path);

}  // namespace viv

#endif  // VIV_MODELS_VISION_PHOTO_FILES_H_
