// Images of the binary version, or cut out of sheets, in one tensor.
#include "datasets/cifar10/cifar10.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr const char* kClasses[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                    "dog",      "frog",       "horse", "ship", "truck"};
constexpr int kNumClasses = 10;
constexpr int64_t kSide = 32;
constexpr int64_t kPlane = kSide * kSide;
constexpr int64_t kRecord = 1 + 3 * kPlane;  // label, then red, green and blue
constexpr int64_t kSheetColumns = 40;
constexpr int64_t kSheetRows = 25;

class TensorImages : public ImageSource {
 public:
  // `images`: uint8 [N, H, W, 3].
  TensorImages(std::string name, Tensor images)
      : name_(std::move(name)), images_(std::move(images)) {}
  std::string Name(int64_t i) const override { return absl::StrCat(name_, ": image ", i); }
  absl::StatusOr<Tensor> Decode(int64_t i, const DecodeOptions&) const override {
    return images_.Row(i);
  }

 private:
  const std::string name_;
  const Tensor images_;
};

void NameClasses(LabelledImages& images) {
  for (const char* name : kClasses) images.classes.push_back({name, name});
}

absl::Status AddBatch(const FileTree& tree, int64_t file, LabelledImages& all) {
  ASSIGN_OR_RETURN(const FileBytes contents, tree.Read(file));
  const std::string name = tree.FullPath(file);
  const auto size = static_cast<int64_t>(contents.bytes.size());
  if (size == 0 || size % kRecord != 0) {
    return absl::DataLossError(absl::StrCat("'", name, "' has ", size, " bytes, not a multiple of ",
                                            kRecord, ": the download is not whole"));
  }
  const int64_t count = size / kRecord;
  ASSIGN_OR_RETURN(Tensor images, Tensor::Make(kUInt8, Shape({count, kSide, kSide, 3})));
  auto* out = images.mutable_data<uint8_t>();
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < count; ++i) {
    const auto* record = reinterpret_cast<const uint8_t*>(contents.bytes.data()) + i * kRecord;
    if (record[0] >= kNumClasses) {
      return absl::DataLossError(absl::StrCat("'", name, "': image ", i, " has label ", record[0],
                                              ", there are ", kNumClasses, " classes"));
    }
    labels.push_back(record[0]);
    for (int64_t p = 0; p < kPlane; ++p) {
      for (int64_t c = 0; c < 3; ++c) *out++ = record[1 + c * kPlane + p];
    }
  }
  const auto source = std::make_shared<TensorImages>(name, std::move(images));
  for (int64_t i = 0; i < count; ++i) all.images.push_back({source, i, labels[i]});
  return absl::OkStatus();
}

absl::Status AddSheet(const FileTree& tree, int64_t file, int32_t label, LabelledImages& all) {
  const std::string name = tree.FullPath(file);
  ASSIGN_OR_RETURN(const FileBytes contents, tree.Read(file));
  absl::StatusOr<Tensor> sheet = DecodeImage(contents.bytes);
  if (!sheet.ok()) return Annotate(sheet.status(), name);
  if (sheet->dim(0) != kSheetRows * kSide || sheet->dim(1) != kSheetColumns * kSide) {
    return absl::DataLossError(absl::StrCat("'", name, "' is ", sheet->dim(1), " x ", sheet->dim(0),
                                            " pixels, not ", kSheetColumns * kSide, " x ",
                                            kSheetRows * kSide));
  }
  const int64_t count = kSheetRows * kSheetColumns;
  ASSIGN_OR_RETURN(Tensor images, Tensor::Make(kUInt8, Shape({count, kSide, kSide, 3})));
  auto* out = images.mutable_data<uint8_t>();
  const int64_t line = 3 * kSheetColumns * kSide;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* tile =
        sheet->data<uint8_t>() + i / kSheetColumns * kSide * line + i % kSheetColumns * 3 * kSide;
    for (int64_t y = 0; y < kSide; ++y, out += 3 * kSide) {
      std::memcpy(out, tile + y * line, 3 * kSide);
    }
  }
  const auto source = std::make_shared<TensorImages>(name, std::move(images));
  for (int64_t i = 0; i < count; ++i) all.images.push_back({source, i, label});
  return absl::OkStatus();
}

absl::Status ReadBatches(const FileTree& tree, Cifar10& data) {
  for (int batch = 1; batch <= 5; ++batch) {
    const std::string name = absl::StrCat("data_batch_", batch, ".bin");
    const std::optional<int64_t> file = tree.Find(name);
    if (!file) {
      return absl::NotFoundError(
          absl::StrCat("'", tree.root(), "' has no ", name, ": the download is not whole"));
    }
    RETURN_IF_ERROR(AddBatch(tree, *file, batch == 5 ? data.validation : data.train));
  }
  const std::optional<int64_t> test = tree.Find("test_batch.bin");
  return test ? AddBatch(tree, *test, data.test) : absl::OkStatus();
}

absl::Status ReadSheets(const FileTree& tree, Cifar10& data) {
  for (int32_t label = 0; label < kNumClasses; ++label) {
    for (int k = 0; k < 5; ++k) {
      const std::string name = absl::StrCat("train/", kClasses[label], "/sheet_", k, ".jpg");
      const std::optional<int64_t> file = tree.Find(name);
      if (!file) {
        return absl::NotFoundError(
            absl::StrCat("'", tree.root(), "' has no ", name, ": the data are not whole"));
      }
      RETURN_IF_ERROR(AddSheet(tree, *file, label, k == 4 ? data.validation : data.train));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Cifar10> ReadCifar10(Env* env, const std::string& path) {
  const std::string help = absl::StrCat("run datasets/cifar10/download.sh ", path);
  absl::StatusOr<std::shared_ptr<const FileTree>> tree = FileTree::Open(env, path);
  if (absl::IsNotFound(tree.status())) {
    return absl::NotFoundError(absl::StrCat(tree.status().message(), ": ", help));
  }
  if (!tree.ok()) return tree.status();
  Cifar10 data;
  NameClasses(data.train);
  NameClasses(data.validation);
  NameClasses(data.test);
  if ((*tree)->Find("data_batch_1.bin")) {
    RETURN_IF_ERROR(ReadBatches(**tree, data));
  } else if ((*tree)->Find("train/airplane/sheet_0.jpg")) {
    RETURN_IF_ERROR(ReadSheets(**tree, data));
  } else {
    return absl::NotFoundError(absl::StrCat(
        "'", path, "' has neither data_batch_1.bin nor train/airplane/sheet_0.jpg: ", help));
  }
  return data;
}

}  // namespace viv
