// Readers of parallel text, on small files made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "datasets/multi30k/multi30k.h"
#include "datasets/tatoeba/tatoeba.h"
#include "datasets/text_pairs/text_pairs.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TextDatasets : public FolderTest {
 protected:
  template <typename T>
  std::string Error(const absl::StatusOr<T>& result) {
    EXPECT_FALSE(result.ok());
    return std::string(result.status().message());
  }
};

TEST_F(TextDatasets, ReadsAlignedFiles) {
  const auto pairs = ReadParallelText(env_,
                                      Write("a.en",
                                            "\xef\xbb\xbf"
                                            "A dog.\r\n\r\nA cat.\r\n"),
                                      Write("a.fr.gz", Gzip("Un chien.\n\nUn chat à l'œil")));
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  EXPECT_THAT(*pairs, ElementsAre(TextPair{"A dog.", "Un chien."}, TextPair{"", ""},
                                  TextPair{"A cat.", "Un chat à l'œil"}));
  EXPECT_EQ(SwapSides(*pairs)[0], (TextPair{"Un chien.", "A dog."}));
}

TEST_F(TextDatasets, ReadsFilesOfManyGzipMembersAndLongLines) {
  const std::string line(300000, 'x');
  const auto pairs = ReadParallelText(env_, Write("a", Gzip("one\n") + Gzip("two\n" + line)),
                                      Write("b", "1\n2\n3\n"));
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  ASSERT_EQ(pairs->size(), 3u);
  EXPECT_EQ((*pairs)[1].source, "two");
  EXPECT_EQ((*pairs)[2].source, line);
}

TEST_F(TextDatasets, NamesWhatIsWrong) {
  const std::string two = Write("two", "1\n2\n");
  const std::string three = Write("three", "1\n2\n3\n");
  EXPECT_THAT(Error(ReadParallelText(env_, two, three)),
              AllOf(HasSubstr("two' has 2 lines and"), HasSubstr("three' has 3")));
  EXPECT_THAT(Error(ReadParallelText(env_, two, Write("latin", "1\ncaf\xe9\n"))),
              HasSubstr("latin': line 2: byte 4 is not UTF-8"));
  EXPECT_THAT(Error(ReadParallelText(env_, two, directory_ + "/none")), HasSubstr("No such file"));
  const std::string packed = Gzip("some text that is long enough to be cut\n");
  EXPECT_THAT(Error(ReadParallelText(env_, two, Write("cut.gz", packed.substr(0, 30)))),
              HasSubstr("cut.gz' is not a whole gzip file: it is truncated"));
  std::string flipped = packed;
  flipped[flipped.size() - 6] ^= 1;  // in the checksum
  EXPECT_THAT(Error(ReadParallelText(env_, two, Write("bad.gz", flipped))),
              HasSubstr("bad.gz' is not a whole gzip file: incorrect data check"));
  EXPECT_THAT(Error(ReadTabSeparatedPairs(env_, Write("t.tsv", "a\tb\nno tab\n"))),
              HasSubstr("t.tsv': line 2: a tab between two sentences is needed"));
}

TEST_F(TextDatasets, ReadsMulti30k) {
  Write("val.en", "one\n");
  Write("val.fr.gz", Gzip("un\n"));
  const auto pairs = ReadMulti30k(env_, directory_, "val", "fr", "en");
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  EXPECT_THAT(*pairs, ElementsAre(TextPair{"un", "one"}));
  EXPECT_THAT(Error(ReadMulti30k(env_, directory_, "val", "en", "de")),
              AllOf(HasSubstr("val.de'"), HasSubstr("val.de.gz'"),
                    HasSubstr("run datasets/multi30k/download.sh")));
}

TEST_F(TextDatasets, SplitsTatoebaByTheEnglishSide) {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    absl::StrAppend(&text, "Sentence ", i, ".\tPhrase ", i, ".\tCC-BY 2.0\n");
    absl::StrAppend(&text, "Sentence ", i, "!\tPhrase ", i, " !\n");
  }
  Write("fra.txt", text);
  const auto split = ReadTatoeba(env_, directory_, 100);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->train.size() + split->held_out.size(), 4000u);
  EXPECT_NEAR(static_cast<double>(split->held_out.size()), 400, 80);
  EXPECT_EQ(split->train[0].target.find('\t'), std::string::npos);
  const auto number = [](const TextPair& p) { return p.source.substr(0, p.source.size() - 1); };
  std::set<std::string> held_out;
  for (const TextPair& pair : split->held_out) held_out.insert(number(pair));
  for (const TextPair& pair : split->train) EXPECT_EQ(held_out.count(number(pair)), 0u);
  // The rule is part of every published figure: it must not change.
  for (const char* text : {"Go.", "go!", "I love you.", "Where is the station?"}) {
    EXPECT_TRUE(TatoebaHoldsOut(text, 500)) << text;
  }
  for (const char* text : {"Hi.", "Run!", "Tom laughed."}) {
    EXPECT_FALSE(TatoebaHoldsOut(text, 500)) << text;
  }
  EXPECT_TRUE(ReadTatoeba(env_, directory_, 0)->held_out.empty());
  EXPECT_TRUE(ReadTatoeba(env_, directory_ + "/fra.txt", 1000)->train.empty());
  EXPECT_THAT(Error(ReadTatoeba(env_, directory_, 1001)), HasSubstr("[0, 1000]"));
  EXPECT_THAT(Error(ReadTatoeba(env_, directory_ + "/none")),
              HasSubstr("run datasets/tatoeba/download.sh"));
}

TEST_F(TextDatasets, PairsBecomeADataset) {
  const auto iterator = TextPairDataset("pairs", {{"a", "b"}, {"c", "d"}}).Skip(1).MakeIterator();
  Example example;
  ASSERT_TRUE(*(*iterator)->Next(&example));
  EXPECT_EQ(example[0].data<std::string>()[0], "c");
  EXPECT_EQ(example[1].data<std::string>()[0], "d");
}

}  // namespace
}  // namespace viv
