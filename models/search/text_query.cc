// A word is found in three places: the words that the photo's features suggest, the labels of the
// classifier, and the captioner's sentence.
#include "models/search/text_query.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "models/search/content_words.h"

namespace viv {
namespace {

// Words that are not among a photo's likeliest are about so probable.
constexpr double kUnlisted = 0.003;

// Which labels have a word of that form in their names.
std::vector<bool> LabelsWith(const std::vector<std::string>& labels,
                             const std::vector<std::string>& forms) {
  std::vector<bool> with;
  for (const std::string& label : labels) {
    const std::vector<std::string> words =
        absl::StrSplit(absl::AsciiStrToLower(label), absl::ByAnyChar(" ,-"));
    with.push_back(std::find_first_of(words.begin(), words.end(), forms.begin(), forms.end()) !=
                   words.end());
  }
  return with;
}

// The first form that is one of the words.
std::optional<int32_t> NumberOf(const std::vector<std::string>& words,
                                const std::vector<std::string>& forms) {
  for (const std::string& form : forms) {
    const auto found = std::find(words.begin(), words.end(), form);
    if (found != words.end()) return static_cast<int32_t>(found - words.begin());
  }
  return std::nullopt;
}

}  // namespace

TextQuery::TextQuery(const std::string& text, const SearchModelInfo& info) : info_(info) {
  for (const std::string& word : ContentWords(text)) {
    Term term = {.word = word, .forms = FormsOf(word)};
    const std::optional<int32_t> number = NumberOf(info.words, term.forms);
    term.number = number.value_or(-1);
    term.labels = LabelsWith(info.labels, term.forms);
    if (number || std::find(term.labels.begin(), term.labels.end(), true) != term.labels.end()) {
      terms_.push_back(std::move(term));
    } else {
      unknown_.push_back(word);
    }
  }
}

TextQuery::Match TextQuery::Find(const Term& term, const IndexedPhoto& photo) const {
  double word = kUnlisted, label = 0, likeliest = 0;
  Match match;
  for (const IndexedLabel& w : photo.words) {
    if (w.label == term.number) word = w.confidence;
  }
  for (const IndexedLabel& l : photo.labels) {
    if (static_cast<size_t>(l.label) >= term.labels.size() || !term.labels[l.label]) continue;
    label += l.confidence;
    if (l.confidence <= likeliest) continue;
    likeliest = l.confidence;
    match.label = l.label;
  }
  match.probability = 1 - (1 - word) * (1 - std::min(label, 1.0));
  for (const absl::string_view said : absl::StrSplit(photo.caption, ' ')) {
    match.in_caption |= std::find(term.forms.begin(), term.forms.end(), said) != term.forms.end();
  }
  return match;
}

std::vector<std::string> TextQuery::FeatureNames() {
  return {"mean log probability of a word", "log of the least word's",
          "share of the words that the caption has", "words"};
}

std::vector<double> TextQuery::Features(const IndexedPhoto& photo) const {
  double sum = 0, least = 0, said = 0;
  for (const Term& term : terms_) {
    const Match match = Find(term, photo);
    const double log = std::log(std::clamp(match.probability, 1e-6, 1.0));
    sum += log;
    least = std::min(least, log);
    said += match.in_caption;
  }
  const double count = std::max<double>(1, static_cast<double>(terms_.size()));
  return {sum / count, least, said / count, count};
}

std::string TextQuery::Reason(const IndexedPhoto& photo) const {
  std::string reason;
  for (const Term& term : terms_) {
    const Match match = Find(term, photo);
    absl::StrAppendFormat(&reason, "%s%s %.2f", reason.empty() ? "" : ", ", term.word,
                          match.probability);
    if (match.label >= 0) absl::StrAppend(&reason, " (", info_.labels[match.label], ")");
  }
  return reason;
}

std::vector<std::string> LikenessFeatureNames() {
  return {"similarity", "probability of the same label"};
}

std::vector<double> LikenessFeatures(const std::vector<IndexedLabel>& labels,
                                     const IndexedPhoto& photo, double similarity) {
  double same = 0;
  for (const IndexedLabel& a : labels) {
    for (const IndexedLabel& b : photo.labels) {
      if (a.label == b.label) same += static_cast<double>(a.confidence) * b.confidence;
    }
  }
  return {similarity, same};
}

}  // namespace viv
