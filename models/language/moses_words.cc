// The rules one after the other, on code points.
#include "models/language/moses_words.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "models/language/unicode_text.h"

namespace viv {
namespace {

// The neighbours of position i; a space beyond the ends.
char32_t At(const Points& text, size_t i) { return i < text.size() ? text[i] : U' '; }
char32_t Before(const Points& text, size_t i) { return i == 0 ? U' ' : text[i - 1]; }

// Symbols stand alone, but for those that the later rules are for.
Points SpaceOutSymbols(const Points& text) {
  Points out;
  for (const char32_t c : text) {
    const bool kept = IsLetter(c) || IsNumber(c) || IsSpace(c) ||
                      u_charType(static_cast<UChar32>(c)) == U_NON_SPACING_MARK || c == U'.' ||
                      c == U'\'' || c == U'`' || c == U',' || c == U'-';
    if (kept) {
      out += c;
    } else {
      out += {U' ', c, U' '};
    }
  }
  return out;
}

// Runs of full stops stand alone; commas do unless they stand between digits.
Points SpaceOutStops(const Points& text) {
  Points out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == U'.' && At(text, i + 1) == U'.') {
      out += U' ';
      while (At(text, i) == U'.') {
        out += U'.';
        ++i;
      }
      out += U' ';
      --i;
    } else if (text[i] == U',' && !(IsNumber(Before(text, i)) && IsNumber(At(text, i + 1)))) {
      out += {U' ', U',', U' '};
    } else {
      out += text[i];
    }
  }
  return out;
}

// "l'homme" is "l' homme" in French, "dog's" is "dog 's" in English.
Points SplitApostrophes(const Points& text, const std::string& language) {
  const bool goes_left = language == "fr" || language == "it";
  const bool known = goes_left || language == "en";
  Points out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != U'\'') {
      out += text[i];
      continue;
    }
    const char32_t before = Before(text, i), after = At(text, i + 1);
    const bool year = language == "en" && IsNumber(before) && after == U's';
    if (known && goes_left && IsLetter(before) && IsLetter(after)) {
      out += {U'\'', U' '};
    } else if (known && !goes_left && ((IsLetter(before) && IsLetter(after)) || year)) {
      out += {U' ', U'\''};
    } else {
      out += {U' ', U'\'', U' '};
    }
  }
  return out;
}

std::vector<Points> SplitAtSpaces(const Points& text) {
  std::vector<Points> words;
  Points word;
  for (const char32_t c : text + U' ') {
    if (!IsSpace(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

// Full stops at the ends of words.
std::vector<Points> SplitFullStops(const std::vector<Points>& words) {
  std::vector<Points> out;
  for (size_t i = 0; i < words.size(); ++i) {
    Points word = words[i];
    const bool ends = word.size() > 1 && word.back() == U'.' && word[word.size() - 2] != U'.';
    if (!ends) {
      out.push_back(std::move(word));
      continue;
    }
    const Points stem = word.substr(0, word.size() - 1);
    const bool initial = stem.size() == 1 && IsUpper(stem[0]);
    const bool letters = std::any_of(stem.begin(), stem.end(), IsLetter);
    const bool abbreviation = initial || (letters && stem.find(U'.') != Points::npos);
    const bool goes_on = i + 1 < words.size() && IsLower(words[i + 1][0]);
    if (abbreviation || goes_on) {
      out.push_back(std::move(word));
    } else {
      out.push_back(stem);
      out.push_back(U".");
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> MosesWordsLowerCased(const std::string& line,
                                              const std::string& language) {
  const Points text = SplitApostrophes(SpaceOutStops(SpaceOutSymbols(ToPoints(line))), language);
  std::vector<std::string> words;
  for (const Points& word : SplitFullStops(SplitAtSpaces(text))) {
    icu::UnicodeString lower;
    for (const char32_t c : word) lower.append(static_cast<UChar32>(c));
    std::string utf8;
    lower.toLower(icu::Locale::getRoot()).toUTF8String(utf8);
    words.push_back(std::move(utf8));
  }
  return words;
}

}  // namespace viv
