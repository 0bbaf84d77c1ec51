// A list of the words that say nothing, and the endings of plurals.
#include "models/search/content_words.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "models/captions/caption_data.h"

namespace viv {
namespace {

const std::set<std::string>& FunctionWords() {
  static const auto* const words = new std::set<std::string>(
      {"a",       "about",    "all",   "along", "an",   "and",       "another", "are",
       "around",  "as",       "at",    "away",  "be",   "being",     "both",    "by",
       "can",     "each",     "find",  "for",   "from", "has",       "have",    "having",
       "he",      "her",      "his",   "i",     "in",   "into",      "is",      "it",
       "its",     "me",       "my",    "near",  "next", "of",        "off",     "on",
       "one",     "onto",     "or",    "other", "out",  "over",      "photo",   "photos",
       "picture", "pictures", "she",   "show",  "some", "something", "that",    "the",
       "their",   "them",     "there", "they",  "this", "through",   "to",      "toward",
       "towards", "two",      "up",    "very",  "was",  "we",        "were",    "where",
       "which",   "while",    "who",   "whose", "with", "you"});
  return *words;
}

}  // namespace

std::vector<std::string> ContentWords(const std::string& text) {
  std::vector<std::string> words;
  const std::string plain = PlainCaption(text);
  std::set<std::string> seen;
  for (const absl::string_view part : absl::StrSplit(plain, ' ', absl::SkipEmpty())) {
    const std::string word(part);
    if (FunctionWords().count(word) == 0 && seen.insert(word).second) words.push_back(word);
  }
  return words;
}

std::vector<std::string> FormsOf(const std::string& word) {
  std::vector<std::string> forms = {word, word + "s", word + "es"};
  if (absl::EndsWith(word, "s")) forms.push_back(word.substr(0, word.size() - 1));
  if (absl::EndsWith(word, "es")) forms.push_back(word.substr(0, word.size() - 2));
  return forms;
}

}  // namespace viv
