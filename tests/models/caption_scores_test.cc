// Scores of captions and their words against the numbers of pycocoevalcap 1.2, with its tokenizer.
#include "models/language/caption_scores.h"

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "models/language/caption_words.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

struct CaptionCase {
  const char* caption;
  std::vector<std::string> references;
  double cider;  // among all cases
};

const CaptionCase kCases[] = {
    {"A dog runs on the beach.",
     {"A brown dog is running on the beach.", "The dog runs along the sand!",
      "A dog plays near the sea"},
     196.449921841},
    {"two children don't play football",
     {"Two children play football in a park", "Some kids don't want to play",
      "Children with a ball"},
     163.786371905},
    {"a man in a blue shirt",
     {"A woman rides a red bicycle.", "She is cycling to work", "A cyclist in the city's traffic"},
     7.148598386},
    {"", {"Nobody is here .", "An empty room"}, 0},
    {"the the the the", {"The cat sat on the mat", "the cat"}, 20.508593127},
    {"A zebra galloping galloping zebra",
     {"A zebra galloping in the grass", "Zebra , running"},
     174.913787999},
    {"bird", {"bird", "A small bird"}, 208.214569714},
    {"A girl with a red hat jumps into the cold water of a lake near the green hills",
     {"A girl jumps into a lake",
      "A girl with a red hat jumps into the cold water of a lake near the green hills ."},
     515.777522218},
};

void ExpectScores(const CaptionScores& scores, std::array<double, 6> expected) {
  for (int n = 0; n < 4; ++n) EXPECT_NEAR(scores.bleu[n], expected[n], 1e-9) << "BLEU-" << n + 1;
  EXPECT_NEAR(scores.rouge_l, expected[4], 1e-9);
  EXPECT_NEAR(scores.cider, expected[5], 1e-9);
}

TEST(CaptionScores, AreWhatPycocoevalcapGives) {
  std::vector<std::string> captions;
  std::vector<std::vector<std::string>> references;
  for (const CaptionCase& c : kCases) {
    captions.push_back(c.caption);
    references.push_back(c.references);
  }
  const auto scorer = CaptionScorer::Make(references);
  ASSERT_TRUE(scorer.ok()) << scorer.status();
  const auto scores = scorer->Score(captions);
  ASSERT_TRUE(scores.ok()) << scores.status();
  ExpectScores(*scores, {79.429754850468, 70.434300350943, 63.289909400615, 60.270090128028,
                         58.416280386522, 160.849920648716});
  for (size_t i = 0; i < std::size(kCases); ++i) {
    EXPECT_NEAR(scorer->Cider(static_cast<int64_t>(i), captions[i]), kCases[i].cider, 1e-8)
        << captions[i];
  }
}

TEST(CaptionScores, OfOnePhotoKnowNoRarity) {
  const auto scorer = CaptionScorer::Make({kCases[0].references});
  ASSERT_TRUE(scorer.ok()) << scorer.status();
  ExpectScores(
      *scorer->Score({kCases[0].caption}),
      {99.999999966667, 89.442719068687, 58.480354742490, 0.009036020032, 69.634703196347, 0});
}

TEST(CaptionScores, RefuseWhatDoesNotFit) {
  EXPECT_THAT(std::string(CaptionScorer::Make({{"a"}, {}}).status().message()),
              HasSubstr("photo 1 has no caption"));
  const auto scorer = CaptionScorer::Make({{"a"}, {"b"}});
  EXPECT_THAT(std::string(scorer->Score({"a"}).status().message()),
              HasSubstr("1 captions for 2 photos"));
  const auto none = CaptionScorer::Make({});
  ASSERT_TRUE(none.ok());
  ExpectScores(*none->Score({}), {});
}

TEST(CaptionScores, TellsWhatIsNew) {
  const std::vector<std::string> captions = {"A dog runs.", "a dog runs", "Two dogs", "A cat!"};
  EXPECT_EQ(ShareOfDistinct(captions), 75);
  EXPECT_EQ(ShareOfNew(captions, {"a  dog, runs", "a bird"}), 50);
  EXPECT_EQ(ShareOfNew(captions, {}), 100);
  EXPECT_EQ(ShareOfDistinct({}), 0);
  EXPECT_EQ(ShareOfNew({}, captions), 0);
}

// What edu.stanford.nlp.process.PTBTokenizer -lowerCase gives, without the signs that
// pycocoevalcap drops.
const std::pair<const char*, const char*> kWords[] = {
    {"", ""},
    {"  A   tab\tseparated , line .", "a tab separated line"},
    {"A man [left] and {right} (both) smile!! What?! Yes!!! Really...",
     "a man -lsb- left -rsb- and -lcb- right -rcb- -lrb- both -rrb- smile !! what ?! yes !!! "
     "really"},
    {"A man's 5-year-old son's -5 degrees, 3.5% of $1,000 at 10:30 p.m.",
     "a man 's 5-year-old son 's -5 degrees 3.5 % of $ 1,000 at 10:30 p.m."},
    {"Café crème, naïve Ångström — dash – dash ‘quoted’ “double”… done",
     "café crème naïve ångström dash dash quoted double done"},
    {"I'm gonna wanna gotta lemme gimme cannot do it. U.S. flag in the U.S.",
     "i 'm gon na wan na got ta lem me gim me can not do it u.s. flag in the u.s."},
    {"Mr. Smith and Dr. No of Acme Inc. on St. James St.",
     "mr. smith and dr. no of acme inc. on st. james st."},
    {"black/white dog * star + plus = equal @ home ~ tilde ^ hat _ under_score",
     "black/white dog * star + plus = equal @ home ~ tilde ^ hat _ under_score"},
    {"A \"quoted\" `back` ''two'' ``open'' --- ---- - a-b -- c.", "a quoted back two open a-b c"},
    {"A dog,cat and bird;fish:frog. A dog.A cat jumps over.the fence",
     "a dog cat and bird fish frog a dog.a cat jumps over.the fence"},
    {"someone 's t-shirt reads \"I ♥ NY\" & 'LOL'", "someone 's t-shirt reads i ♥ ny & lol"},
    {"rock 'n' roll, 'em, dogs' bones, can't won't shan't ain't, ca n't",
     "rock 'n' roll 'em dogs bones ca n't wo n't sha n't ai n't ca n't"},
    {"o'clock O'Neil's d'Artagnan he'd've they'd she'll",
     "o'clock o'neil 's d'artagnan he 'd 've they 'd she 'll"},
    {"CD's DVDs' A's 4x4 mp3s 2nd #1 No. 1 and no.",
     "cd 's dvds a 's 4x4 mp3s 2nd # 1 no. 1 and no"},
    {"an at&t M&M's a&b Q&A R&amp;B clothing &amp; more",
     "an at & t m&m 's a & b q&a r&b clothing & more"},
    {"mail me@home.com at www.foo.org", "mail me@home.com at www.foo.org"},
};

TEST(CaptionWords, AreThoseOfThePennTreebank) {
  for (const auto& [caption, words] : kWords) {
    EXPECT_EQ(absl::StrJoin(CaptionWords(caption), " "), words) << caption;
  }
}

TEST(CaptionWords, TakesAnyBytes) {
  for (const char* text :
       {"'", "''", "-", "\xff\xfe a", "n't", "'s", "a'", "U.", "&", "\xe2\x80"}) {
    CaptionWords(text);
  }
  EXPECT_EQ(absl::StrJoin(CaptionWords("n't 's U. x"), " "), "n't 's u. x");
}

}  // namespace
}  // namespace viv
