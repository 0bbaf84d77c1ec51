// From text to text by a sequence-to-sequence net: pieces, beam search, text again.
#ifndef VIV_MODELS_LANGUAGE_TRANSLATE_TEXT_H_
#define VIV_MODELS_LANGUAGE_TRANSLATE_TEXT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/runtime/session.h"
#include "models/language/copy_text.h"
#include "models/language/seq2seq_decoder.h"
#include "models/language/tokenizer.h"

namespace viv {

struct TranslateOptions {
  int beam = 5;
  // Translations of each sentence, best first; at most `beam`.
  int nbest = 1;
  // As BeamSearchOptions.
  float length_penalty = 1.0f;
  // As in BeamSearchOptions. Where there is none, the translator's own.
  std::optional<float> length_reward;
  // Whether translations are ranked by how much they agree with one another (agreement, below) and
  // not by their probability; `length_penalty` plays no part then. Where there is none, the
  // translator's own.
  std::optional<bool> consensus;
  int no_repeat_ngram = 0;
  // So often at most the same few pieces stand in a row, or as often as in the sentence; 0: always.
  int max_repeats = 2;
  // Sentences that are decoded together, at most.
  int batch = 32;
  // Longer sentences (in pieces) are refused: the net has not seen any like them.
  int max_pieces = 1000;
  // Terms with fixed translations; null: none.
  std::shared_ptr<const Glossary> glossary;
  // Of a Translator: whether texts are translated sentence by sentence (long_text.h).
  bool split = false;
  // Of a Translator that was loaded for it: whether translations have alignments.
  bool align = false;
  // The same: whether an unknown word is replaced by the word of the source that was looked at most
  // (Luong et al. 2015); else it is "<unk>".
  bool copy_unknown = false;
  // Whether translations have an `agreement`, consensus or not.
  bool agreement = false;
};

// A sentence of a text and its translation.
struct TranslatedPart {
  std::string source, target;
  double confidence = -1;
};

// A stretch of a sentence and that of its translation which came of it: [begin, end), in characters
// (code points after CleanText).
struct AlignedSpan {
  size_t source_begin = 0, source_end = 0, target_begin = 0, target_end = 0;
};

struct Translation {
  std::string text;
  // Without begin and end.
  std::vector<int32_t> tokens;
  // Of all pieces and the end: the logarithms of their probabilities, summed; how many they are.
  float log_prob = 0;
  int pieces = 0;
  // Of the least probable of them.
  float least_log_prob = 0;
  // Of the sentence, with the end, as the net saw it.
  int source_pieces = 0;
  // The chrF, in percent, to be expected against a reference that is one of the `beam` translations
  // that the search found (consensus.h); where it was asked for and there are several, else
  // negative.
  double agreement = -1;
  // By which the translations of a sentence are ranked: the log probability under length penalty
  // and reward; by consensus the agreement.
  float score = 0;
  // The probability that the translation is good (its chrF is at least 60), where a calibrated
  // bundle says so; else negative.
  double confidence = -1;
  // The length limit (twice the source's and some) cut it.
  bool cut = false;
  // The sentences, where a text was split into several.
  std::vector<TranslatedPart> parts;
  // Of a Translator, where asked for.
  std::vector<AlignedSpan> alignment;
};

// The `nbest` translations of one sentence, or why there are none.
using SentenceResult = absl::StatusOr<std::vector<Translation>>;

// A sentence on its way through the net.
struct SourceSentence {
  MaskedText masked;
  std::vector<int32_t> pieces;  // with the end, where there are any
};
// InvalidArgument for a sentence that is no UTF-8, or longer than the options allow.
absl::StatusOr<SourceSentence> MakeSource(const Tokenizer& tokenizer, const TextCopier& copier,
                                          const std::string& sentence,
                                          const TranslateOptions& options);

// Results in the order of `sentences`. A sentence that fails (no valid UTF-8, too long) does not
// touch the others; one without words has itself as its translation. The error of the whole is one
// of a run. `session` is of the graph that `decoder` was built in. What `copier` masks comes out as
// it went in, but for CleanText; so do terms of a glossary, where there are symbols for them.
absl::StatusOr<std::vector<SentenceResult>> TranslateTexts(
    Session& session, const Seq2SeqDecoder& decoder, const Tokenizer& tokenizer,
    const TextCopier& copier, const std::vector<std::string>& sentences,
    const TranslateOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TRANSLATE_TEXT_H_
