// What translate reads and writes beside plain sentences: files, long texts, columns, what is
// withheld; and text that a net has never seen.
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/run_program.h"
#include "tests/support/small_language.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class TranslateInputTest : public TokenizerTest {
 protected:
  static void SetUpTestSuite() {
    if (!kTokenizersWork) return;
    directory_ = JoinPath(testing::TempDir(), "viv_translate_input_test");
    WriteSmallLanguage(directory_);
    std::vector<std::string> flags = SmallLanguageFlags(directory_);
    flags.insert(flags.end(), {"--export_to=" + Path("bundle"), "--data=a test", "--licence=any"});
    const ProgramResult trained = RunProgram("translate_train", flags);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  static void TearDownTestSuite() { Env::Default()->Remove(directory_).IgnoreError(); }

  static std::string Path(const std::string& name) { return JoinPath(directory_, name); }
  static void Write(const std::string& name, const std::string& contents) {
    ASSERT_TRUE(WriteFileAtomically(Env::Default(), Path(name), contents).ok());
  }
  static std::string Read(const std::string& name) {
    return Env::Default()->ReadFile(Path(name)).value_or("cannot be read");
  }
  static ProgramResult Translate(std::vector<std::string> arguments,
                                 const std::string& input = "") {
    arguments.insert(arguments.begin(), "--model=" + Path("bundle"));
    return RunProgram("translate", arguments, {.input = input});
  }

  static std::string directory_;
};
std::string TranslateInputTest::directory_;

TEST_F(TranslateInputTest, ReadsFiles) {
  Write("a.txt", "A dog runs here.\n");
  Write("empty.txt", "");
  const gzFile packed = gzopen(Path("b.txt.gz").c_str(), "w");
  gzputs(packed, "A cat eats at home.\n\nA bird sings here.");
  gzclose(packed);
  const std::vector<std::string> files = {"--files", Path("a.txt"), Path("empty.txt"),
                                          Path("b.txt.gz")};
  const std::string all =
      "Un chien court ici.\nUn chat mange à la maison.\n\nUn oiseau chante ici.\n";
  const auto with = [&files](const std::string& flag) {
    std::vector<std::string> arguments = files;
    arguments.push_back(flag);
    return arguments;
  };
  ProgramResult result = Translate(files);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, all);

  result = Translate(with("--output=" + Path("out.txt")));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(Read("out.txt"), all);

  result = Translate(with("--output=" + Path("out/fr") + "/"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Read("out/fr/a.txt"), "Un chien court ici.\n");
  EXPECT_EQ(Read("out/fr/empty.txt"), "");
  EXPECT_EQ(Read("out/fr/b.txt"), "Un chat mange à la maison.\n\nUn oiseau chante ici.\n");
}

TEST_F(TranslateInputTest, ShowsProgressOfLongFiles) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += SmallLanguage(true);
  Write("long.txt", text);
  const ProgramResult result = Translate({"--beam=1", "--files", Path("long.txt")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("320/320 lines"));
}

TEST_F(TranslateInputTest, RefusesFilesThatItCannotReadOrWrite) {
  Write("a.txt", "A dog runs here.\n");
  struct Case {
    std::vector<std::string> arguments;
    std::string error;
  };
  for (const Case& c : std::vector<Case>{
           {{"--files", Path("none.txt")}, Path("none.txt")},
           {{"--files", directory_}, directory_},
           {{"--files", Path("a.txt"), "--output=" + Path("a.txt")}, "would overwrite it"},
           {{"--files", Path("a.txt"), "--output=" + directory_}, "would overwrite it"},
           {{"--files", Path("a.txt"), Path("a.txt"), "--output=" + Path("out/")}, "two files"},
           {{"--files", Path("a.txt"), "--output=/dev/full"}, "'/dev/full': No space left"},
           {{"--files", Path("a.txt"), "--output=/nowhere/x"}, "'/nowhere/x': No such file"},
           {{"A dog.", "--output=" + directory_}, "is a folder"}}) {
    const ProgramResult result = Translate(c.arguments);
    EXPECT_EQ(result.exit_code, 1) << c.error;
    EXPECT_THAT(result.err, HasSubstr("error: "));
    EXPECT_THAT(result.err, HasSubstr(c.error));
  }
  EXPECT_EQ(Read("a.txt"), "A dog runs here.\n");
  EXPECT_EQ(Translate({"--files"}).exit_code, 2);
}

TEST_F(TranslateInputTest, SaysWhenTheOutputIsClosed) {
  const std::string program = absl::StrCat(ProgramPath("translate"), " --model=", Path("bundle"),
                                           " 'A dog runs here.' 2>", Path("err"));
  EXPECT_EQ(WEXITSTATUS(std::system((program + " >&-").c_str())), 1);
  EXPECT_THAT(Read("err"), HasSubstr("cannot write to the standard output"));
  EXPECT_EQ(WEXITSTATUS(std::system((program + " >/dev/full").c_str())), 1);
  EXPECT_THAT(Read("err"), HasSubstr("No space left"));
  // A reader that leaves ends the program without a word.
  EXPECT_EQ(std::system((program + " | true").c_str()), 0);
  EXPECT_EQ(Read("err"), "");
}

TEST_F(TranslateInputTest, TranslatesLinesOfManySentences) {
  EXPECT_EQ(Translate({"  A dog runs here.  A cat sleeps at home.\tThe man eats here. "}).out,
            "  Un chien court ici.  Un chat dort à la maison.\tL'homme mange ici. \n");
  std::string line;
  while (line.size() < 100'000) line += "A dog runs here. A cat sleeps at home. ";
  const ProgramResult result =
      Translate({"--beam=1", "--threads=1"}, line + "\nA bird sings here.\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n');
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], StartsWith("Un chien court ici. Un chat dort à la maison. Un chien "));
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), '.'),
            std::count(line.begin(), line.end(), '.'));
  EXPECT_EQ(lines[1], "Un oiseau chante ici.");
  const ProgramResult whole = Translate({"--split=false", "--beam=1"}, line);
  EXPECT_EQ(whole.exit_code, 1);
  EXPECT_THAT(whole.err, HasSubstr("split it into sentences"));
}

TEST_F(TranslateInputTest, WritesColumns) {
  const ProgramResult result = Translate(
      {"--nbest=2", "--confidence", "A dog runs here.", "A bird sings here. A cat eats here."});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n');
  ASSERT_EQ(lines.size(), 5u) << result.out;
  EXPECT_THAT(lines[0], MatchesRegex("0 \\|\\|\\| Un chien court ici\\. \\|\\|\\| "
                                     "-0\\.[0-9]+ \\|\\|\\| 0\\.[0-9]+"));
  EXPECT_THAT(lines[1], MatchesRegex("0 \\|\\|\\| .* \\|\\|\\| -[0-9.]+ \\|\\|\\| 0\\.[0-9]+"));
  EXPECT_THAT(lines[2], HasSubstr("1 ||| Un oiseau chante ici. Un chat mange ici. ||| "));
  const auto json =
      nlohmann::json::parse(Translate({"--json", "A bird sings here. A cat eats here."}).out);
  ASSERT_EQ(json["sentences"].size(), 2u);
  EXPECT_EQ(json["sentences"][1]["input"], "A cat eats here.");
  EXPECT_LE(json["confidence"], json["sentences"][1]["confidence"]);
}

TEST_F(TranslateInputTest, AlignsWords) {
  const ProgramResult text = Translate({"--align", "A dog runs here."});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, MatchesRegex("Un chien court ici\\. \\|\\|\\|( [0-3]-[0-3])+\n"));
  const auto json = nlohmann::json::parse(
      Translate({"--align", "--json", "A cat eats here.  A dog 4711 runs in the park."}).out);
  const auto &source = json["source_words"], &target = json["target_words"];
  EXPECT_EQ(source.size(), 11u);
  const std::vector<std::string> wanted =
      absl::StrSplit(json["translation"].get<std::string>(), ' ', absl::SkipEmpty());
  EXPECT_EQ(target.get<std::vector<std::string>>(), wanted);
  bool copy = false, second = false;
  for (const auto& pair : json["alignment"]) {
    const std::string from = source.at(pair[0].get<size_t>()),
                      to = target.at(pair[1].get<size_t>());
    copy = copy || (from == "4711" && to.find("4711") != to.npos);
    second = second || pair[0] > 6;
  }
  EXPECT_TRUE(copy) << json;
  EXPECT_TRUE(second) << json;
  EXPECT_FALSE(nlohmann::json::parse(Translate({"--json", "A dog."}).out).contains("alignment"));
}

TEST_F(TranslateInputTest, WithholdsWhatItIsNotSureOf) {
  // A third of the references is wrong, so nothing is sure.
  const ProgramResult text = Translate({"--min_confidence=0.999", "A dog runs here."});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_EQ(text.out, "\n");
  EXPECT_THAT(text.err, HasSubstr("withheld: text 1: the confidence is 0."));
  const auto json =
      nlohmann::json::parse(Translate({"--min_confidence=0.999", "--json", "A dog."}).out);
  EXPECT_EQ(json["abstained"], true);
  EXPECT_FALSE(json.contains("translation"));
  EXPECT_EQ(Translate({"--min_confidence=0.01", "A dog runs here."}).out, "Un chien court ici.\n");
}

// Whatever comes in, a line goes out, and what is no word comes out as it went in.
TEST_F(TranslateInputTest, SurvivesTextOfAnyKind) {
  const std::vector<std::string> lines = {"A dog läuft im Park, il court, 犬は走る.",
                                          "הכלב רץ בפארק. \u202Bشلام\u202C A dog runs.",
                                          "\u200F\u200E\uFEFF",
                                          "🐕🐕🐕 A dog runs here. 👩\u200D🚀",
                                          "a\u0301\u0301\u0301\u0301\u0301 zalgo",
                                          "...!!! ??? --- ,,,",
                                          "(((((((((([[[[[[[[{{{{{{{<<<<<<<",
                                          "\t \u00A0 \u3000",
                                          "A dog A dog A dog A dog A dog A dog A dog A dog",
                                          "\x01\x02\x7F A cat eats here."};
  std::string input;
  for (const std::string& line : lines) input += line + "\n";
  const ProgramResult result = Translate({"--beam=2"}, input);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> out = absl::StrSplit(result.out, '\n');
  ASSERT_EQ(out.size(), lines.size() + 1) << result.out;
  EXPECT_THAT(out[0], HasSubstr("犬は走る"));
  EXPECT_THAT(out[1], HasSubstr("הכלב"));
  EXPECT_THAT(out[1], HasSubstr("شلام"));
  EXPECT_EQ(out[2], "");
  EXPECT_THAT(out[3], HasSubstr("🐕🐕🐕"));
  EXPECT_EQ(out[9], " Un chat mange ici.") << "control characters are none";
  // A byte that is no UTF-8 fails its own line alone.
  const ProgramResult bad =
      Translate({}, "A dog runs here.\nA dog \xE2\x28 here.\nA cat eats here.");
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(bad.out, "Un chien court ici.\n\nUn chat mange ici.\n");
  EXPECT_THAT(bad.err, HasSubstr("error: line 2: the text is not valid UTF-8"));
  EXPECT_EQ(Translate({}, "").out, "");
}

}  // namespace
}  // namespace viv
