// Images with labels, wherever they lie: what image classifiers are trained and measured on.
#ifndef VIV_DATASETS_IMAGES_LABELLED_IMAGES_H_
#define VIV_DATASETS_IMAGES_LABELLED_IMAGES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/tensor/tensor.h"
#include "datasets/images/decode.h"
#include "datasets/images/file_tree.h"

namespace viv {

// Images by number, decoded when asked for. Immutable; safe for concurrent use.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // For messages: the file, and which image in it where it has several.
  virtual std::string Name(int64_t i) const = 0;
  // uint8 [H, W, 3]. Errors do not name the image.
  virtual absl::StatusOr<Tensor> Decode(int64_t i, const DecodeOptions& options) const = 0;
  // The same; errors begin with the name.
  absl::StatusOr<Tensor> DecodeNamed(int64_t i, const DecodeOptions& options) const;
};

// Image `i` is the tree's file `i`.
std::shared_ptr<const ImageSource> ImagesOfTree(std::shared_ptr<const FileTree> tree);

struct LabelledImage {
  std::shared_ptr<const ImageSource> source;
  int64_t index = 0;  // in the source
  int32_t label = 0;

  std::string Name() const { return source->Name(index); }
  // Errors begin with the name.
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options = {}) const;
};

struct ImageClass {
  std::string key;   // as the data call it: a folder's name, such as n02102040
  std::string name;  // for people: English springer; the key where the data have no other

  friend bool operator==(const ImageClass& a, const ImageClass& b) = default;
};

struct LabelledImages {
  std::vector<ImageClass> classes;    // by label
  std::vector<LabelledImage> images;  // by class, then by name, unless a reader says otherwise
  std::vector<std::string> skipped;   // what was left out, "path: why", for the user
};

struct ImageSplit {
  LabelledImages train;
  LabelledImages validation;  // of the same classes
};

// One folder a class below `below` ("train/"; "": the root), sorted by name; images anywhere below
// the class's folder, told by their names' ends; what else is there is skipped and reported, but
// for texts beside the folders. Folders around all of it are passed over. Names for people come out
// of classes.txt (key, tab, name a line) or LOC_synset_mapping.txt (key, space, names) where the
// tree has one. InvalidArgument where there are no class folders with images.
absl::StatusOr<LabelledImages> ReadClassFolders(std::shared_ptr<const FileTree> tree,
                                                const std::string& below = "");

// A table of "path,label" a line, with or without a line of headings, quoted where needed; tabs
// where the file's name ends with .tsv. Paths are relative to the table. Classes are sorted by
// name. Files that are missing are skipped and reported.
absl::StatusOr<LabelledImages> ReadImageCsv(Env* env, const std::string& path);

// TFRecord files of tf.Example with image/encoded, image/class/label and perhaps image/class/text
// (or image and label). Classes are sorted by number; images stay in their order.
absl::StatusOr<LabelledImages> ReadImageRecords(Env* env, const std::vector<std::string>& paths);

// Whatever lies at `path`: a table (.csv, .tsv), records (.tfrecord, .tfrecords), or a folder or
// archive of class folders. Where that has train/ and val/ (or valid/, validation/, test/), these
// are the split; else every tenth image of each class is held out.
absl::StatusOr<ImageSplit> ReadImageSplit(Env* env, const std::string& path);

// Holds out images 0, 10, 20 and so on of each class for validation; all where a class has one only
// stay in `train`.
ImageSplit HoldOutEveryTenth(LabelledImages all);

// The sets as one: classes by key, sorted. A class that several sets have is taken from the first
// of them alone, so that copies of a photo in two sets do not come to lie on both sides of a split.
LabelledImages MergeImages(std::vector<LabelledImages> sets);

// InvalidArgument, with what to do, for data that a classifier cannot be trained on: fewer than two
// classes, a class without images.
absl::Status CheckTrainable(const LabelledImages& data);

}  // namespace viv

#endif  // VIV_DATASETS_IMAGES_LABELLED_IMAGES_H_
