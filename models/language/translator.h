// A translator out of a bundle.
#ifndef VIV_MODELS_LANGUAGE_TRANSLATOR_H_
#define VIV_MODELS_LANGUAGE_TRANSLATOR_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bundle/bundle.h"
#include "core/bundle/calibration.h"
#include "datasets/text_pairs/text_pairs.h"
#include "models/language/net_options.h"
#include "models/language/translate_text.h"

namespace viv {

// As ParsePrecision, and "auto": kInt8 where this machine has instructions for products in 8 bits,
// else kFloat.
absl::StatusOr<DType> ParseTranslationPrecision(absl::string_view name);

// What a bundle of kind "translate" holds beside the weights.
struct TranslatorInfo {
  std::string source_language, target_language;  // "en", "fr"
  bool non_commercial = false;
  // Of the search, see BeamSearchOptions.
  float length_reward = 0;
  // See TranslateOptions.
  bool consensus = false;
};

// Safe for concurrent use.
class Translator {
 public:
  // NotFound, DataLoss, FailedPrecondition as ReadBundle; InvalidArgument where the parts of the
  // bundle do not fit each other. `precision`: see SessionOptions. `align`: for
  // TranslateOptions::align and copy_unknown; FailedPrecondition for a net without attention.
  static absl::StatusOr<std::unique_ptr<Translator>> Load(Env* env, const std::string& directory,
                                                          DType precision = kFloat,
                                                          bool align = false);
  // Of a bundle in memory.
  static absl::StatusOr<std::unique_ptr<Translator>> FromBundle(const Bundle& bundle,
                                                                DType precision = kFloat,
                                                                bool align = false);
  ~Translator();

  const TranslatorInfo& info() const { return info_; }
  // Whether it leaves numbers, names and the like as they are, and takes glossaries: bundles from
  // before that do not.
  bool can_copy() const;
  // Whether translations have confidences.
  bool has_confidences() const;
  // As TranslateTexts, with confidences where the bundle is calibrated; with options.split as
  // TranslateLongTexts.
  absl::StatusOr<std::vector<SentenceResult>> Translate(const std::vector<std::string>& sentences,
                                                        const TranslateOptions& options);

 private:
  struct Parts;
  absl::StatusOr<std::vector<SentenceResult>> TranslateSentences(
      const std::vector<std::string>& sentences, const TranslateOptions& options);
  Translator(TranslatorInfo info, std::unique_ptr<Parts> parts);
  TranslatorInfo info_;
  std::unique_ptr<Parts> parts_;
};

// The terms in a file. Errors of Glossary::Read; FailedPrecondition where the translator takes
// none.
absl::StatusOr<std::shared_ptr<const Glossary>> ReadGlossaryFor(const Translator& translator,
                                                                const std::string& path);

// What a confidence is the probability of: the chrF of a sentence is at least kGoodChrf.
inline constexpr double kGoodChrf = 60;
// Sets in the bundle the search with which the BLEU of translations of `pairs` is highest, of a few
// rewards for length between 0 and 0.8, and consensus or not. Nothing was trained on them.
absl::Status TuneSearch(const std::vector<TextPair>& pairs, Bundle* bundle);
// Fits it to how good the translations of `pairs` are, on which nothing was trained. The search is
// the program's default, with this bundle.
absl::StatusOr<Calibration> CalibrateTranslator(Translator& translator,
                                                const std::vector<TextPair>& pairs);
// Puts it into a bundle.
void SetCalibration(const Calibration& calibration, Bundle* bundle);

// A bundle of kind "translate"; `words`: of the source's language, all others with a capital are
// names; `weights`: of the net alone, by the names of its variables.
absl::StatusOr<Bundle> MakeTranslatorBundle(const TranslatorInfo& info, const NetOptions& net,
                                            const Tokenizer& tokenizer, const KnownWords& words,
                                            NamedTensors weights, const std::string& licence,
                                            const std::string& card);

// What a bundle was made of, for those who train it further; weights have 32 bits.
struct TranslatorParts {
  TranslatorInfo info;
  NetOptions net;
  Tokenizer tokenizer;
  KnownWords words;  // none in bundles from before there was copying
  NamedTensors weights;
  std::string licence;
};
// Errors as Translator::Load.
absl::StatusOr<TranslatorParts> ReadTranslatorParts(Env* env, const std::string& directory);

// The folders of all translators that come with the programs, sorted.
std::vector<std::string> TranslatorBundles(Env* env);
// The shipped bundle of a pair of languages: <pretrained>/translate_en_fr. NotFound lists the pairs
// that there are.
absl::StatusOr<std::string> FindTranslatorBundle(Env* env, const std::string& source_language,
                                                 const std::string& target_language);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATOR_H_
