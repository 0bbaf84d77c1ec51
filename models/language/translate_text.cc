// Sentences of like length are decoded together; what happens to one does not depend on the others.
#include "models/language/translate_text.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/decoding/beam_search.h"

namespace viv {
namespace {

absl::StatusOr<std::vector<int32_t>> SourcePieces(const Tokenizer& tokenizer,
                                                  const std::string& sentence, int max_pieces) {
  ASSIGN_OR_RETURN(std::vector<int32_t> pieces, tokenizer.Encode(sentence));
  if (static_cast<int>(pieces.size()) > max_pieces) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sentence of ", pieces.size(), " pieces is longer than the ", max_pieces,
                     " that are allowed; split it into sentences, one a line"));
  }
  return pieces;
}

absl::StatusOr<std::vector<Translation>> TextsOf(const Tokenizer& tokenizer,
                                                 const std::vector<Hypothesis>& hypotheses) {
  std::vector<Translation> translations;
  for (const Hypothesis& h : hypotheses) {
    Translation translation = {.log_prob = h.log_prob,
                               .pieces = static_cast<int>(h.token_log_probs.size()),
                               .score = h.score,
                               .cut = !h.ended};
    ASSIGN_OR_RETURN(translation.text, tokenizer.Decode(h.tokens));
    translations.push_back(std::move(translation));
  }
  return translations;
}

}  // namespace

absl::StatusOr<std::vector<SentenceResult>> TranslateTexts(
    Session& session, const Seq2SeqDecoder& decoder, const Tokenizer& tokenizer,
    const std::vector<std::string>& sentences, const TranslateOptions& options) {
  std::vector<SentenceResult> results(sentences.size(), std::vector<Translation>());
  std::vector<std::vector<int32_t>> sources(sentences.size());
  std::vector<size_t> order;
  for (size_t i = 0; i < sentences.size(); ++i) {
    absl::StatusOr<std::vector<int32_t>> pieces =
        SourcePieces(tokenizer, sentences[i], options.max_pieces);
    if (!pieces.ok()) {
      results[i] = pieces.status();
    } else if (pieces->empty()) {
      results[i] = std::vector<Translation>{{.text = ""}};
    } else {
      sources[i] = *std::move(pieces);
      sources[i].push_back(tokenizer.eos());
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return sources[a].size() > sources[b].size(); });
  const BeamSearchOptions search = {.beam = options.beam,
                                    .nbest = options.nbest,
                                    .length_penalty = options.length_penalty,
                                    .no_repeat_ngram = options.no_repeat_ngram,
                                    .bos = tokenizer.bos(),
                                    .eos = tokenizer.eos()};
  const size_t batch = static_cast<size_t>(std::max(options.batch, 1));
  for (size_t begin = 0; begin < order.size(); begin += batch) {
    const size_t end = std::min(order.size(), begin + batch);
    std::vector<std::vector<int32_t>> part;
    std::vector<int> limits;
    for (size_t i = begin; i < end; ++i) {
      part.push_back(sources[order[i]]);
      limits.push_back(2 * static_cast<int>(part.back().size()) + 10);
    }
    ASSIGN_OR_RETURN(std::unique_ptr<StepFunction> steps,
                     decoder.Start(session, part, tokenizer.pad()));
    ASSIGN_OR_RETURN(const auto hypotheses, BeamSearch(*steps, limits, search));
    for (size_t i = begin; i < end; ++i) {
      results[order[i]] = TextsOf(tokenizer, hypotheses[i - begin]);
    }
  }
  return results;
}

}  // namespace viv
