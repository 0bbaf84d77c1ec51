// What translate reads and writes beside plain sentences: files, long texts, columns, what is
// withheld; and text that a net has never seen.
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/bundle/bundle.h"
#include "gmock/gmock.h"
#include "models/language/consensus.h"
#include "nlohmann/json.hpp"
#include "tests/support/run_program.h"
#include "tests/support/small_language.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class TranslateInputTest : public TokenizerTest {
 protected:
  static void SetUpTestSuite() {
    if (!kTokenizersWork) return;
    directory_ = JoinPath(testing::TempDir(), "viv_translate_input_test");
    WriteSmallLanguage(directory_);
    std::vector<std::string> flags = SmallLanguageFlags(directory_);
    flags.insert(flags.end(),
                 {"--export_to=" + Path("bundle"), "--data_name=a test", "--licence=any"});
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
  for (int i = 0; i < 40; ++i) text += SmallLanguage(true);
  Write("long.txt", text);
  const ProgramResult result = Translate({"--beam=1", "--threads=1", "--files", Path("long.txt")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("3200/3200 lines"));
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
                                     "-?[0-9.]+ \\|\\|\\| 0\\.[0-9]+"));
  EXPECT_THAT(lines[1], MatchesRegex("0 \\|\\|\\| .* \\|\\|\\| -?[0-9.]+ \\|\\|\\| 0\\.[0-9]+"));
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

int CountOf(const std::string& text, const std::string& what) {
  int count = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

// Numbers, addresses, mark-up and names; each kind of sentence has one to four of them.
TEST_F(TranslateInputTest, CopiesWhatIsNotToBeTranslated) {
  constexpr int kSentences = 500;
  const std::vector<std::string> names = {"Zbigniew", "Anna-Lena", "O'Brien", "Nguyễn",
                                          "Ольга",    "McGregor",  "李小龙",  "Siobhán"};
  std::vector<std::vector<std::string>> copied(kSentences);
  std::string input;
  for (int i = 0; i < kSentences; ++i) {
    const std::vector<std::string> things = {
        absl::StrCat(i * 37 % 1000, ",", 100 + i, ".5"),
        absl::StrCat("$", i),
        absl::StrCat(i, "%"),
        absl::StrCat("https://example.org/p", i, "?q=a+b&x=", i * 7 % 100),
        absl::StrCat("user.", i, "@mail.example.com"),
        absl::StrCat("MX-", i),
        absl::StrCat("<a href=\"page ", i, "\">"),
        "&amp;",
        absl::StrCat("{name_", i, "}"),
        absl::StrCat("report_", i, ".pdf"),
        absl::StrCat("2010-11-", 10 + i % 20),
        "12:30",
        names[i % names.size()]};
    const auto thing = [&](int k) {
      copied[i].push_back(things[(i * 5 + k * 3) % things.size()]);
      return copied[i].back();
    };
    const std::vector<std::string> sentences = {
        absl::StrCat("A dog runs ", thing(0), " here."),
        absl::StrCat("The man eats at ", thing(1), " and ", thing(2), "."),
        absl::StrCat(thing(3), " sings in the park with ", names[(i + 3) % names.size()], "."),
        absl::StrCat("A cat <b>sleeps</b> ", thing(4), " at home ", thing(5), ".")};
    const int kind = i % 4;
    // What the sentence that is taken has.
    const std::vector<std::vector<int>> parts = {{0}, {1, 2}, {3}, {4, 5}};
    std::vector<std::string> here;
    for (const int part : parts[kind]) here.push_back(copied[i][part]);
    if (kind == 2) here.push_back(names[(i + 3) % names.size()]);
    if (kind == 3) here.insert(here.end(), {"<b>", "</b>"});
    copied[i] = here;
    input += sentences[kind] + "\n";
  }
  const ProgramResult result = Translate({"--beam=2", "--threads=1"}, input);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> sources = absl::StrSplit(input, '\n');
  const std::vector<std::string> translations = absl::StrSplit(result.out, '\n');
  ASSERT_EQ(translations.size(), sources.size());
  for (int i = 0; i < kSentences; ++i) {
    for (const std::string& what : copied[i]) {
      EXPECT_EQ(CountOf(translations[i], what), CountOf(sources[i], what))
          << what << ": " << sources[i] << " = " << translations[i];
    }
  }
}

// A net of whole words, which has learnt from text with many rare ones.
TEST_F(TranslateInputTest, CopiesUnknownWords) {
  std::string english, french;
  for (int i = 0; i < 144; ++i) {
    const std::string rare =
        absl::StrCat("z", std::string(1, 'a' + i % 12), "ou", std::string(1, 'a' + i / 12), "x");
    absl::StrAppend(&english, "A dog ", i % 2 ? "runs" : "sleeps", " with a ", rare, ".\n");
    absl::StrAppend(&french, "Un chien ", i % 2 ? "court" : "dort", " avec un ", rare, ".\n");
  }
  Write("w.en", english);
  Write("w.fr", french);
  std::vector<std::string> flags = SmallLanguageFlags(directory_);
  flags.insert(flags.end(), {"--pieces=word", "--vocabulary=30", "--updates=150",
                             "--validation=", "--train=" + Path("w.en") + "," + Path("w.fr"),
                             "--run=" + Path("word_run"), "--export_to=" + Path("words"),
                             "--data_name=a test", "--licence=any"});
  const ProgramResult trained = RunProgram("translate_train", flags);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const auto translate = [](const std::string& unknown) {
    return RunProgram("translate", {"--model=" + Path("words"), "--threads=1",
                                    "--unknown=" + unknown, "A dog runs with a klmno."})
        .out;
  };
  const std::string kept = translate("keep"), copied = translate("copy");
  const size_t at = kept.find("<unk>");
  ASSERT_NE(at, std::string::npos) << kept;
  EXPECT_EQ(copied.substr(0, at), kept.substr(0, at));
  EXPECT_THAT(copied, Not(HasSubstr("<unk>")));
  // Which one is for the attention to tell, which is not sure of itself in so small a net.
  const std::string word = copied.substr(at, copied.find_first_of(" .\n", at + 1) - at);
  EXPECT_THAT((std::vector<std::string>{"A", "dog", "runs", "with", "a", "klmno", "."}),
              Contains(word));
  EXPECT_EQ(translate("what"), "");
}

// Lines "number ||| translation ||| score".
std::vector<std::pair<std::string, double>> ScoredTexts(const std::string& lines) {
  std::vector<std::pair<std::string, double>> scored;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, " ||| ");
    scored.emplace_back(fields[1], std::stod(fields[2]));
  }
  return scored;
}

TEST_F(TranslateInputTest, RanksByConsensus) {
  // With no penalty for length the scores are the logarithms of the weights.
  const std::string text = "A dog eats at home.";
  const auto probable = ScoredTexts(
      Translate({"--noconsensus", "--length_penalty=0", "--beam=4", "--nbest=4", text}).out);
  ASSERT_EQ(probable.size(), 4u);
  std::vector<std::string> texts;
  std::vector<double> log_weights;
  for (const auto& [translation, score] : probable) {
    texts.push_back(translation);
    log_weights.push_back(score);
  }
  const std::vector<double> expected = ExpectedChrf(texts, log_weights);
  std::vector<std::pair<std::string, double>> ranked;
  for (size_t i = 0; i < texts.size(); ++i) ranked.emplace_back(texts[i], expected[i]);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const auto agreed = ScoredTexts(Translate({"--consensus", "--beam=4", "--nbest=4", text}).out);
  ASSERT_EQ(agreed.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(agreed[i].first, ranked[i].first);
    EXPECT_NEAR(agreed[i].second, ranked[i].second, 0.05);
  }
  EXPECT_EQ(Translate({"--consensus", "--beam=4", text}).out, ranked[0].first + "\n");
  EXPECT_EQ(Translate({"--consensus", "--beam=1", "A dog runs here."}).out,
            "Un chien court ici.\n");
}

TEST_F(TranslateInputTest, TunesABundleToAText) {
  const std::string text = absl::StrCat("--tune=", Path("x.en"), ",", Path("x.fr"));
  const ProgramResult tuned = RunProgram(
      "translate_train", {text, "--model=" + Path("bundle"), "--export_to=" + Path("tuned")});
  ASSERT_EQ(tuned.exit_code, 0) << tuned.err;
  EXPECT_THAT(tuned.out, MatchesRegex("length reward 0[.0-9]*, ranks by [a-z]+\n"));
  EXPECT_EQ(Read("tuned/weights.safetensors"), Read("bundle/weights.safetensors"));
  EXPECT_THAT(Read("tuned/calibration.json"), HasSubstr("expected chrF"));
  EXPECT_EQ(RunProgram("translate", {"--model=" + Path("tuned"), "A dog runs here."}).out,
            "Un chien court ici.\n");
  EXPECT_EQ(RunProgram("translate_train", {text}).exit_code, 2);
  const ProgramResult missing = RunProgram(
      "translate_train", {"--tune=no,text", "--model=" + Path("bundle"), "--export_to=t"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("no"));
}

// Confidences are of the features that a bundle was calibrated for.
TEST_F(TranslateInputTest, TakesCalibrationsByTheNamesOfTheirFeatures) {
  const auto with_features = [](const std::vector<std::string>& names) {
    absl::StatusOr<Bundle> bundle = ReadBundle(Env::Default(), Path("bundle"), "translate");
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    nlohmann::json calibration = nlohmann::json::parse(bundle->files["calibration.json"]);
    const nlohmann::json one = calibration["features"][0];
    calibration["features"] = nlohmann::json::array();
    for (const std::string& name : names) {
      calibration["features"].push_back(one);
      calibration["features"].back()["name"] = name;
    }
    bundle->files["calibration.json"] = calibration.dump();
    ASSERT_TRUE(WriteBundle(Env::Default(), Path("other"), *bundle).ok());
  };
  const auto translate = [] {
    return RunProgram("translate",
                      {"--model=" + Path("other"), "--confidence", "A dog runs here."});
  };
  with_features({"mean log probability of a piece"});
  const ProgramResult result = translate();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, MatchesRegex("Un chien court ici. \\|\\|\\| [01].[0-9]+\n"));
  with_features({"pieces", "moonlight"});
  EXPECT_THAT(translate().err, HasSubstr("a feature that is unknown here, 'moonlight'"));
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
