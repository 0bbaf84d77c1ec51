// Text as code points, for rules that look at characters.
#ifndef VIV_MODELS_LANGUAGE_UNICODE_TEXT_H_
#define VIV_MODELS_LANGUAGE_UNICODE_TEXT_H_

#include <string>

namespace viv {

using Points = std::u32string;

// Bytes that are no UTF-8 become U+FFFD.
Points ToPoints(const std::string& utf8);
std::string ToUtf8(const Points& points);
// What a person sees of a text: composed characters (NFC), no control characters, byte order marks
// and other invisible marks (soft hyphens, zero-width spaces, marks of direction), but tabs and
// ends of lines; every other kind of space is a plain one, except within numbers ("10 000").
Points CleanText(const Points& text);
// Unicode's simple case folding: as many points as before.
Points FoldCase(Points points);

char32_t ToUpper(char32_t c);

bool IsLetter(char32_t c);
bool IsUpper(char32_t c);
bool IsLower(char32_t c);
bool IsDigit(char32_t c);   // of any script
bool IsNumber(char32_t c);  // digits, and signs such as U+00BD, a half
bool IsMark(char32_t c);    // combining
bool IsSpace(char32_t c);
inline bool IsWordCharacter(char32_t c) { return IsLetter(c) || IsNumber(c); }

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_UNICODE_TEXT_H_
