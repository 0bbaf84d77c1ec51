// What a translator is worth on a text with references: its scores, and what its confidences are
// worth.
#ifndef VIV_MODELS_LANGUAGE_EVALUATION_H_
#define VIV_MODELS_LANGUAGE_EVALUATION_H_

#include <optional>
#include <string>
#include <vector>

#include "core/bundle/confidence_report.h"
#include "models/language/translator.h"

namespace viv {

struct TranslationEvaluation {
  int64_t sentences = 0;
  // Those without a translation; they count as empty ones.
  int64_t failed = 0;
  double bleu = 0;
  // Of words as Moses splits them, in lower case: what papers on Multi30k report.
  double bleu_lower_cased = 0;
  double chrf = 0;
  // Where the bundle is calibrated.
  std::optional<ConfidenceReport> confidence;

  // A few lines, scores with sacreBLEU's signatures.
  std::string ToString() const;
};

// Translates the sources and compares. InvalidArgument where there are no pairs; errors of runs.
absl::StatusOr<TranslationEvaluation> EvaluateTranslator(Translator& translator,
                                                         const std::vector<TextPair>& pairs,
                                                         const TranslateOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_EVALUATION_H_
