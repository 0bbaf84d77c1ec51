// Scores of translations and of confidences.
#include "models/language/evaluation.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "models/language/bleu.h"
#include "models/language/moses_words.h"

namespace viv {

std::string TranslationEvaluation::ToString() const {
  std::string text = absl::StrFormat(
      "%d sentences, %d failed\n"
      "BLEU  %.2f  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp\n"
      "BLEU  %.2f  words as Moses splits them, lower-cased\n"
      "chrF2 %.2f  nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no\n",
      sentences, failed, bleu, bleu_lower_cased, chrf);
  if (confidence) {
    absl::StrAppend(&text, "confidence that a sentence's chrF is at least ", kGoodChrf, ":\n",
                    confidence->ToString());
  } else {
    absl::StrAppend(&text, "no confidences: the bundle is not calibrated\n");
  }
  return text;
}

absl::StatusOr<TranslationEvaluation> EvaluateTranslator(Translator& translator,
                                                         const std::vector<TextPair>& pairs,
                                                         const TranslateOptions& options) {
  if (pairs.empty()) return absl::InvalidArgumentError("there are no pairs to evaluate on");
  std::vector<std::string> sources, references, translations;
  for (const TextPair& pair : pairs) {
    sources.push_back(pair.source);
    references.push_back(pair.target);
  }
  ASSIGN_OR_RETURN(const std::vector<SentenceResult> results,
                   translator.Translate(sources, options));
  TranslationEvaluation evaluation = {.sentences = static_cast<int64_t>(pairs.size())};
  std::vector<JudgedConfidence> judged;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!results[i].ok()) {
      ++evaluation.failed;
      translations.emplace_back();
      continue;
    }
    const Translation& best = results[i]->front();
    translations.push_back(best.text);
    if (best.confidence < 0) continue;
    judged.push_back({best.confidence, SentenceChrf(best.text, references[i]) >= kGoodChrf});
  }
  const std::string& language = translator.info().target_language;
  evaluation.bleu = Bleu(translations, references);
  evaluation.bleu_lower_cased =
      Bleu(translations, references,
           [&language](const std::string& line) { return MosesWordsLowerCased(line, language); });
  evaluation.chrf = Chrf(translations, references);
  if (!judged.empty()) {
    ASSIGN_OR_RETURN(evaluation.confidence, ReportConfidence(judged));
  }
  return evaluation;
}

}  // namespace viv
