// tf.train.Example, the usual content of TFRecord files: named lists of numbers or byte strings.
#ifndef VIV_CORE_DATA_TF_EXAMPLE_H_
#define VIV_CORE_DATA_TF_EXAMPLE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace viv {

// Features by name. Decoded ones are [n] tensors of type string, float or int64.
using TfFeatures = std::map<std::string, Tensor>;

// The record for `features`, whose elements are written in order whatever their shape: strings as
// bytes, floating types as float, integers and bool as int64. Equal features give equal bytes.
// InvalidArgument for other types and for a name that is not UTF-8.
absl::StatusOr<std::string> EncodeTfExample(const TfFeatures& features);

// InvalidArgument for bytes that are no tf.train.Example. A feature of no kind is left out.
absl::StatusOr<TfFeatures> DecodeTfExample(const std::string& record);

}  // namespace viv

#endif  // VIV_CORE_DATA_TF_EXAMPLE_H_
