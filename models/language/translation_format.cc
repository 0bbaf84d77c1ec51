// Fields of text lines are parted as Moses and Marian part theirs.
#include "models/language/translation_format.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/language/alignment.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

constexpr char kFieldEnd[] = " ||| ";

WordAlignment AlignmentOf(const std::string& input, const Translation& translation) {
  return AlignWords(CleanText(ToPoints(input)), ToPoints(translation.text), translation.alignment);
}

std::string Line(int64_t number, const std::string& input, const Translation& translation,
                 const TranslationFormat& format) {
  std::string line;
  if (format.nbest) absl::StrAppend(&line, number, kFieldEnd);
  line += translation.text;
  if (format.nbest) absl::StrAppendFormat(&line, "%s%.4f", kFieldEnd, translation.score);
  if (format.confidence) absl::StrAppendFormat(&line, "%s%.3f", kFieldEnd, translation.confidence);
  if (format.alignment) {
    absl::StrAppend(&line, kFieldEnd, AlignmentOf(input, translation).ToString());
  }
  return line + "\n";
}

void SetConfidence(double confidence, json* to) {
  if (confidence >= 0) (*to)["confidence"] = confidence;
}

}  // namespace

std::string FormatTranslation(int64_t number, const std::string& input,
                              const SentenceResult& result, const TranslationFormat& format) {
  if (format.json) return TranslationJson(input, result, format) + "\n";
  if (!result.ok() || format.Withholds(result)) {
    Translation none;
    if (result.ok()) none.confidence = result->front().confidence;
    return Line(number, input, none, format);
  }
  std::string lines;
  for (const Translation& translation : *result) lines += Line(number, input, translation, format);
  return lines;
}

std::string TranslationJson(const std::string& input, const SentenceResult& result,
                            const TranslationFormat& format) {
  json line = {{"input", input}};
  if (!result.ok()) {
    line["error"] = std::string(result.status().message());
  } else {
    const Translation& best = result->front();
    SetConfidence(best.confidence, &line);
    if (format.Withholds(result)) {
      line["abstained"] = true;
    } else {
      line["translation"] = best.text;
      json alternatives = json::array();
      for (size_t i = 1; i < result->size(); ++i) {
        const Translation& other = (*result)[i];
        alternatives.push_back({{"translation", other.text}, {"score", other.score}});
      }
      line["alternatives"] = alternatives;
      if (format.alignment) {
        const WordAlignment alignment = AlignmentOf(input, best);
        line["alignment"] = alignment.pairs;
        line["source_words"] = alignment.source_words;
        line["target_words"] = alignment.target_words;
      }
      for (const TranslatedPart& part : best.parts) {
        json sentence = {{"input", part.source}, {"translation", part.target}};
        SetConfidence(part.confidence, &sentence);
        line["sentences"].push_back(sentence);
      }
    }
  }
  // Input that is no UTF-8 is shown with U+FFFD.
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace viv
