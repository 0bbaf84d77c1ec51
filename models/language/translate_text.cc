// Sentences of like length are decoded together; what happens to one does not depend on the others.
#include "models/language/translate_text.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "models/decoding/beam_search.h"
#include "models/decoding/repetition.h"
#include "models/language/consensus.h"

namespace viv {
namespace {

SearchLimits LimitsOf(const SourceSentence& source, const TextCopier& copier,
                      const TranslateOptions& options) {
  SearchLimits limits = {.max_length = 2 * static_cast<int>(source.pieces.size()) + 10};
  if (options.max_repeats > 0) {
    limits.max_repeats = std::max(options.max_repeats, MostRepeats(source.pieces));
  }
  for (const int symbol : source.masked.Symbols()) {
    limits.required.push_back(copier.symbol_pieces()[symbol]);
  }
  return limits;
}

absl::StatusOr<std::vector<Translation>> TextsOf(const Tokenizer& tokenizer,
                                                 const SourceSentence& source,
                                                 const std::vector<Hypothesis>& hypotheses) {
  std::vector<Translation> translations;
  for (const Hypothesis& h : hypotheses) {
    Translation translation = {.tokens = h.tokens,
                               .log_prob = h.log_prob,
                               .pieces = static_cast<int>(h.token_log_probs.size()),
                               .source_pieces = static_cast<int>(source.pieces.size()),
                               .score = h.score,
                               .cut = !h.ended};
    ASSIGN_OR_RETURN(const std::string text, tokenizer.Decode(h.tokens));
    translation.text = source.masked.Restore(text);
    for (const float log_prob : h.token_log_probs) {
      translation.least_log_prob = std::min(translation.least_log_prob, log_prob);
    }
    translations.push_back(std::move(translation));
  }
  return translations;
}

// Sets how much the translations of a sentence agree. `reward`: as
// BeamSearchOptions::length_reward.
void SetAgreement(float reward, std::vector<Translation>* translations) {
  if (translations->size() < 2) return;
  std::vector<std::string> texts;
  std::vector<double> log_weights;
  for (const Translation& translation : *translations) {
    texts.push_back(translation.text);
    log_weights.push_back(translation.log_prob +
                          reward * static_cast<float>(translation.tokens.size()));
  }
  const std::vector<double> expected = ExpectedChrf(texts, log_weights);
  for (size_t i = 0; i < expected.size(); ++i) (*translations)[i].agreement = expected[i];
}

void RankByAgreement(std::vector<Translation>* translations) {
  for (Translation& translation : *translations) {
    if (translation.agreement >= 0) translation.score = static_cast<float>(translation.agreement);
  }
  std::stable_sort(
      translations->begin(), translations->end(),
      [](const Translation& a, const Translation& b) { return a.agreement > b.agreement; });
}

// Calls `decode` on parts of `order`, at most `most` long. Threads that each decode batches of
// their own wait for nobody; one batch alone has all of them.
absl::Status DecodeBatches(absl::Span<const size_t> order, size_t most,
                           absl::FunctionRef<absl::Status(absl::Span<const size_t>)> decode) {
  const ParallelToken token;
  const size_t share = (order.size() + MaxThreads() - 1) / MaxThreads();
  const size_t batch = std::clamp<size_t>(share, 1, most);
  const size_t batches = (order.size() + batch - 1) / batch;
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  absl::Status status;
  const auto work = [&](int64_t, int64_t) {
    for (size_t i = next++; i < batches; i = next++) {
      const absl::Status one = decode(order.subspan(i * batch, batch));
      if (one.ok()) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      status.Update(one);
    }
  };
  ParallelFor(std::min<int64_t>(batches, MaxThreads()), 1, work);
  return status;
}

}  // namespace

absl::StatusOr<SourceSentence> MakeSource(const Tokenizer& tokenizer, const TextCopier& copier,
                                          const std::string& sentence,
                                          const TranslateOptions& options) {
  if (!IsValidUtf8(sentence)) return absl::InvalidArgumentError("the text is not valid UTF-8");
  SourceSentence source = {.masked =
                               copier.Mask(CleanText(ToPoints(sentence)), options.glossary.get())};
  ASSIGN_OR_RETURN(source.pieces, tokenizer.Encode(source.masked.text()));
  if (static_cast<int>(source.pieces.size()) > options.max_pieces) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sentence of ", source.pieces.size(), " pieces is longer than the ",
                     options.max_pieces, " that are allowed; split it into sentences, one a line"));
  }
  if (!source.pieces.empty()) source.pieces.push_back(tokenizer.eos());
  return source;
}

absl::StatusOr<std::vector<SentenceResult>> TranslateTexts(
    Session& session, const Seq2SeqDecoder& decoder, const Tokenizer& tokenizer,
    const TextCopier& copier, const std::vector<std::string>& sentences,
    const TranslateOptions& options) {
  std::vector<SentenceResult> results(sentences.size(), std::vector<Translation>());
  std::vector<SourceSentence> sources(sentences.size());
  std::vector<size_t> order;
  for (size_t i = 0; i < sentences.size(); ++i) {
    absl::StatusOr<SourceSentence> source = MakeSource(tokenizer, copier, sentences[i], options);
    if (!source.ok()) {
      results[i] = source.status();
    } else if (source->pieces.empty()) {
      results[i] = std::vector<Translation>{{.text = ""}};
    } else {
      sources[i] = *std::move(source);
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return sources[a].pieces.size() > sources[b].pieces.size();
  });
  const bool consensus = options.consensus.value_or(false);
  const bool compares = consensus || options.agreement;
  const float reward = options.length_reward.value_or(0);
  const BeamSearchOptions search = {.beam = options.beam,
                                    .nbest = compares ? options.beam : options.nbest,
                                    .length_penalty = consensus ? 0 : options.length_penalty,
                                    .length_reward = reward,
                                    .no_repeat_ngram = options.no_repeat_ngram,
                                    .bos = tokenizer.bos(),
                                    .eos = tokenizer.eos(),
                                    .reserved = copier.symbol_pieces()};
  const auto decode = [&](absl::Span<const size_t> part) -> absl::Status {
    std::vector<std::vector<int32_t>> pieces;
    std::vector<SearchLimits> limits;
    for (const size_t i : part) {
      pieces.push_back(sources[i].pieces);
      limits.push_back(LimitsOf(sources[i], copier, options));
    }
    ASSIGN_OR_RETURN(std::unique_ptr<StepFunction> steps,
                     decoder.Start(session, pieces, tokenizer.pad()));
    ASSIGN_OR_RETURN(const auto hypotheses, BeamSearch(*steps, limits, search));
    for (size_t i = 0; i < part.size(); ++i) {
      SentenceResult& result = results[part[i]];
      result = TextsOf(tokenizer, sources[part[i]], hypotheses[i]);
      if (!compares || !result.ok()) continue;
      SetAgreement(reward, &*result);
      if (consensus) RankByAgreement(&*result);
      result->resize(std::min<size_t>(result->size(), options.nbest));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(DecodeBatches(order, std::max(options.batch, 1), decode));
  return results;
}

}  // namespace viv
