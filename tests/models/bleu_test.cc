// BLEU, chrF and the 13a tokenizer against the numbers of sacreBLEU 2.
#include "models/language/bleu.h"

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "models/language/moses_words.h"

namespace viv {
namespace {

struct Case {
  const char* translation;
  const char* reference;
  double bleu, chrf;
  const char* tokens;
};

const Case kCases[] = {
    {"The cat sat on the mat, wasn't it? It cost 3,000.50 dollars (about 2-3 euros).",
     "The cat sat on a mat, was it not? It cost 3,000.5 dollars (or 2-3 euros).", 41.16763272167449,
     69.20273021491892,
     "The cat sat on the mat , wasn't it ? It cost 3,000.50 dollars ( about 2 - 3 euros ) ."},
    {"Un chien court dans l'herbe verte.", "Un chien brun court dans l’herbe verte.",
     19.721218241637786, 71.11674707017642, "Un chien court dans l'herbe verte ."},
    {"&quot;Hello&quot; &amp;lt; 5% of 1.5–2.5 a..b ,c", "\"Hello\" &lt; 5% of 1.5-2.5 a..b ,c",
     67.83686168526629, 57.965236891000075, "\" Hello \" < 5 % of 1.5–2.5 a . . b , c"},
    {"deux hommes\u00a0: l'un rit , l'autre  non.", "Deux hommes : l'un rit, l'autre non.",
     86.33400213704509, 96.34951744721859, "deux hommes : l'un rit , l'autre non ."},
    {"", "", 0, 0, ""},
    {"une fille", "une petite fille joue dehors avec son frère", 0, 15.061824030853616,
     "une fille"},
};

TEST(Bleu, IsWhatSacreBleuGives) {
  std::vector<std::string> translations, references;
  for (const Case& c : kCases) {
    EXPECT_EQ(absl::StrJoin(Tokenize13a(c.translation), " "), c.tokens);
    EXPECT_NEAR(Bleu({c.translation}, {c.reference}), c.bleu, 1e-9) << c.translation;
    EXPECT_NEAR(SentenceChrf(c.translation, c.reference), c.chrf, 1e-9) << c.translation;
    translations.push_back(c.translation);
    references.push_back(c.reference);
  }
  EXPECT_NEAR(Bleu(translations, references), 48.62258949391035, 1e-9);
  EXPECT_NEAR(Chrf(translations, references), 63.12774702321507, 1e-9);
}

TEST(Bleu, SmoothsOrdersWithoutAMatch) {
  EXPECT_NEAR(Bleu({"a b c d e x"}, {"a b c z e f"}), 32.46679154750991, 1e-9);
  EXPECT_EQ(Bleu({"q r s t u"}, {"a b c d e"}), 0);
}

// By sacremoses 0.1, without escapes, lower-cased.
TEST(MosesWords, AreThoseOfItsTokenizer) {
  const struct {
    const char *language, *line, *words;
  } cases[] = {
      {"fr", "Un homme en T-shirt bleu s'arrête à l'entrée du café, près de 3,5 km.",
       "un homme en t-shirt bleu s' arrête à l' entrée du café , près de 3,5 km ."},
      {"fr", "« Bonjour ! » dit-elle... L'été arrive aujourd'hui.",
       "« bonjour ! » dit-elle ... l' été arrive aujourd' hui ."},
      {"fr", "M. Dupont a 20.000 € (environ).", "m. dupont a 20.000 € ( environ ) ."},
      {"fr", "ÉTÉ à 12h30; qu'est-ce que c'est ?", "été à 12h30 ; qu' est-ce que c' est ?"},
      {"en", "A man's T-shirt isn't blue; it's 50% off (the 1990's).",
       "a man 's t-shirt isn 't blue ; it 's 50 % off ( the 1990 's ) ."},
      {"en", "Dogs' tails wag... \"Yes!\" she said, e.g. twice.",
       "dogs ' tails wag ... \" yes ! \" she said , e.g. twice ."},
      {"en", "He lives in the U.S. and pays $3,000.50 a year.",
       "he lives in the u.s. and pays $ 3,000.50 a year ."},
      {"de", "Ein Hund läuft's schnell.", "ein hund läuft ' s schnell ."},
      {"en", "", ""},
      {"en", "a..b\xFF.", "a .. b \xEF\xBF\xBD ."},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(absl::StrJoin(MosesWordsLowerCased(c.line, c.language), " "), c.words);
  }
}

}  // namespace
}  // namespace viv
