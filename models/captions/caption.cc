// Lines for people, JSON for programs.
#include "models/captions/caption.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

json ToJson(const Caption& caption) {
  json object = {{"text", caption.text}, {"log_prob", caption.log_prob}, {"words", json::array()}};
  if (caption.confidence) object["confidence"] = *caption.confidence;
  for (const CaptionWord& word : caption.words) {
    object["words"].push_back({word.text, word.probability});
  }
  return object;
}

std::string JsonLine(const std::string& input, const CaptionResult& result,
                     const CaptionFormat& format) {
  json line = {{"input", input}};
  if (!result.ok()) {
    line["error"] = std::string(result.status().message());
  } else if (format.Withholds(result)) {
    line["confidence"] = *result->front().confidence;
    line["abstained"] = true;
  } else {
    line["captions"] = json::array();
    for (const Caption& caption : *result) line["captions"].push_back(ToJson(caption));
  }
  // A file's name that is no UTF-8 is shown with U+FFFD.
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string FormatCaptions(const std::string& input, const CaptionResult& result,
                           const CaptionFormat& format) {
  if (format.json) return JsonLine(input, result, format);
  if (!result.ok()) return "";
  std::string text = absl::StrCat(input, "\n");
  if (format.Withholds(result)) {
    absl::StrAppendFormat(&text,
                          "  (no sentence is sure enough: the best has a confidence of %.3f)\n",
                          *result->front().confidence);
    return text;
  }
  for (const Caption& caption : *result) {
    absl::StrAppend(&text, "  ");
    if (format.confidence && caption.confidence) {
      absl::StrAppendFormat(&text, "%.3f  ", *caption.confidence);
    }
    absl::StrAppend(&text, caption.text);
    if (format.words) {
      absl::StrAppend(&text, "  (");
      for (size_t i = 0; i < caption.words.size(); ++i) {
        const CaptionWord& word = caption.words[i];
        absl::StrAppendFormat(&text, "%s%s %.2f", i == 0 ? "" : ", ", word.text, word.probability);
      }
      absl::StrAppend(&text, ")");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace viv
