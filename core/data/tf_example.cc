// Between tensors and the generated messages.
#include "core/data/tf_example.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "core/data/tf_example.pb.h"

namespace viv {
namespace {

absl::Status FillFeature(const std::string& name, const Tensor& tensor, proto::Feature* feature) {
  if (tensor.dtype() == kString) {
    auto* list = feature->mutable_bytes_list();
    for (const std::string& element : tensor.flat<std::string>()) list->add_value(element);
  } else if (IsFloating(tensor.dtype())) {
    auto* list = feature->mutable_float_list();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) {
      list->add_value(static_cast<float>(tensor.ElementAsDouble(i)));
    }
  } else if (IsInteger(tensor.dtype()) || tensor.dtype() == kBool) {
    auto* list = feature->mutable_int64_list();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) list->add_value(tensor.ElementAsInt(i));
  } else {
    return absl::InvalidArgumentError(absl::StrCat("feature '", name, "' has type ",
                                                   DTypeName(tensor.dtype()),
                                                   ", which tf.train.Example cannot hold"));
  }
  return absl::OkStatus();
}

template <typename T, typename List>
absl::StatusOr<Tensor> FromList(const List& list) {
  ASSIGN_OR_RETURN(Tensor tensor, Tensor::Make(DTypeOf<T>, Shape({list.value_size()})));
  std::copy(list.value().begin(), list.value().end(), tensor.mutable_data<T>());
  return tensor;
}

}  // namespace

absl::StatusOr<std::string> EncodeTfExample(const TfFeatures& features) {
  proto::Example example;
  auto& map = *example.mutable_features()->mutable_feature();
  for (const auto& [name, tensor] : features) {
    if (!IsValidUtf8(name)) return absl::InvalidArgumentError("a feature's name is not UTF-8");
    RETURN_IF_ERROR(FillFeature(name, tensor, &map[name]));
  }
  std::string record;
  {
    google::protobuf::io::StringOutputStream stream(&record);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!example.SerializeToCodedStream(&coded)) {
      return absl::InvalidArgumentError("the features are larger than the 2 GB of one record");
    }
  }
  return record;
}

absl::StatusOr<TfFeatures> DecodeTfExample(const std::string& record) {
  proto::Example example;
  if (!example.ParseFromString(record)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record of ", record.size(), " bytes is no tf.train.Example"));
  }
  TfFeatures features;
  for (const auto& [name, feature] : example.features().feature()) {
    switch (feature.kind_case()) {
      case proto::Feature::kBytesList: {
        ASSIGN_OR_RETURN(features[name], FromList<std::string>(feature.bytes_list()));
        break;
      }
      case proto::Feature::kFloatList: {
        ASSIGN_OR_RETURN(features[name], FromList<float>(feature.float_list()));
        break;
      }
      case proto::Feature::kInt64List: {
        ASSIGN_OR_RETURN(features[name], FromList<int64_t>(feature.int64_list()));
        break;
      }
      case proto::Feature::KIND_NOT_SET:
        break;
    }
  }
  return features;
}

}  // namespace viv
