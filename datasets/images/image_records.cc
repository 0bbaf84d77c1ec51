// TFRecord files of images, as TensorFlow's scripts write them.
#include <map>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/data/tf_example.h"
#include "core/data/tfrecord.h"
#include "datasets/images/labelled_images.h"

namespace viv {
namespace {

// The feature under one of its two usual names, with at least one element of this type.
const Tensor* FindFeature(const TfFeatures& features, const char* name, const char* short_name,
                          DType dtype) {
  for (const char* key : {name, short_name}) {
    const auto found = features.find(key);
    if (found != features.end() && found->second.dtype() == dtype &&
        found->second.num_elements() > 0) {
      return &found->second;
    }
  }
  return nullptr;
}

class RecordImages : public ImageSource {
 public:
  explicit RecordImages(std::string path, TfRecordIndex records)
      : path_(std::move(path)), records_(std::move(records)) {}
  int64_t size() const { return records_.size(); }
  std::string Name(int64_t i) const override { return absl::StrCat(path_, ": record ", i); }
  absl::StatusOr<TfFeatures> Features(int64_t i) const {
    ASSIGN_OR_RETURN(const std::string record, records_.Read(i));
    return DecodeTfExample(record);
  }
  absl::StatusOr<Tensor> Decode(int64_t i, const DecodeOptions& options) const override {
    ASSIGN_OR_RETURN(const TfFeatures features, Features(i));
    const Tensor* encoded = FindFeature(features, "image/encoded", "image", kString);
    if (encoded == nullptr) {
      return absl::InvalidArgumentError("there is no feature image/encoded (or image) of bytes");
    }
    return DecodeImage(encoded->data<std::string>()[0], options);
  }

 private:
  const std::string path_;
  const TfRecordIndex records_;
};

}  // namespace

absl::StatusOr<LabelledImages> ReadImageRecords(Env* env, const std::vector<std::string>& paths) {
  LabelledImages all;
  std::vector<int64_t> numbers;          // of each image
  std::map<int64_t, std::string> names;  // by number; empty where the records have none
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(TfRecordIndex records, TfRecordIndex::Open(env, path));
    const auto source = std::make_shared<RecordImages>(path, std::move(records));
    for (int64_t i = 0; i < source->size(); ++i) {
      absl::StatusOr<TfFeatures> features = source->Features(i);
      if (!features.ok()) return Annotate(features.status(), source->Name(i));
      const Tensor* label = FindFeature(*features, "image/class/label", "label", kInt64);
      if (label == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(
            source->Name(i), ": there is no feature image/class/label (or label) of integers"));
      }
      const Tensor* text = FindFeature(*features, "image/class/text", "text", kString);
      const int64_t number = label->data<int64_t>()[0];
      std::string& name = names[number];
      if (text != nullptr && name.empty()) name = text->data<std::string>()[0];
      numbers.push_back(number);
      all.images.push_back({source, i, 0});
    }
  }
  if (all.images.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are no records in '", paths.empty() ? "" : paths[0], "'"));
  }
  std::map<int64_t, int32_t> labels;
  for (const auto& [number, name] : names) {
    labels[number] = static_cast<int32_t>(all.classes.size());
    all.classes.push_back({absl::StrCat(number), name.empty() ? absl::StrCat(number) : name});
  }
  for (size_t i = 0; i < numbers.size(); ++i) all.images[i].label = labels[numbers[i]];
  return all;
}

}  // namespace viv
