// Sentences of texts, their translations put together again, and how that is printed.
#include "models/language/long_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "models/language/alignment.h"
#include "models/language/translation_format.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

std::string Sentences(const std::string& text, size_t longest = 600) {
  const Points points = ToPoints(text);
  std::vector<std::string> found;
  for (const TextPart& part : FindSentences(points, "en", longest)) {
    found.push_back(ToUtf8(points.substr(part.begin, part.end - part.begin)));
  }
  return absl::StrJoin(found, "|");
}

TEST(FindSentences, PartsTexts) {
  struct Case {
    const char *text, *sentences;
  };
  for (const Case& c : std::vector<Case>{
           {"", ""},
           {" \t ", ""},
           {"A dog", "A dog"},
           {"A dog runs. It barks!  Why? ", "A dog runs.|It barks!|Why?"},
           {"what? yes! no.", "what?|yes!|no."},
           {"Mr. Smith met Dr. Jones. They left.", "Mr. Smith met Dr. Jones.|They left."},
           {"It costs 3.50 dollars, e.g. here.", "It costs 3.50 dollars, e.g. here."},
           {"See www.example.org?Yes=No. Good.", "See www.example.org?Yes=No.|Good."},
           {"Hello.<br/>World", "Hello.<br/>World"},
           {"one line\nanother\r\n\nthird", "one line|another|third"},
           {"犬です。猫です。", "犬です。|猫です。"},
           {"\"Go!\" he said. (Really.) Yes", "\"Go!\" he said.|(Really.)|Yes"},
           {"مرحبا. كيف حالك؟ جيد", "مرحبا.|كيف حالك؟|جيد"}}) {
    EXPECT_EQ(Sentences(c.text), c.sentences) << c.text;
  }
}

TEST(FindSentences, PartsWhatIsTooLong) {
  EXPECT_EQ(Sentences("aa bb, cc dd ee ff, gg", 15), "aa bb, cc dd|ee ff, gg");
  EXPECT_EQ(Sentences("aa bb cc, dd ee, ff", 12), "aa bb cc,|dd ee, ff");
  EXPECT_EQ(Sentences("aaaaaaaaaaaa bb", 8), "aaaaaaaaaaaa bb") << "there is no place before 8";
  EXPECT_EQ(Sentences("aaaaaaaaaaaaaa", 8), "aaaaaaaaaaaaaa");
}

// Translates a sentence into itself in brackets; "bad" fails.
absl::StatusOr<std::vector<SentenceResult>> Brackets(const std::vector<std::string>& sentences) {
  std::vector<SentenceResult> results;
  for (const std::string& s : sentences) {
    if (s == "bad." || s == "\xFF") {
      results.emplace_back(absl::InvalidArgumentError("no words"));
      continue;
    }
    std::vector<Translation> translations;
    translations.push_back({.text = s.empty() ? "" : "[" + s + "]",
                            .log_prob = -1,
                            .pieces = 2,
                            .score = -0.5,
                            .confidence = s.size() > 5 ? 0.4 : 0.8});
    if (s == "two.") translations.push_back({.text = "[2]", .score = -3, .confidence = 0.1});
    results.emplace_back(translations);
  }
  return results;
}

SentenceResult InBrackets(const std::string& text) {
  auto results = TranslateLongTexts({"x", text, "y"}, "en", Brackets);
  EXPECT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[2]->front().text, "[y]");
  return (*results)[1];
}

TEST(TranslateLongTexts, KeepsTheWhiteSpace) {
  for (const auto& [text, translation] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"  ", "  "},
           {"one.", "[one.]"},
           {"  one.  Three!\n\n\tEnd ", "  [one.]  [Three!]\n\n\t[End] "},
           {"犬。猫。", "[犬。] [猫。]"}}) {
    const SentenceResult result = InBrackets(text);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->front().text, translation);
  }
  EXPECT_EQ(InBrackets("one.\nbad.").status().message(), "sentence 2 of 2: no words");
  EXPECT_EQ(InBrackets("bad.").status().message(), "no words");
  EXPECT_FALSE(InBrackets("\xFF").ok());
}

TEST(TranslateLongTexts, SumsScoresAndTakesTheLowestConfidence) {
  const SentenceResult result = InBrackets("One. Two dogs. two.");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->size(), 1u) << "'Two dogs. two.' is one sentence";
  const SentenceResult two = InBrackets("One two? Two.\ntwo.");
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_EQ(two->size(), 2u);
  const Translation& best = two->front();
  EXPECT_EQ(best.log_prob, -3);
  EXPECT_EQ(best.pieces, 6);
  EXPECT_EQ(best.score, -1.5);
  EXPECT_EQ(best.confidence, 0.4);
  ASSERT_EQ(best.parts.size(), 3u);
  EXPECT_EQ(best.parts[2].source, "two.");
  EXPECT_EQ(best.parts[2].target, "[two.]");
  EXPECT_EQ(best.parts[2].confidence, 0.8);
  EXPECT_EQ((*two)[1].text, "[One two?] [Two.]\n[2]");
  EXPECT_EQ((*two)[1].score, -4);
  EXPECT_TRUE(InBrackets("One.")->front().parts.empty());
}

// The other translations change the sentence that loses least by it, not every one.
TEST(TranslateLongTexts, AlternativesLoseLeast) {
  const auto translate = [](const std::vector<std::string>& sentences) {
    std::vector<SentenceResult> results;
    for (const std::string& s : sentences) {
      std::vector<Translation> translations;
      for (int rank = 0; rank < 3; ++rank) {
        const float step = s == "A." ? 1.0f : s == "B." ? 0.25f : 10.0f;
        translations.push_back({.text = absl::StrCat(s.substr(0, 1), rank),
                                .score = -1 - static_cast<float>(rank) * step});
      }
      results.emplace_back(translations);
    }
    return absl::StatusOr<std::vector<SentenceResult>>(results);
  };
  const auto results = TranslateLongTexts({"A. B. C.", "B. B."}, "en", translate);
  ASSERT_TRUE(results.ok()) << results.status();
  const auto texts = [](const std::vector<Translation>& translations) {
    return absl::StrJoin(translations, "|", [](std::string* out, const Translation& t) {
      absl::StrAppend(out, t.text, " ", t.score);
    });
  };
  EXPECT_EQ(texts(*(*results)[0]), "A0 B0 C0 -3|A0 B1 C0 -3.25|A0 B2 C0 -3.5");
  EXPECT_EQ(texts(*(*results)[1]), "B0 B0 -2|B0 B1 -2.25|B1 B0 -2.25");
}

TEST(AlignWords, PairsTheWordsOfStretches) {
  const auto align = [](const char* source, const char* target,
                        const std::vector<AlignedSpan>& spans) {
    return AlignWords(ToPoints(source), ToPoints(target), spans).ToString();
  };
  EXPECT_EQ(align("", "", {}), "");
  EXPECT_EQ(align("a dog", "un chien", {{1, 5, 2, 8}, {0, 1, 0, 2}}), "0-0 1-1");
  // Two pieces of one word, and a piece across two.
  EXPECT_EQ(align("a dog", "un chien", {{2, 3, 3, 5}, {3, 5, 5, 8}, {0, 5, 0, 2}}), "0-0 1-0 1-1");
  // A term of two words, and a copy of two.
  EXPECT_EQ(align("traffic light", "feu rouge", {{0, 13, 0, 9}}), "0-0 0-1 1-0 1-1");
  EXPECT_EQ(align("x <a b> y", "<a b> y x", {{2, 7, 0, 5}}), "1-0 2-1");
  EXPECT_EQ(align("é 犬", "dog é", {{2, 3, 0, 3}, {0, 1, 4, 5}}), "0-1 1-0");
}

TEST(TranslationFormat, WritesLines) {
  const std::vector<Translation> two = {{.text = "un", .score = -0.5, .confidence = 0.75},
                                        {.text = "deux", .score = -1.25, .confidence = 0.5}};
  const std::vector<Translation> one = {two[0]};
  const SentenceResult failed = absl::InvalidArgumentError("no words");
  EXPECT_EQ(FormatTranslation(3, "x", one, {}), "un\n");
  EXPECT_EQ(FormatTranslation(3, "x", failed, {}), "\n");
  std::vector<Translation> aligned = {{.text = "un chien", .alignment = {{0, 5, 0, 8}}}};
  EXPECT_EQ(FormatTranslation(3, "a dog", aligned, {.alignment = true}),
            "un chien ||| 0-0 0-1 1-0 1-1\n");
  EXPECT_EQ(nlohmann::json::parse(TranslationJson("dog", aligned, {.alignment = true})),
            nlohmann::json({{"input", "dog"},
                            {"translation", "un chien"},
                            {"alternatives", nlohmann::json::array()},
                            {"alignment", {{0, 0}, {0, 1}}},
                            {"source_words", {"dog"}},
                            {"target_words", {"un", "chien"}}}));
  const std::vector<Translation> uncalibrated = {{.text = "un"}};
  EXPECT_EQ(FormatTranslation(3, "x", uncalibrated, {}), "un\n");
  EXPECT_EQ(FormatTranslation(3, "x", one, {.confidence = true}), "un ||| 0.750\n");
  EXPECT_EQ(FormatTranslation(3, "x", two, {.nbest = true, .confidence = true}),
            "3 ||| un ||| -0.5000 ||| 0.750\n3 ||| deux ||| -1.2500 ||| 0.500\n");
  EXPECT_EQ(FormatTranslation(3, "x", two, {.min_confidence = 0.8}), "\n");
  EXPECT_EQ(FormatTranslation(3, "x", two, {.confidence = true, .min_confidence = 0.8}),
            " ||| 0.750\n");
  EXPECT_EQ(FormatTranslation(3, "x", one, {.min_confidence = 0.75}), "un\n");
}

TEST(TranslationFormat, WritesJson) {
  const auto parse = [](const SentenceResult& result, const TranslationFormat& format) {
    return nlohmann::json::parse(TranslationJson("in\xFF", result, format));
  };
  const auto good = parse(*InBrackets("One two? Two."), {.json = true});
  EXPECT_EQ(good["input"], "in\xEF\xBF\xBD");
  EXPECT_EQ(good["translation"], "[One two?] [Two.]");
  EXPECT_EQ(good["confidence"], 0.4);
  EXPECT_EQ(good["sentences"][1],
            nlohmann::json({{"input", "Two."}, {"translation", "[Two.]"}, {"confidence", 0.8}}));
  const auto withheld = parse(*InBrackets("One two? Two."), {.json = true, .min_confidence = 0.5});
  EXPECT_EQ(withheld["abstained"], true);
  EXPECT_EQ(withheld["confidence"], 0.4);
  EXPECT_FALSE(withheld.contains("translation"));
  EXPECT_EQ(parse(absl::InvalidArgumentError("no words"), {})["error"], "no words");
  EXPECT_FALSE(parse(std::vector<Translation>{{.text = "un"}}, {}).contains("confidence"));
}

}  // namespace
}  // namespace viv
