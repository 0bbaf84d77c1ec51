// ICU's properties of characters.
#include "models/language/unicode_text.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace viv {
namespace {

UChar32 Code(char32_t c) { return static_cast<UChar32>(c); }

}  // namespace

Points ToPoints(const std::string& utf8) {
  const icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(utf8);
  Points points;
  points.reserve(utf8.size());
  for (int32_t i = 0; i < unicode.length(); i = unicode.moveIndex32(i, 1)) {
    points += static_cast<char32_t>(unicode.char32At(i));
  }
  return points;
}

std::string ToUtf8(const Points& points) {
  icu::UnicodeString unicode;
  for (const char32_t c : points) unicode.append(Code(c));
  std::string utf8;
  unicode.toUTF8String(utf8);
  return utf8;
}

Points FoldCase(Points points) {
  for (char32_t& c : points) c = static_cast<char32_t>(u_foldCase(Code(c), U_FOLD_CASE_DEFAULT));
  return points;
}

bool IsLetter(char32_t c) { return u_isalpha(Code(c)); }
bool IsUpper(char32_t c) { return u_isupper(Code(c)); }
bool IsLower(char32_t c) { return u_islower(Code(c)); }
bool IsDigit(char32_t c) { return u_isdigit(Code(c)); }
bool IsNumber(char32_t c) { return (U_GET_GC_MASK(Code(c)) & U_GC_N_MASK) != 0; }
bool IsMark(char32_t c) { return (U_GET_GC_MASK(Code(c)) & U_GC_M_MASK) != 0; }
bool IsSpace(char32_t c) { return u_isUWhiteSpace(Code(c)); }

}  // namespace viv
