// Lines for people, JSON for programs.
#include "models/vision/classification.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

std::string ToJson(const std::string& input, const ClassificationResult& result,
                   const ClassificationFormat& format) {
  json line = {{"input", input}};
  if (!result.ok()) {
    line["error"] = std::string(result.status().message());
  } else {
    line["confidence"] = result->confidence();
    if (format.Withholds(result)) {
      line["abstained"] = true;
    } else {
      json labels = json::array();
      for (const PhotoLabel& label : result->labels) {
        if (static_cast<int>(labels.size()) == format.top) break;
        labels.push_back({{"name", label.name}, {"confidence", label.confidence}});
      }
      line["labels"] = labels;
    }
    if (result->features.valid()) {
      const auto features = result->features.flat<float>();
      line["features"] = std::vector<float>(features.begin(), features.end());
    }
  }
  // A file's name that is no UTF-8 is shown with U+FFFD.
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string FormatClassification(const std::string& input, const ClassificationResult& result,
                                 const ClassificationFormat& format) {
  if (format.json) return ToJson(input, result, format);
  if (!result.ok()) return "";
  std::string text = absl::StrCat(input, "\n");
  if (format.Withholds(result)) {
    absl::StrAppendFormat(&text, "  none of these (the likeliest, %s, has a confidence of %.3f)\n",
                          result->labels.front().name, result->confidence());
    return text;
  }
  const size_t shown = std::min(result->labels.size(), static_cast<size_t>(format.top));
  for (size_t i = 0; i < shown; ++i) {
    absl::StrAppendFormat(&text, "  %.3f  %s\n", result->labels[i].confidence,
                          result->labels[i].name);
  }
  return text;
}

}  // namespace viv
