// CIFAR-10: small images of ten classes (see README.md).
#ifndef VIV_DATASETS_CIFAR10_CIFAR10_H_
#define VIV_DATASETS_CIFAR10_CIFAR10_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "datasets/images/labelled_images.h"

namespace viv {

struct Cifar10 {
  // Four fifths of the 50,000 images for training: data_batch_1.bin to _4.bin, or sheets 0 to 3 of
  // each class.
  LabelledImages train;
  LabelledImages validation;  // the last fifth
  LabelledImages test;        // test_batch.bin; empty where it is not there
};

// `path`: a folder or archive with the binary version's files, or with train/<class>/sheet_<k>.jpg,
// 40 x 25 images of a class each. All images are held in memory, 154 MB. NotFound says how to
// download; DataLoss for a file of another length or a label that does not exist.
absl::StatusOr<Cifar10> ReadCifar10(Env* env, const std::string& path);

}  // namespace viv

#endif  // VIV_DATASETS_CIFAR10_CIFAR10_H_
