// One pass over the text: mark-up wherever it stands, then the words between spaces by their form.
#include "models/language/copy_spans.h"

#include <algorithm>

namespace viv {
namespace {

constexpr char32_t kNone = 0;

char32_t At(const Points& text, size_t i) { return i < text.size() ? text[i] : kNone; }
bool IsOneOf(char32_t c, const Points& set) { return set.find(c) != Points::npos; }
bool IsAsciiLetter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
bool IsCurrency(char32_t c) { return IsOneOf(c, U"$€£¥₹"); }

// The end of what goes from `i` to the first `close`, at most kLongestMarkup further and without
// any of `not_within`; 0 where there is none.
size_t EndAt(const Points& text, size_t i, char32_t close, const Points& not_within) {
  constexpr size_t kLongestMarkup = 400;
  const size_t limit = std::min(text.size(), i + kLongestMarkup);
  for (size_t k = i + 1; k < limit; ++k) {
    if (text[k] == close) return k + 1;
    if (IsOneOf(text[k], not_within)) return 0;
  }
  return 0;
}

// The end of the mark-up that begins at `i`, or 0.
size_t MarkupEnd(const Points& text, size_t i) {
  const char32_t next = At(text, i + 1);
  switch (text[i]) {
    case U'<':
      return IsAsciiLetter(next) || next == U'/' || next == U'!' ? EndAt(text, i, U'>', U"<") : 0;
    case U'&':
      return IsAsciiLetter(next) || next == U'#' ? EndAt(text, i, U';', U" \t<&") : 0;
    case U'{':
      if (next == U'{') {
        const size_t end = EndAt(text, i + 1, U'}', U"{<");
        return end != 0 && At(text, end) == U'}' ? end + 1 : 0;
      }
      return EndAt(text, i, U'}', U" {<");
    case U'$': {
      const size_t end = next == U'{' ? EndAt(text, i + 1, U'}', U" {<") : 0;
      return end;
    }
    case U'⟦':  // what looks like a symbol that stands for something copied
      return EndAt(text, i, U'⟧', U" <⟦");
    case U'%':
      return IsOneOf(next, U"sdfu@") && !IsWordCharacter(At(text, i + 2)) ? i + 2 : 0;
    default:
      return 0;
  }
}

bool StartsWith(const Points& text, size_t begin, size_t end, const Points& with) {
  return begin + with.size() <= end && text.compare(begin, with.size(), with) == 0;
}

bool IsUrl(const Points& text, size_t begin, size_t end) {
  if (StartsWith(text, begin, end, U"www.") || StartsWith(text, begin, end, U"mailto:")) {
    return true;
  }
  const size_t colon = text.find(U"://", begin);
  return colon != Points::npos && colon > begin && colon + 3 < end &&
         std::all_of(text.begin() + begin, text.begin() + colon,
                     [](char32_t c) { return IsAsciiLetter(c) || IsOneOf(c, U"0123456789+-."); });
}

// "example.org", "report_2.pdf", "example.org/path": dots between words, the last of them short and
// in lower case.
bool IsHostOrFile(const Points& text, size_t begin, size_t end) {
  const size_t slash = std::min(text.find(U'/', begin), end);
  const size_t dot = text.rfind(U'.', slash);
  if (dot == Points::npos || dot < begin + 2 || slash - dot < 3 || slash - dot > 6) return false;
  const auto is_name = [](char32_t c) {
    return IsAsciiLetter(c) || (c >= U'0' && c <= U'9') || IsOneOf(c, U"._-");
  };
  const bool letters = std::any_of(text.begin() + begin, text.begin() + dot, IsAsciiLetter);
  return letters && std::all_of(text.begin() + begin, text.begin() + dot, is_name) &&
         std::all_of(text.begin() + dot + 1, text.begin() + slash, [](char32_t c) {
           return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9');
         });
}

bool IsPath(const Points& text, size_t begin, size_t end) {
  if (end - begin < 3) return false;
  for (const Points& start : {Points(U"/"), Points(U"~/"), Points(U"./"), Points(U"../")}) {
    if (StartsWith(text, begin, end, start) && IsWordCharacter(At(text, begin + start.size()))) {
      return true;
    }
  }
  return IsAsciiLetter(text[begin]) && At(text, begin + 1) == U':' && At(text, begin + 2) == U'\\';
}

bool IsAddress(const Points& text, size_t begin, size_t end) {
  if (IsUrl(text, begin, end) || IsPath(text, begin, end)) return true;
  const size_t at = text.find(U'@', begin);
  if (at < end && at > begin && at + 1 < end) return true;
  if (IsOneOf(text[begin], U"@#") && end - begin > 1 && IsWordCharacter(text[begin + 1])) {
    return true;
  }
  return IsHostOrFile(text, begin, end);
}

// Letters and digits mixed, as in names of products; not "21st", "3-year-old", "pre-1990".
bool IsCode(const Points& text, size_t begin, size_t end) {
  bool digit = false, upper = false, other = false, hyphen = false;
  for (size_t i = begin; i < end; ++i) {
    digit = digit || IsDigit(text[i]);
    upper = upper || IsUpper(text[i]);
    hyphen = hyphen || text[i] == U'-';
    other = other || !(IsWordCharacter(text[i]) || IsOneOf(text[i], U"-_+.#"));
  }
  return digit && !other && (upper || (IsLetter(text[begin]) && !hyphen));
}

// Looks at one word of a text at a time.
class Scanner {
 public:
  Scanner(const Points& text, const CopyRules& rules, std::vector<CopySpan>& spans)
      : text_(text), rules_(rules), spans_(spans) {}

  void Scan() {
    for (size_t i = 0; i < text_.size();) {
      if (IsSpace(text_[i])) {
        ++i;
        continue;
      }
      i = ScanFrom(i);
    }
  }

 private:
  // What begins at `i`, which is no space; returns where it ends.
  size_t ScanFrom(size_t i) {
    size_t end = i;
    while (end < text_.size() && !IsSpace(text_[end]) && !IsOneOf(text_[end], U"<>\"")) ++end;
    if (end > i && IsUrl(text_, i, end)) {
      ScanWord(i, end);
      return end;
    }
    if (const size_t markup_end = MarkupEnd(text_, i)) {
      spans_.push_back({i, markup_end, /*markup=*/true});
      return markup_end;
    }
    end = i + 1;
    while (end < text_.size() && !IsSpace(text_[end]) && MarkupEnd(text_, end) == 0) ++end;
    ScanWord(i, end);
    return end;
  }

  // Between spaces or mark-up. Brackets, quotes and the sentence's punctuation are not part of it.
  void ScanWord(size_t begin, size_t end) {
    while (begin < end && IsOneOf(text_[begin], U"([{\"'«“‘„¿¡")) ++begin;
    while (end > begin && IsOneOf(text_[end - 1], U".,;:!?)]}\"'»”’…")) --end;
    if (begin < end && IsAddress(text_, begin, end)) {
      spans_.push_back({begin, end});
      return;
    }
    for (size_t part = begin; part < end;) {
      const size_t part_end = PartEnd(part, end);
      ScanPart(part, part_end);
      part = part_end + 1;
    }
  }

  // Apostrophes part words ("l'herbe", "dog's"), but not names ("O'Brien").
  size_t PartEnd(size_t begin, size_t end) const {
    for (size_t i = begin; i < end; ++i) {
      if (!IsOneOf(text_[i], U"'’")) continue;
      const bool name =
          i == begin + 1 && IsUpper(text_[begin]) && i + 1 < end && IsUpper(text_[i + 1]);
      if (!name) return i;
    }
    return end;
  }

  void ScanPart(size_t begin, size_t end) {
    if (begin < end && IsCode(text_, begin, end)) {
      spans_.push_back({begin, end});
      return;
    }
    for (size_t i = begin; i < end;) {
      if (IsDigit(text_[i])) {
        i = AddNumber(begin, i, end);
      } else if (IsLetter(text_[i])) {
        i = ScanLetters(i, end);
      } else {
        i = ScanStrange(i, end);
      }
    }
  }

  // The number whose first digit is at `digit`.
  size_t AddNumber(size_t word_begin, size_t digit, size_t end) {
    const auto digit_follows = [&](size_t i) { return i + 1 < end && IsDigit(text_[i + 1]); };
    size_t begin = digit;
    if (begin > word_begin && IsCurrency(text_[begin - 1])) --begin;
    if (begin == word_begin + 1 && IsOneOf(text_[word_begin], U"+-−")) --begin;
    if (!spans_.empty() && spans_.back().end > begin) {
      // The sign or the currency is strange, and a span already.
      spans_.back().end = begin;
      if (spans_.back().begin == begin) spans_.pop_back();
    }
    size_t i = digit;
    while (i < end && (IsDigit(text_[i]) ||
                       (IsOneOf(text_[i], U".,:/-–×x\u00A0\u202F") && digit_follows(i)))) {
      ++i;
    }
    if (i < end && (IsOneOf(text_[i], U"%‰°") || IsCurrency(text_[i]))) ++i;
    spans_.push_back({begin, i});
    return i;
  }

  size_t ScanLetters(size_t begin, size_t word_end) {
    size_t end = begin + 1;
    const auto joins = [&](size_t i) {
      return IsOneOf(text_[i], U"-'’") && i + 1 < word_end && IsLetter(text_[i + 1]);
    };
    while (end < word_end && (IsLetter(text_[end]) || joins(end) || IsMark(text_[end]))) ++end;
    const auto is_strange_letter = [&](char32_t c) { return IsLetter(c) && rules_.is_strange(c); };
    const bool strange = rules_.is_strange &&
                         std::any_of(text_.begin() + begin, text_.begin() + end, is_strange_letter);
    if (strange || (rules_.copies_word && rules_.copies_word(text_.substr(begin, end - begin)))) {
      spans_.push_back({begin, end});
    }
    return end;
  }

  // Characters from `begin` on that are neither letters nor digits: a span where they are strange.
  size_t ScanStrange(size_t begin, size_t word_end) {
    size_t end = begin;
    while (end < word_end && !IsLetter(text_[end]) && !IsDigit(text_[end]) && rules_.is_strange &&
           rules_.is_strange(text_[end])) {
      ++end;
    }
    if (end > begin) spans_.push_back({begin, end});
    return std::max(end, begin + 1);
  }

  const Points& text_;
  const CopyRules& rules_;
  std::vector<CopySpan>& spans_;
};

}  // namespace

std::vector<CopySpan> FindCopySpans(const Points& text, const CopyRules& rules) {
  std::vector<CopySpan> spans;
  Scanner(text, rules, spans).Scan();
  return spans;
}

std::vector<Points> CopyableWords(const Points& text) {
  std::vector<Points> words;
  const CopyRules rules = {.copies_word = [&](const Points& word) {
    words.push_back(word);
    return false;
  }};
  FindCopySpans(text, rules);
  return words;
}

}  // namespace viv
