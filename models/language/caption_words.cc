// One walk over the characters. A word reaches as far as letters and digits do, and over what joins
// them; then its ends are looked at.
#include "models/language/caption_words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_replace.h"
#include "models/language/unicode_text.h"

namespace viv {
namespace {

// Words that keep the stop behind them.
constexpr const char32_t* kAbbreviations[] = {
    U"mr",  U"mrs",  U"ms",  U"dr",  U"st",  U"mt",   U"jr",   U"sr",   U"prof", U"gen",
    U"sgt", U"capt", U"col", U"lt",  U"rev", U"gov",  U"sen",  U"rep",  U"inc",  U"co",
    U"ltd", U"corp", U"vs",  U"etc", U"ave", U"blvd", U"rd",   U"dept", U"jan",  U"feb",
    U"mar", U"apr",  U"jun", U"jul", U"aug", U"sep",  U"sept", U"oct",  U"nov",  U"dec"};
// Words that are two, by the length of the first.
constexpr std::pair<const char32_t*, size_t> kTwoWords[] = {
    {U"cannot", 3}, {U"gonna", 3}, {U"gotta", 3}, {U"wanna", 3}, {U"lemme", 3}, {U"gimme", 3}};
// Words that begin with an apostrophe.
constexpr const char32_t* kClitics[] = {U"'s",  U"'m", U"'re", U"'ll",
                                        U"'ve", U"'d", U"'em", U"'n'"};
constexpr std::pair<char32_t, const char*> kBrackets[] = {{U'(', "-lrb-"}, {U')', "-rrb-"},
                                                          {U'[', "-lsb-"}, {U']', "-rsb-"},
                                                          {U'{', "-lcb-"}, {U'}', "-rcb-"}};

// Signs as typewriters have them.
char32_t PlainSign(char32_t c) {
  if (c == U'\u2018' || c == U'\u2019') return U'\'';
  if (c == U'\u201c' || c == U'\u201d') return U'"';
  if (c == U'\u2013' || c == U'\u2014') return U'-';
  if (c == U'\u2026') return U'.';
  return c;
}

bool IsWordPart(char32_t c) { return IsWordCharacter(c) || IsMark(c); }

class Walk {
 public:
  explicit Walk(const std::string& caption) {
    text_ = ToPoints(absl::StrReplaceAll(
        caption, {{"&amp;", "&"}, {"&quot;", "\""}, {"&lt;", "<"}, {"&gt;", ">"}}));
    for (char32_t& c : text_) c = PlainSign(c);
    folded_ = FoldCase(text_);
  }

  std::vector<std::string> Words() {
    while (at_ < text_.size()) {
      const char32_t c = text_[at_];
      if (IsSpace(c)) {
        ++at_;
      } else if (IsWordPart(c) || (c == U'-' && IsDigit(At(at_ + 1)))) {
        TakeWord();
      } else if (c == U'\'') {
        Take(std::max<size_t>(CliticAt(at_), 1));
      } else {
        TakeSign();
      }
    }
    return std::move(words_);
  }

 private:
  char32_t At(size_t i) const { return i < text_.size() ? text_[i] : U'\0'; }
  bool WordAt(size_t i) const { return IsWordPart(At(i)); }
  bool EndsAt(size_t i) const {
    return std::all_of(text_.begin() + std::min(i, text_.size()), text_.end(), IsSpace);
  }

  // Gives out so many characters as a word; none that is an apostrophe alone.
  void Take(size_t length) {
    Points word = folded_.substr(at_, length);
    if (word != U"'") words_.push_back(ToUtf8(word));
    at_ += length;
  }

  // The length of the "'s" or the like at `i`, or 0.
  size_t CliticAt(size_t i) const {
    for (const Points clitic : kClitics) {
      if (folded_.compare(i, clitic.size(), clitic) == 0 && !WordAt(i + clitic.size())) {
        return clitic.size();
      }
    }
    return 0;
  }

  // Whether the sign at `i` joins what lies around it to one word, which begins at at_.
  bool Joins(size_t i) const {
    if (!WordAt(i + 1)) return false;
    const char32_t c = At(i);
    const bool one = i == at_ + 1;  // a single letter before it
    switch (c) {
      case U'-':
      case U'/':
      case U'_':
      case U'.':
      case U'@':
        return true;
      case U',':
      case U':':
        return IsDigit(At(i - 1)) && IsDigit(At(i + 1));
      case U'&':  // R&B
        return one && IsUpper(At(at_)) && IsUpper(At(i + 1)) && !WordAt(i + 2);
      case U'\'':  // o'clock
        return one && CliticAt(i) == 0 && Points(U"odl").find(folded_[at_]) != Points::npos;
      default:
        return false;
    }
  }

  // Whether the stop behind the word, at `end`, belongs to it.
  bool KeepsStop(size_t end) const {
    if (At(end) != U'.') return false;
    bool letters = true;  // U.S
    for (size_t i = at_; i < end; ++i) {
      letters = letters && ((i - at_) % 2 == 0 ? IsLetter(text_[i]) : text_[i] == U'.');
    }
    if (letters && (end - at_) % 2 == 1) return end > at_ + 1 || !EndsAt(end + 1);
    const Points word = folded_.substr(at_, end - at_);
    if (word == U"no") return At(end + 1) == U' ' && IsDigit(At(end + 2));
    return std::find(std::begin(kAbbreviations), std::end(kAbbreviations), word) !=
           std::end(kAbbreviations);
  }

  void TakeWord() {
    size_t end = at_ + 1;
    while (WordAt(end) || Joins(end)) ++end;
    if (KeepsStop(end)) return Take(end + 1 - at_);
    const size_t length = end - at_;
    if (folded_.compare(end - 1, 3, U"n't") == 0 && !WordAt(end + 2)) {
      if (length > 1) Take(length - 1);
      return Take(3);
    }
    for (const auto& [word, first] : kTwoWords) {
      if (folded_.compare(at_, length, word) != 0) continue;
      Take(first);
      return Take(length - first);
    }
    Take(length);
  }

  void TakeSign() {
    const char32_t c = At(at_);
    const size_t begin = at_++, words = words_.size();
    for (const auto& [bracket, name] : kBrackets) {
      if (c == bracket) words_.push_back(name);
    }
    if (words_.size() > words) return;
    if (c == U'!' || c == U'?') {
      while (At(at_) == U'!' || At(at_) == U'?') ++at_;
      if (at_ == begin + 1) return;  // pycocoevalcap drops single ones
    } else if (Points(U"\"`.,:;-").find(c) != Points::npos) {
      return;
    }
    words_.push_back(ToUtf8(text_.substr(begin, at_ - begin)));
  }

  Points text_, folded_;
  size_t at_ = 0;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> CaptionWords(const std::string& caption) { return Walk(caption).Words(); }

}  // namespace viv
