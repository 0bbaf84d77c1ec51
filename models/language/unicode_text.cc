// ICU's properties of characters.
#include "models/language/unicode_text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace viv {
namespace {

UChar32 Code(char32_t c) { return static_cast<UChar32>(c); }

Points FromUnicode(const icu::UnicodeString& unicode) {
  Points points;
  points.reserve(unicode.length());
  for (int32_t i = 0; i < unicode.length(); i = unicode.moveIndex32(i, 1)) {
    points += static_cast<char32_t>(unicode.char32At(i));
  }
  return points;
}

icu::UnicodeString ToUnicode(const Points& points) {
  icu::UnicodeString unicode;
  for (const char32_t c : points) unicode.append(Code(c));
  return unicode;
}

// Composed characters in place of letters with marks.
Points Compose(const Points& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(error);
  const icu::UnicodeString composed = nfc->normalize(ToUnicode(text), error);
  // ICU fails here only without memory or without its own tables.
  return U_SUCCESS(error) ? FromUnicode(composed) : text;
}

bool IsInvisible(char32_t c) {
  if (c == U'\t' || c == U'\n' || c == U'\r') return false;
  if (u_charType(Code(c)) == U_CONTROL_CHAR) return true;
  const bool direction =
      c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return direction || c == 0x00AD || c == 0x200B || c == 0x2060 || c == 0xFEFF;
}

}  // namespace

Points ToPoints(const std::string& utf8) { return FromUnicode(icu::UnicodeString::fromUTF8(utf8)); }

std::string ToUtf8(const Points& points) {
  std::string utf8;
  ToUnicode(points).toUTF8String(utf8);
  return utf8;
}

Points CleanText(const Points& text) {
  Points clean;
  clean.reserve(text.size());
  const Points composed = Compose(text);
  for (size_t i = 0; i < composed.size(); ++i) {
    const char32_t c = composed[i];
    if (IsInvisible(c)) continue;
    const bool space = u_charType(Code(c)) == U_SPACE_SEPARATOR;
    const bool in_number =
        i > 0 && i + 1 < composed.size() && IsDigit(composed[i - 1]) && IsDigit(composed[i + 1]);
    clean += space && !in_number ? U' ' : c;
  }
  return clean;
}

Points FoldCase(Points points) {
  for (char32_t& c : points) c = static_cast<char32_t>(u_foldCase(Code(c), U_FOLD_CASE_DEFAULT));
  return points;
}

char32_t ToUpper(char32_t c) { return static_cast<char32_t>(u_toupper(Code(c))); }

bool IsLetter(char32_t c) { return u_isalpha(Code(c)); }
bool IsUpper(char32_t c) { return u_isupper(Code(c)); }
bool IsLower(char32_t c) { return u_islower(Code(c)); }
bool IsDigit(char32_t c) { return u_isdigit(Code(c)); }
bool IsNumber(char32_t c) { return (U_GET_GC_MASK(Code(c)) & U_GC_N_MASK) != 0; }
bool IsMark(char32_t c) { return (U_GET_GC_MASK(Code(c)) & U_GC_M_MASK) != 0; }
bool IsSpace(char32_t c) { return u_isUWhiteSpace(Code(c)); }

}  // namespace viv
