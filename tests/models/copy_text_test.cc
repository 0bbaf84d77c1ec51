// What is copied, how it is masked and put back, and what pairs teach about it.
#include "models/language/copy_text.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The spans of a text, joined by '|'. Words that begin with "Zx" are names; Greek letters, stars
// and yens are strange.
std::string Spans(const std::string& text) {
  const Points points = ToPoints(text);
  const CopyRules rules = {
      .copies_word = [](const Points& word) { return word.substr(0, 2) == U"Zx"; },
      .is_strange = [](char32_t c) { return (c >= 0x370 && c < 0x400) || c == U'★' || c == U'¥'; }};
  std::vector<std::string> found;
  for (const CopySpan& span : FindCopySpans(points, rules)) {
    found.push_back(ToUtf8(points.substr(span.begin, span.end - span.begin)));
  }
  return absl::StrJoin(found, "|");
}

TEST(CopySpans, AreFoundByTheirForm) {
  struct Case {
    const char *text, *spans;
  };
  for (const Case& c : std::vector<Case>{
           {"", ""},
           {"A dog runs.", ""},
           // Mark-up.
           {"a <b>dog</b> runs", "<b>|</b>"},
           {"<a href=\"x y\">Click</a>, please", "<a href=\"x y\">|</a>"},
           {"line<br/>line", "<br/>"},
           {"cats &amp; dogs &#39;", "&amp;|&#39;"},
           {"hello {name} and {{Order Number}}", "{name}|{{Order Number}}"},
           {"%s of %d, ${HOME}", "%s|%d|${HOME}"},
           {"3 < 4 and R&D", "3|4"},
           {"a < b > c", ""},
           // Addresses.
           {"See https://example.org/a?b=1&c=2.", "https://example.org/a?b=1&c=2"},
           {"(www.example.org)", "www.example.org"},
           {"mail a.b+c@example.co.uk, now", "a.b+c@example.co.uk"},
           {"@anna likes #dogs", "@anna|#dogs"},
           {"open report_2.pdf or /etc/hosts or C:\\temp", "report_2.pdf|/etc/hosts|C:\\temp"},
           {"visit example.org/path today", "example.org/path"},
           {"e.g. the U.S. army, i.e. them", ""},
           {"and/or", ""},
           // Numbers and codes.
           {"2 dogs, 1,000.50 cats", "2|1,000.50"},
           {"at 12:30 on 2010-11-24", "12:30|2010-11-24"},
           {"It costs $5, or 5€, 50% off", "$5|5€|50%"},
           {"-5 degrees, +3", "-5|+3"},
           {"the 21st 3-year-old of the 1990s", "21|3|1990"},
           {"an MX-5, mp3, COVID-19 and B2B", "MX-5|mp3|COVID-19|B2B"},
           {"pre-1990", "1990"},
           // Words and strange letters.
           {"Zxander and Zx-y met O'Brien; Zxander's dog", "Zxander|Zx-y|Zxander"},
           {"l'Zxa", "Zxa"},
           {"the word λόγος, ★★!", "λόγος|★★"},
           {"it costs ¥5 or ★¥7", "¥5|★|¥7"}}) {
    EXPECT_EQ(Spans(c.text), c.spans) << c.text;
  }
}

TEST(CopySpans, LongAndOddTextsEnd) {
  for (const std::string unit : {"<", "&", "{", "'", "1", "a.", "<b", "@", "$"}) {
    std::string text;
    while (text.size() < 100'000) text += unit;
    FindCopySpans(ToPoints(text), {});
  }
}

Tokenizer MakeTokenizer(bool symbols) {
  TokenizerOptions options = {.vocab_size = 330};
  if (symbols) options.symbols = CopySymbols();
  auto tokenizer = Tokenizer::Train({"A dog runs through the green grass.",
                                     "Two dogs run, he said.", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
                                    options);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return *std::move(tokenizer);
}

std::shared_ptr<const KnownWords> Known() {
  return std::make_shared<KnownWords>(
      KnownWords::Of({{"A dog runs in the grass", ""}, {"a dog RUNS in The grass", ""}}));
}

class TextCopierTest : public TokenizerTest {};

TEST_F(TextCopierTest, MasksAndRestores) {
  const Tokenizer tokenizer = MakeTokenizer(true);
  const TextCopier copier(tokenizer, Known());
  struct Case {
    const char *text, *masked, *translation, *restored;
  };
  for (const Case& c : std::vector<Case>{
           {"a dog runs", "a dog runs", "un chien", "un chien"},
           {"2 dog 3", "⟦0⟧ dog ⟦1⟧", "⟦1⟧ chien ⟦0⟧", "3 chien 2"},
           // Names, at the beginning too; known words are none, nor is a text of capitals.
           {"Zbigniew runs in Dog-grass", "⟦0⟧ runs in Dog-grass", "⟦0⟧ court", "Zbigniew court"},
           {"A DOG SAID", "A DOG SAID", "X", "X"},
           // Mark-up is set off for the net, and joined again.
           {"a <b>dog</b> runs", "a ⟦0⟧ dog ⟦1⟧ runs", "un ⟦0⟧ chien ⟦1⟧ court",
            "un <b>chien</b> court"},
           // What the letters of the pieces cannot say.
           {"the 犬 runs ⟦1⟧", "the ⟦0⟧ runs ⟦1⟧", "⟦1⟧ court ⟦0⟧", "⟦1⟧ court 犬"},
           // More symbols than went in, and less.
           {"2 dog", "⟦0⟧ dog", "⟦0⟧ et ⟦0⟧ et ⟦7⟧.", "2 et  et ."}}) {
    const MaskedText masked = copier.Mask(ToPoints(c.text));
    EXPECT_EQ(masked.text(), c.masked) << c.text;
    EXPECT_EQ(masked.Restore(c.translation), c.restored) << c.text;
  }
  // Symbols come round again after ten; they come back in order.
  const MaskedText many = copier.Mask(U"1 2 3 4 5 6 7 8 9 10 11 12");
  EXPECT_EQ(many.Symbols().size(), 12u);
  EXPECT_EQ(many.Restore(many.text()), "1 2 3 4 5 6 7 8 9 10 11 12");
}

TEST_F(TextCopierTest, KnowsWhereTextWas) {
  const Tokenizer tokenizer = MakeTokenizer(true);
  const TextCopier copier(tokenizer, Known());
  const std::string text = "a <b>dog</b> 42 runs";
  const MaskedText masked = copier.Mask(ToPoints(text));
  ASSERT_EQ(masked.text(), "a ⟦0⟧ dog ⟦1⟧ ⟦2⟧ runs");
  const Points points = ToPoints(masked.text());
  const auto origin = [&](const char* of) { return masked.Origin(points.find(ToPoints(of))); };
  EXPECT_EQ(origin("⟦0⟧"), text.find("<b>"));
  EXPECT_EQ(origin("dog"), text.find("dog"));
  EXPECT_EQ(origin("⟦2⟧"), text.find("42"));
  EXPECT_EQ(origin("runs"), text.find("runs"));
  EXPECT_EQ(masked.Origin(points.size()), text.size());

  std::vector<size_t> positions;
  const std::string target = "⟦2⟧ un ⟦0⟧ chien ⟦1⟧ court";
  const std::string restored = masked.Restore(target, &positions);
  ASSERT_EQ(restored, "42 un <b>chien</b> court");
  const Points masked_target = ToPoints(target);
  ASSERT_EQ(positions.size(), masked_target.size() + 1);
  for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{
           {"⟦2⟧", "42"}, {"chien", "chien"}, {"court", "court"}}) {
    EXPECT_EQ(positions[masked_target.find(ToPoints(before))], restored.find(after)) << before;
  }
  EXPECT_EQ(positions.back(), restored.size());
}

TEST_F(TextCopierTest, WithoutSymbolsNothingIsMasked) {
  const TextCopier copier(MakeTokenizer(false), Known());
  EXPECT_THAT(copier.symbol_pieces(), ElementsAre());
  EXPECT_EQ(copier.Mask(U"2 <b>").text(), "2 <b>");
}

// A file of terms, and what reading it gives.
absl::StatusOr<Glossary> ReadGlossary(const std::string& contents) {
  const std::string path = absl::StrCat(testing::TempDir(), "/viv_glossary_", getpid(), ".tsv");
  EXPECT_TRUE(WriteFileAtomically(Env::Default(), path, contents).ok());
  auto glossary = Glossary::Read(Env::Default(), path);
  EXPECT_TRUE(Env::Default()->Remove(path).ok());
  return glossary;
}

std::string Terms(const Glossary& glossary, const std::string& text) {
  const Points points = ToPoints(text);
  std::vector<std::string> found;
  for (const GlossaryMatch& match : glossary.Find(points)) {
    found.push_back(ToUtf8(points.substr(match.begin, match.end - match.begin)) + "=" +
                    ToUtf8(match.target));
  }
  return absl::StrJoin(found, "|");
}

TEST(Glossary, FindsWholeWordsLiterallyAndTheLongest) {
  const auto glossary = ReadGlossary(
      "\xef\xbb\xbf"
      "dog\tchien\r\n\n"
      "traffic  light\tfeu tricolore\tignored\n"
      "Light\tlampe\n"
      "light\tlampe\n"
      "traffic light pole\tpoteau\n"
      "a.*b\tmotif\n(x|y)+\t[z]\nC++\tC plus plus\n"
      "Zeiss\tZeiss AG\niPhone\tiPhone\nécole\tschool\nשלום\tpaix\n");
  ASSERT_TRUE(glossary.ok()) << glossary.status();
  EXPECT_EQ(glossary->size(), 11u);
  struct Case {
    const char *text, *terms;
  };
  for (const Case& c :
       std::vector<Case>{{"", ""},
                         {"a dog, DOGS, hotdog and dog's", "dog=chien|dog=chien"},
                         {"Dog DOG", "Dog=Chien|DOG=Chien"},
                         {"a traffic light", "traffic light=feu tricolore"},
                         {"Traffic\tLIGHT pole", "Traffic\tLIGHT pole=Poteau"},
                         {"traffic light poles", "traffic light=feu tricolore"},
                         {"traffic LIGHT", "traffic LIGHT=feu tricolore"},
                         {"a light", "light=lampe"},
                         {"axxb a.*b a.*bc", "a.*b=motif"},
                         {"x (x|y)+ xy", "(x|y)+=[z]"},
                         {"C++, C++11", "C++=C plus plus|C++=C plus plus"},
                         {"zeiss, IPhone iPhone", "zeiss=Zeiss AG|IPhone=IPhone|iPhone=iPhone"},
                         {"ÉCOLE", "ÉCOLE=School"},
                         {"אמר שלום לכולם", "שלום=paix"}}) {
    EXPECT_EQ(Terms(*glossary, c.text), c.terms) << c.text;
  }
}

TEST(Glossary, SaysWhichLineIsWrong) {
  const auto message = [](const std::string& contents) {
    return std::string(ReadGlossary(contents).status().message());
  };
  EXPECT_THAT(message("a\tb\nno tab\n"), HasSubstr(".tsv': line 2: a term, a tab"));
  EXPECT_THAT(message("a\tb\nc\t \n"), HasSubstr("line 2: a term, a tab"));
  EXPECT_THAT(message(" \tb\n"), HasSubstr("line 1: there is no term"));
  EXPECT_THAT(message("a\tb\n\xFF\tb\n"), HasSubstr("line 2: byte 1 is not UTF-8"));
  EXPECT_THAT(message("a\tb\nx\ty\nA\tc\n"),
              HasSubstr("line 3: 'a' has another translation in line 1"));
  EXPECT_THAT(std::string(Glossary::Read(Env::Default(), "/nowhere.tsv").status().message()),
              HasSubstr("/nowhere.tsv"));
  // None is no error.
  EXPECT_EQ(ReadGlossary("")->size(), 0u);
  EXPECT_EQ(Terms(*ReadGlossary("\n"), "a dog"), "");
}

TEST(Glossary, TakesTenThousandTerms) {
  std::string file, text;
  for (int i = 0; i < 10'000; ++i) {
    absl::StrAppend(&file, "the long term ", i, "\tterme ", i, "\n");
    if (i % 100 == 0) absl::StrAppend(&text, "The long term ", i, " and the long term. ");
  }
  const auto glossary = ReadGlossary(file);
  ASSERT_TRUE(glossary.ok()) << glossary.status();
  EXPECT_EQ(glossary->size(), 10'000u);
  EXPECT_EQ(glossary->Find(ToPoints(text)).size(), 100u);
}

TEST_F(TextCopierTest, MasksTermsButCutsNothing) {
  const Tokenizer tokenizer = MakeTokenizer(true);
  const TextCopier copier(tokenizer, Known());
  const auto glossary =
      ReadGlossary("dog\tchien\nZbigniew\tZbig\nJohn Zbigniew\tJZ\n5 dogs\tcinq chiens\n");
  ASSERT_TRUE(glossary.ok()) << glossary.status();
  struct Case {
    const char *text, *masked, *restored;
  };
  for (const Case& c : std::vector<Case>{
           {"a dog runs", "a ⟦0⟧ runs", "a chien runs"},
           {"2 dog, Zbigniew", "⟦0⟧ ⟦1⟧, ⟦2⟧", "2 chien, Zbig"},
           {"John Zbigniew runs", "⟦0⟧ runs", "JZ runs"},
           // Not in an address, nor where it would tear a number.
           {"see dog.org, http://a.b/dog", "see ⟦0⟧, ⟦1⟧", "see dog.org, http://a.b/dog"},
           {"$5 dogs", "⟦0⟧ dogs", "$5 dogs"}}) {
    const MaskedText masked = copier.Mask(ToPoints(c.text), &*glossary);
    EXPECT_EQ(masked.text(), c.masked) << c.text;
    EXPECT_EQ(masked.Restore(masked.text()), c.restored) << c.text;
  }
}

TEST(CleanText, LeavesWhatAPersonSees) {
  const auto clean = [](const char* text) { return ToUtf8(CleanText(ToPoints(text))); };
  EXPECT_EQ(clean("e\u0301cole"), "école");
  EXPECT_EQ(clean("\uFEFFa\u200Bb\u00ADc\x01\x7F\u0085"
                  "d\u200Fe\u2067f"),
            "abcdef");
  EXPECT_EQ(clean("a\tb\nc"), "a\tb\nc");
  EXPECT_EQ(clean("a\u00A0b\u3000c\u2009!"), "a b c !");
  EXPECT_EQ(clean("10\u00A0000\u202F000 x"), "10\u00A0000\u202F000 x");
  EXPECT_EQ(clean("👩\u200D🚀 می\u200Cخواهم"), "👩\u200D🚀 می\u200Cخواهم");
  EXPECT_EQ(clean(""), "");
}

TEST(KnownWords, GoToTextAndBack) {
  const auto known = Known();
  EXPECT_EQ(known->ToText(), "a\ndog\ngrass\nin\nruns\nthe\n");
  EXPECT_EQ(KnownWords::FromText(known->ToText()).ToText(), known->ToText());
}

// The masked pair has as many symbols, and the same, on both sides.
TEST(MaskPair, MasksWhatBothSidesShare) {
  const auto both = [](const std::string& source, const std::string& target) {
    const TextPair masked = MaskPair({source, target});
    return masked.source + " = " + masked.target;
  };
  // Which symbols they are depends on the text.
  const TextPair numbers = MaskPair({"At 12:30 I saw 3 dogs.", "À 12:30 j'ai vu 3 chiens."});
  EXPECT_THAT(numbers.source, ::testing::MatchesRegex("At ⟦.⟧ I saw ⟦.⟧ dogs."));
  const std::string first = numbers.source.substr(3, 7);
  EXPECT_THAT(numbers.target, HasSubstr("À " + first + " j'ai"));
  EXPECT_EQ(both("23 bones.", "Vingt-trois os."), "23 bones. = Vingt-trois os.");
  EXPECT_EQ(both("1 and 1", "1 seul"), "1 and 1 = 1 seul");
  const TextPair markup = MaskPair({"a <b>dog</b>", "un <b>chien</b>"});
  EXPECT_THAT(markup.source, ::testing::MatchesRegex("a ⟦.⟧ dog ⟦.⟧"));
  EXPECT_THAT(markup.target, ::testing::MatchesRegex("un ⟦.⟧ chien ⟦.⟧"));
  // About half of the names, a tenth of the other words; each pair always alike.
  int names = 0, words = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string tail(i % 37, 'x'), end = tail + std::string(i / 37, 'y');
    const TextPair pair = {"Tom sees " + end, "Tom voit"};
    const TextPair masked = MaskPair(pair);
    EXPECT_EQ(masked, MaskPair(pair));
    if (masked != pair) ++names;
    if (MaskPair({"orange " + end, "orange"}).target != "orange") ++words;
  }
  EXPECT_NEAR(names, 500, 60);
  EXPECT_NEAR(words, 100, 40);
}

}  // namespace
}  // namespace viv
