// Terms are sorted, so that those that begin as a text goes on are a range, which every character
// narrows.
#include "models/language/glossary.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "datasets/text_pairs/text_pairs.h"

namespace viv {
namespace {

bool IsOfWord(char32_t c) { return IsWordCharacter(c) || IsMark(c); }

// Whether no word goes on across position `i`.
bool IsBoundary(const Points& text, size_t i) {
  return i == 0 || i == text.size() || !IsOfWord(text[i - 1]) || !IsOfWord(text[i]);
}

// Behind the white space at `i`.
size_t SkipSpaces(const Points& text, size_t i) {
  while (i < text.size() && IsSpace(text[i])) ++i;
  return i;
}

// Without white space at its ends, one space for each run of it inside.
Points Trimmed(const Points& text) {
  Points trimmed;
  for (size_t i = SkipSpaces(text, 0); i < text.size();) {
    const size_t behind = SkipSpaces(text, i);
    if (behind == text.size()) break;
    if (behind > i) {
      trimmed += U' ';
      i = behind;
    }
    trimmed += text[i++];
  }
  return trimmed;
}

// What sorts before every character where `text` has ended.
int64_t CharacterAt(const Points& text, size_t i) {
  return i < text.size() ? static_cast<int64_t>(text[i]) : -1;
}

}  // namespace

absl::StatusOr<Glossary> Glossary::Read(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> lines, ReadTextLines(env, path));
  Glossary glossary;
  const auto error = [&path](size_t line, const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "': line ", line, ": ", what...));
  };
  for (size_t i = 0; i < lines.size(); ++i) {
    if (Trimmed(ToPoints(lines[i])).empty()) continue;
    const std::vector<std::string> columns = absl::StrSplit(lines[i], '\t');
    const auto column = [&columns](size_t k) {
      return k < columns.size() ? Trimmed(CleanText(ToPoints(columns[k]))) : Points();
    };
    const Points term = column(0);
    Term entry = {.folded = FoldCase(term), .target = column(1), .line = i + 1};
    if (entry.folded.empty()) return error(i + 1, "there is no term before the tab");
    if (entry.target.empty()) {
      return error(i + 1, "a term, a tab and its translation are needed; there is no translation");
    }
    entry.capital = IsUpper(term[0]);
    glossary.terms_.push_back(std::move(entry));
  }
  std::vector<Term>& terms = glossary.terms_;
  std::stable_sort(terms.begin(), terms.end(),
                   [](const Term& a, const Term& b) { return a.folded < b.folded; });
  for (size_t i = 1; i < terms.size(); ++i) {
    const Term &one = terms[i - 1], &other = terms[i];
    if (one.folded != other.folded || one.target == other.target) continue;
    return error(other.line, "'", ToUtf8(other.folded), "' has another translation in line ",
                 one.line);
  }
  const auto same = [](const Term& a, const Term& b) { return a.folded == b.folded; };
  terms.erase(std::unique(terms.begin(), terms.end(), same), terms.end());
  return glossary;
}

const Glossary::Term* Glossary::LongestAt(const Points& folded, size_t begin, size_t* end) const {
  const Term* longest = nullptr;
  auto low = terms_.begin(), high = terms_.end();
  size_t depth = 0;
  for (size_t i = begin; i < folded.size() && low != high; ++depth) {
    const bool space = IsSpace(folded[i]);
    const int64_t c = space ? U' ' : folded[i];
    low = std::lower_bound(low, high, c, [depth](const Term& term, int64_t wanted) {
      return CharacterAt(term.folded, depth) < wanted;
    });
    high = std::upper_bound(low, high, c, [depth](int64_t wanted, const Term& term) {
      return wanted < CharacterAt(term.folded, depth);
    });
    i = space ? SkipSpaces(folded, i) : i + 1;
    if (low != high && low->folded.size() == depth + 1 && IsBoundary(folded, i)) {
      longest = &*low;
      *end = i;
    }
  }
  return longest;
}

std::vector<GlossaryMatch> Glossary::Find(const Points& text) const {
  std::vector<GlossaryMatch> matches;
  const Points folded = FoldCase(text);
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    const Term* term = IsBoundary(text, i) ? LongestAt(folded, i, &end) : nullptr;
    if (term != nullptr) {
      GlossaryMatch match = {.begin = i, .end = end, .target = term->target};
      if (IsUpper(text[i]) && !term->capital) match.target[0] = ToUpper(match.target[0]);
      matches.push_back(std::move(match));
    }
    i = end;
  }
  return matches;
}

}  // namespace viv
