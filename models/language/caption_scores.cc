// As pycocoevalcap 1.2 computes them.
#include "models/language/caption_scores.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "models/language/caption_words.h"
#include "models/language/ngrams.h"

namespace viv {
namespace {

constexpr size_t kOrders = 4;

// The length of the longest sequence that both have, with gaps.
int64_t CommonLength(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  std::vector<int64_t> row(b.size() + 1);  // by how much of b, for what was seen of a
  for (const int32_t word : a) {
    int64_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

// What BLEU counts, of one caption or of all.
class BleuCounts {
 public:
  void Add(const std::vector<int32_t>& words,
           const std::vector<const std::vector<int32_t>*>& references) {
    const auto length = static_cast<int64_t>(words.size());
    for (size_t n = 1; n <= kOrders; ++n) {
      NgramCounts<int32_t> most;  // the most often that a reference has it
      for (const auto* reference : references) {
        for (const auto& [ngram, count] : CountNgrams(*reference, n)) {
          most[ngram] = std::max(most[ngram], count);
        }
      }
      correct_[n - 1] += Overlap(CountNgrams(words, n), most);
      given_[n - 1] += std::max<int64_t>(0, length - static_cast<int64_t>(n) + 1);
    }
    length_ += length;
    // Of the closest references the shortest.
    std::pair<int64_t, int64_t> closest = {INT64_MAX, 0};
    for (const auto* reference : references) {
      const auto other = static_cast<int64_t>(reference->size());
      closest = std::min(closest, std::pair(std::abs(other - length), other));
    }
    reference_length_ += closest.second;
  }

  std::array<double, kOrders> Percent() const {
    constexpr double kTiny = 1e-15, kSmall = 1e-9;  // pycocoevalcap's, against division by zero
    const double ratio =
        (static_cast<double>(length_) + kTiny) / (static_cast<double>(reference_length_) + kSmall);
    const double brevity = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
    std::array<double, kOrders> bleu;
    double product = 1;
    for (size_t k = 0; k < kOrders; ++k) {
      product *=
          (static_cast<double>(correct_[k]) + kTiny) / (static_cast<double>(given_[k]) + kSmall);
      bleu[k] = 100 * brevity * std::pow(product, 1.0 / static_cast<double>(k + 1));
    }
    return bleu;
  }

 private:
  std::array<int64_t, kOrders> correct_ = {}, given_ = {};
  int64_t length_ = 0, reference_length_ = 0;
};

std::set<std::string> Distinct(const std::vector<std::string>& captions) {
  std::set<std::string> distinct;
  for (const std::string& c : captions) distinct.insert(absl::StrJoin(CaptionWords(c), " "));
  return distinct;
}

double Percent(size_t part, size_t all) {
  return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

absl::StatusOr<CaptionScorer> CaptionScorer::Make(
    const std::vector<std::vector<std::string>>& references) {
  CaptionScorer scorer;
  for (const std::vector<std::string>& captions : references) {
    if (captions.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("photo ", scorer.references_.size(), " has no caption to compare with"));
    }
    std::vector<Reference> of_photo;
    std::set<Words> seen;
    for (const std::string& caption : captions) {
      Reference reference;
      for (const std::string& word : CaptionWords(caption)) {
        const auto next = static_cast<int32_t>(scorer.numbers_.size());
        reference.words.push_back(scorer.numbers_.emplace(word, next).first->second);
      }
      for (size_t n = 1; n <= kOrders; ++n) {
        for (const auto& [ngram, count] : CountNgrams(reference.words, n)) seen.insert(ngram);
      }
      of_photo.push_back(std::move(reference));
    }
    for (const Words& ngram : seen) ++scorer.photos_with_[ngram];
    scorer.references_.push_back(std::move(of_photo));
  }
  for (std::vector<Reference>& of_photo : scorer.references_) {
    for (Reference& reference : of_photo) {
      reference.rarities = scorer.RaritiesOf(reference.words);
    }
  }
  return scorer;
}

CaptionScorer::Words CaptionScorer::NumbersOf(const std::string& caption) const {
  std::map<std::string, int32_t> strange;
  Words words;
  for (const std::string& word : CaptionWords(caption)) {
    const auto known = numbers_.find(word);
    const auto next = static_cast<int32_t>(numbers_.size() + strange.size());
    words.push_back(known != numbers_.end() ? known->second
                                            : strange.emplace(word, next).first->second);
  }
  return words;
}

CaptionScorer::Rarities CaptionScorer::RaritiesOf(const Words& words) const {
  Rarities rarities;
  const double all = std::log(static_cast<double>(references_.size()));
  for (size_t k = 0; k < kOrders; ++k) {
    double squares = 0;
    for (const auto& [ngram, count] : CountNgrams(words, k + 1)) {
      const auto found = photos_with_.find(ngram);
      const double photos = found == photos_with_.end() ? 1 : static_cast<double>(found->second);
      const double weight = static_cast<double>(count) * (all - std::log(photos));
      rarities.weight[k][ngram] = weight;
      squares += weight * weight;
    }
    rarities.norm[k] = std::sqrt(squares);
  }
  rarities.pairs = std::max<int64_t>(0, static_cast<int64_t>(words.size()) - 1);
  return rarities;
}

double CaptionScorer::Cider(int64_t photo, const Words& words) const {
  constexpr double kSigma = 6;
  const Rarities own = RaritiesOf(words);
  double sum = 0;
  for (const Reference& reference : references_[photo]) {
    const Rarities& other = reference.rarities;
    double similar = 0;
    for (size_t k = 0; k < kOrders; ++k) {
      double product = 0;
      for (const auto& [ngram, weight] : own.weight[k]) {
        const auto found = other.weight[k].find(ngram);
        if (found == other.weight[k].end()) continue;
        product += std::min(weight, found->second) * found->second;
      }
      const double norms = own.norm[k] * other.norm[k];
      similar += norms > 0 ? product / norms : product;
    }
    const auto difference = static_cast<double>(own.pairs - other.pairs);
    sum += similar * std::exp(-difference * difference / (2 * kSigma * kSigma));
  }
  // The paper's factor of 10, and percent.
  return 1000 * sum / (kOrders * static_cast<double>(references_[photo].size()));
}

double CaptionScorer::Cider(int64_t photo, const std::string& caption) const {
  return Cider(photo, NumbersOf(caption));
}

double CaptionScorer::RougeL(int64_t photo, const Words& words) const {
  constexpr double kBeta2 = 1.2 * 1.2;
  // No words are one empty word there.
  const auto or_empty = [](const Words& w) { return w.empty() ? Words{-1} : w; };
  const Words own = or_empty(words);
  double precision = 0, recall = 0;
  for (const Reference& reference : references_[photo]) {
    const Words other = or_empty(reference.words);
    const auto common = static_cast<double>(CommonLength(own, other));
    precision = std::max(precision, common / static_cast<double>(own.size()));
    recall = std::max(recall, common / static_cast<double>(other.size()));
  }
  if (precision == 0 || recall == 0) return 0;
  return 100 * (1 + kBeta2) * precision * recall / (recall + kBeta2 * precision);
}

absl::StatusOr<CaptionScores> CaptionScorer::Score(const std::vector<std::string>& captions) const {
  if (captions.size() != references_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", captions.size(), " captions for ",
                                                   references_.size(), " photos"));
  }
  CaptionScores scores;
  if (captions.empty()) return scores;
  BleuCounts bleu;
  for (size_t photo = 0; photo < captions.size(); ++photo) {
    const Words words = NumbersOf(captions[photo]);
    std::vector<const Words*> references;
    for (const Reference& r : references_[photo]) references.push_back(&r.words);
    bleu.Add(words, references);
    scores.rouge_l += RougeL(static_cast<int64_t>(photo), words);
    scores.cider += Cider(static_cast<int64_t>(photo), words);
  }
  scores.bleu = bleu.Percent();
  scores.rouge_l /= static_cast<double>(captions.size());
  scores.cider /= static_cast<double>(captions.size());
  return scores;
}

double ShareOfDistinct(const std::vector<std::string>& captions) {
  return Percent(Distinct(captions).size(), captions.size());
}

double ShareOfNew(const std::vector<std::string>& captions,
                  const std::vector<std::string>& training) {
  const std::set<std::string> known = Distinct(training);
  const auto fresh = std::count_if(captions.begin(), captions.end(), [&](const std::string& c) {
    return known.count(absl::StrJoin(CaptionWords(c), " ")) == 0;
  });
  return Percent(static_cast<size_t>(fresh), captions.size());
}

}  // namespace viv
