// UTF-8 validation against the edges of every range.
#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace viv {
namespace {

// By definition: encodes every code point and compares, so it shares nothing with the table.
std::string Encode(uint32_t c) {
  std::string out;
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) {
    out = {static_cast<char>(0xC0 | c >> 6)};
  } else if (c < 0x10000) {
    out = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F))};
  } else {
    out = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
           static_cast<char>(0x80 | (c >> 6 & 0x3F))};
  }
  return out + static_cast<char>(0x80 | (c & 0x3F));
}

TEST(Utf8, EveryCodePoint) {
  for (uint32_t c = 0; c < 0x120000; ++c) {
    const bool valid = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    ASSERT_EQ(IsValidUtf8(Encode(c)), valid) << std::hex << c;
  }
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_EQ(FirstInvalidUtf8(""), std::nullopt);
  EXPECT_EQ(FirstInvalidUtf8("plain text of more than eight bytes, naïve, 犬, 🐕"), std::nullopt);
  EXPECT_EQ(FirstInvalidUtf8("\x80"), 0u);
  EXPECT_EQ(FirstInvalidUtf8("0123456789\xff"), 10u);
  EXPECT_EQ(FirstInvalidUtf8("caf\xe9 au lait"), 3u);    // Latin-1
  EXPECT_EQ(FirstInvalidUtf8("a\xc0\xaf"), 1u);          // overlong '/'
  EXPECT_EQ(FirstInvalidUtf8("a\xe0\x80\xaf"), 1u);      // overlong
  EXPECT_EQ(FirstInvalidUtf8("a\xf0\x80\x80\xaf"), 1u);  // overlong
  EXPECT_EQ(FirstInvalidUtf8("é\xed\xa0\x80"), 2u);      // surrogate
  EXPECT_EQ(FirstInvalidUtf8("\xf4\x90\x80\x80"), 0u);   // above U+10FFFF
  EXPECT_EQ(FirstInvalidUtf8("ab\xe2\x82"), 2u);         // cut short
  EXPECT_EQ(FirstInvalidUtf8("\xe2\x82"
                             "a"),
            0u);
}

}  // namespace
}  // namespace viv
