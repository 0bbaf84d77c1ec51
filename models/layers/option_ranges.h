// Checks of options that are numbers.
#ifndef VIV_MODELS_LAYERS_OPTION_RANGES_H_
#define VIV_MODELS_LAYERS_OPTION_RANGES_H_

#include <initializer_list>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace viv {

struct OptionRange {
  const char* name;  // for the message: "the batch"
  double value, low, high;
};

// InvalidArgument for the first value that is outside, or not a number.
inline absl::Status CheckRanges(std::initializer_list<OptionRange> ranges) {
  for (const OptionRange& range : ranges) {
    // Written so that a NaN is refused.
    if (range.value >= range.low && range.value <= range.high) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        range.name, " is ", range.value, ": it must lie between ", range.low, " and ", range.high));
  }
  return absl::OkStatus();
}

}  // namespace viv

#endif  // VIV_MODELS_LAYERS_OPTION_RANGES_H_
