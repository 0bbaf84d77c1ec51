// The translation programs from end to end, as a user runs them: learn a small language, export a
// bundle, translate with it; and what they say to bad input.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/graph/graph_def.h"
#include "core/tensor/safetensors.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/support/run_program.h"
#include "tests/support/small_language.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// One net for all tests.
class TranslateTest : public TokenizerTest {
 protected:
  static void SetUpTestSuite() {
    if (!kTokenizersWork) return;
    PrepareRuns();
    std::vector<std::string> flags = flags_;
    flags.insert(flags.end(), {"--export_to=" + bundle_, "--data_name=sentences of a test",
                               "--licence=Do as you like.", "--non_commercial"});
    trained_ = RunProgram("translate_train", flags);
  }
  // Texts, and the flags of a run that learns them.
  static void PrepareRuns() {
    directory_ = JoinPath(testing::TempDir(), "viv_translate_test");
    bundle_ = JoinPath(directory_, "translate_en_fr");
    WriteSmallLanguage(directory_);
    flags_ = SmallLanguageFlags(directory_);
  }
  static void TearDownTestSuite() { Env::Default()->Remove(directory_).IgnoreError(); }

  static ProgramResult Translate(std::vector<std::string> arguments,
                                 const std::string& input = "") {
    arguments.insert(arguments.begin(), "--model=" + bundle_);
    return RunProgram("translate", arguments, {.input = input});
  }

  static std::string directory_, bundle_;
  static std::vector<std::string> flags_;
  static ProgramResult trained_;
};
std::string TranslateTest::directory_, TranslateTest::bundle_;
std::vector<std::string> TranslateTest::flags_;
ProgramResult TranslateTest::trained_;

// Of translations of the small language, one a line.
int RightSentences(const std::string& translations) {
  const std::vector<std::string> wanted = absl::StrSplit(SmallLanguage(false), '\n');
  const std::vector<std::string> got = absl::StrSplit(translations, '\n');
  EXPECT_EQ(got.size(), wanted.size());
  int right = 0;
  for (size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) right += got[i] == wanted[i];
  return right;
}

TEST_F(TranslateTest, LearnsASmallLanguage) {
  ASSERT_EQ(trained_.exit_code, 0) << trained_.err;
  EXPECT_THAT(trained_.out, HasSubstr("250 updates"));
  const ProgramResult result = Translate({}, SmallLanguage(true));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_GE(RightSentences(result.out), 77) << result.out;
}

TEST_F(TranslateTest, BatchAndBeamDoNotChangeAGoodAnswer) {
  EXPECT_EQ(Translate({"A dog runs here."}).out, "Un chien court ici.\n");
  EXPECT_EQ(Translate({"--beam=1", "A dog runs here.", "A cat sleeps at home."}).out,
            "Un chien court ici.\nUn chat dort à la maison.\n");
}

TEST_F(TranslateTest, EvaluatesABundle) {
  const auto text = [](const char* target) {
    return absl::StrCat("--evaluate=", JoinPath(directory_, "x.en"), ",",
                        JoinPath(directory_, target));
  };
  const ProgramResult result =
      RunProgram("translate_train", {text("x.fr"), "--model=" + bundle_, "--beam=2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("80 sentences, 0 failed\nBLEU  "));
  EXPECT_THAT(result.out, HasSubstr("  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp\n"));
  EXPECT_THAT(result.out, HasSubstr("AUROC"));
  EXPECT_GE(std::atof(result.out.c_str() + result.out.find("BLEU") + 4), 90);
  const ProgramResult missing =
      RunProgram("translate_train", {text("nothing.fr"), "--model=" + bundle_});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("nothing.fr"));
  EXPECT_EQ(RunProgram("translate_train", {text("x.fr"), "--train=a,b", "--run=r"}).exit_code, 2);
}
TEST_F(TranslateTest, WritesJson) {
  const ProgramResult result =
      Translate({"--json", "--nbest=2", "A bird sings in the park.", "\xFF"});
  EXPECT_EQ(result.exit_code, 1);
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n');
  ASSERT_EQ(lines.size(), 3u) << result.out;
  const auto good = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(good["input"], "A bird sings in the park.");
  EXPECT_EQ(good["translation"], "Un oiseau chante dans le parc.");
  EXPECT_EQ(good["alternatives"].size(), 1u);
  // Every third reference of the validation text is wrong, and nothing tells which.
  EXPECT_NEAR(good["confidence"].get<double>(), 0.67, 0.2);
  const auto bad = nlohmann::json::parse(lines[1]);
  EXPECT_THAT(bad["error"].get<std::string>(), HasSubstr("not valid UTF-8"));
  EXPECT_FALSE(bad.contains("translation"));
}

TEST_F(TranslateTest, KeepsLinesThatCannotBeTranslated) {
  std::string endless;
  while (endless.size() < 100'000) endless += "dog";
  const ProgramResult result =
      Translate({}, "\nA cat eats here.\n" + endless + "\n\xC3\x28\r\nA cat eats here.");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "\nUn chat mange ici.\n\n\nUn chat mange ici.\n");
  EXPECT_THAT(result.err, HasSubstr("error: line 3: "));
  EXPECT_THAT(result.err, HasSubstr("split it into sentences"));
  EXPECT_THAT(result.err, HasSubstr("not valid UTF-8"));
}

TEST_F(TranslateTest, KeepsToAGlossary) {
  const auto translate = [](const std::string& terms, const std::string& sentence) {
    const std::string path = JoinPath(directory_, "terms.tsv");
    EXPECT_TRUE(WriteFileAtomically(Env::Default(), path, terms).ok());
    return Translate({"--glossary=" + path, sentence});
  };
  const ProgramResult whole = translate("a dog runs here\tTout autre chose\n", "A dog runs here.");
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_THAT(whole.out, HasSubstr("Tout autre chose"));
  // A term is no pattern.
  EXPECT_THAT(translate("d.*g\tjamais\n(dog|cat)\tjamais\n", "A dog runs here.").out,
              Not(HasSubstr("jamais")));
  EXPECT_THAT(translate("(dog|cat)+\tpremier\n", "A (dog|cat)+ runs here.").out,
              HasSubstr("premier"));
  std::string many;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&many, "term ", i, "\tterme-", i, "\n");
  EXPECT_THAT(translate(many, "A dog eats term 4711 here.").out, HasSubstr("terme-4711"));

  const ProgramResult wrong = translate("dog\tchien\ndog\tchat\n", "A dog runs here.");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("terms.tsv': line 2: 'dog' has another translation in line 1"));
}

TEST_F(TranslateTest, SaysWhatIsWrongWithTheModel) {
  const ProgramResult other = Translate({"--src=fr", "--tgt=en", "Un chien court."});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("translates from 'en' to 'fr', not from 'fr' to 'en'"));

  const ProgramResult pair = RunProgram("translate", {"--src=en", "--tgt=tlh", "A dog."},
                                        {.environment = {"VIVARIUM_PRETRAINED=" + directory_}});
  EXPECT_EQ(pair.exit_code, 1);
  EXPECT_THAT(pair.err, HasSubstr("no model from 'en' to 'tlh'"));
  EXPECT_THAT(pair.err, HasSubstr("there is: en to fr"));

  EXPECT_THAT(Translate({"--verbose", "A dog runs here."}).err, HasSubstr("non-commercial"));
}

// Each file of a bundle, cut short or with a bit flipped.
TEST_F(TranslateTest, RefusesDamagedBundles) {
  Env* env = Env::Default();
  const std::string broken = JoinPath(directory_, "broken");
  const auto names = env->ListDir(bundle_);
  ASSERT_TRUE(names.ok());
  ASSERT_GE(names->size(), 5u);
  for (const std::string& damaged : *names) {
    for (const bool cut : {true, false}) {
      ASSERT_TRUE(env->Remove(broken).ok());
      ASSERT_TRUE(env->CreateDirs(broken).ok());
      for (const std::string& name : *names) {
        std::string contents = *env->ReadFile(JoinPath(bundle_, name));
        if (name == damaged && cut) contents.resize(contents.size() / 2);
        if (name == damaged && !cut) contents[contents.size() / 2] ^= 0x10;
        ASSERT_TRUE(WriteFileAtomically(env, JoinPath(broken, name), contents).ok());
      }
      const ProgramResult result = RunProgram("translate", {"--model=" + broken, "A dog."});
      EXPECT_EQ(result.exit_code, 1) << damaged;
      EXPECT_THAT(result.err, StartsWith("error: ")) << damaged;
      EXPECT_THAT(result.err, HasSubstr(broken)) << damaged;
    }
  }
  const ProgramResult none = RunProgram("translate", {"--model=/nowhere", "A dog."});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("/nowhere is no model bundle"));
}

// The bundle with another graph, or none for an empty text, and checksums that fit.
void ReplaceGraph(const std::string& from, const std::string& to, const std::string& graph) {
  Env* env = Env::Default();
  ASSERT_TRUE(env->Remove(to).ok());
  std::filesystem::copy(from, to);
  const std::string path = JoinPath(to, "bundle.json");
  auto index = nlohmann::json::parse(*env->ReadFile(path));
  ASSERT_TRUE(index["files"].contains("graph.pb"));
  ASSERT_TRUE(env->Remove(JoinPath(to, "graph.pb")).ok());
  index["files"].erase("graph.pb");
  if (!graph.empty()) {
    ASSERT_TRUE(WriteFileAtomically(env, JoinPath(to, "graph.pb"), graph).ok());
    index["files"]["graph.pb"] = {{"bytes", graph.size()},
                                  {"crc32", Crc32(graph.data(), graph.size())}};
  }
  ASSERT_TRUE(WriteFileAtomically(env, path, index.dump()).ok());
}

TEST_F(TranslateTest, RunsTheGraphOfTheBundle) {
  const std::string other = JoinPath(directory_, "other");
  const std::vector<std::string> arguments = {"--model=" + other, "A dog runs here."};
  // Bundles of the time before they held graphs.
  ReplaceGraph(bundle_, other, "");
  EXPECT_EQ(RunProgram("translate", arguments).out, "Un chien court ici.\n");

  // And of the time before those had attention as an end.
  auto loaded = DecodeGraph(*Env::Default()->ReadFile(JoinPath(bundle_, "graph.pb")));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->signatures["step"].fetches.erase("attention"), 1u);
  ReplaceGraph(bundle_, other, *EncodeGraph(*loaded->graph, loaded->signatures));
  EXPECT_EQ(RunProgram("translate", arguments).out, "Un chien court ici.\n");
  EXPECT_THAT(RunProgram("translate", {"--align", arguments[0], arguments[1]}).out,
              StartsWith("Un chien court ici. ||| "));

  const auto error = [&](const std::string& graph) {
    ReplaceGraph(bundle_, other, graph);
    const ProgramResult result = RunProgram("translate", arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(other));
    return result.err;
  };
  EXPECT_THAT(error("no graph"), HasSubstr("graph.pb: the bytes are no graph"));
  EXPECT_THAT(error(*EncodeGraph(Graph())), HasSubstr("no feed 'source' of signature 'encode'"));
  const std::string whole = *Env::Default()->ReadFile(JoinPath(bundle_, "graph.pb"));
  EXPECT_THAT(error(absl::StrReplaceAll(whole, {{"MatMul", "MatMux"}})),
              HasSubstr("no op of this name"));
}

// A run with a few checkpoints, to be damaged.
class TranslateRunTest : public TranslateTest {
 protected:
  static void SetUpTestSuite() { PrepareRuns(); }

  ProgramResult Train(int updates, const ProgramOptions& options = {}) {
    std::vector<std::string> flags = flags_;
    flags.insert(flags.end(), {"--run=" + run_, "--score_every=0", "--checkpoint_every=5",
                               absl::StrCat("--updates=", updates)});
    return RunProgram("translate_train", flags, options);
  }
  // The files of the checkpoints of a run of 20 updates: after 15 and after 20.
  std::vector<std::string> TrainAndList() {
    EXPECT_TRUE(Env::Default()->Remove(run_).ok());
    const ProgramResult result = Train(20);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::vector<std::string> files;
    const std::string folder = JoinPath(run_, "checkpoints");
    const auto steps = Env::Default()->ListDir(folder);
    EXPECT_TRUE(steps.ok()) << steps.status();
    for (const std::string& step : steps.value_or(std::vector<std::string>())) {
      files.push_back(JoinPath(JoinPath(folder, step), "tensors.safetensors"));
    }
    EXPECT_EQ(files.size(), 2u);
    return files;
  }

  const std::string run_ = JoinPath(directory_, "damaged_run");
};

TEST_F(TranslateRunTest, GoesOnFromTheLastCheckpointThatIsWhole) {
  const std::vector<std::string> files = TrainAndList();
  std::string damaged = *Env::Default()->ReadFile(files[1]);
  damaged[damaged.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(Env::Default(), files[1], damaged).ok());
  const ProgramResult result = Train(21);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("trying the one before"));
  EXPECT_THAT(result.out, HasSubstr("21 updates"));
}

TEST_F(TranslateRunTest, SaysWhenNoCheckpointIsWhole) {
  for (const std::string& file : TrainAndList()) {
    const std::string whole = *Env::Default()->ReadFile(file);
    ASSERT_TRUE(WriteFileAtomically(Env::Default(), file, whole.substr(0, whole.size() / 3)).ok());
  }
  const ProgramResult result = Train(21);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(run_));
  EXPECT_THAT(result.err, HasSubstr("truncated"));
}

TEST_F(TranslateRunTest, AFullDiskLosesNothing) {
  TrainAndList();
  const ProgramResult full = Train(25, {.max_file_bytes = 20480});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("was not saved"));
  const ProgramResult result = Train(25);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("25 updates"));
}

// A dog is "un toutou" in the text that the bundle is trained further on.
TEST_F(TranslateTest, LearnsOnFromABundle) {
  Env* env = Env::Default();
  const auto own = [](bool english) {
    return absl::StrReplaceAll(SmallLanguage(english), {{"chien", "toutou"}});
  };
  for (const bool english : {true, false}) {
    const std::string path = JoinPath(directory_, english ? "own.en" : "own.fr");
    ASSERT_TRUE(WriteFileAtomically(env, path, own(english)).ok());
  }
  const std::string pairs =
      absl::StrCat(JoinPath(directory_, "own.en"), ",", JoinPath(directory_, "own.fr"));
  const std::string learnt = JoinPath(directory_, "learnt");
  std::vector<std::string> flags = {
      "--from=" + bundle_,     "--train=" + pairs,
      "--validation=" + pairs, "--run=" + JoinPath(directory_, "own_run"),
      "--updates=20",          "--score_every=20",
      "--warm_up=5",           "--batch=16",
      "--learning_rate=0.005", "--dropout=0",
      "--average=0.9"};
  const ProgramResult begun = RunProgram("translate_train", flags);
  ASSERT_EQ(begun.exit_code, 0) << begun.err;
  // The bundle knows all but the one word, which a fifth of the sentences has.
  const size_t first = begun.err.find("update 0: BLEU ");
  ASSERT_NE(first, std::string::npos) << begun.err;
  const double before = std::atof(begun.err.c_str() + first + 15);
  EXPECT_GT(before, 75) << begun.err;
  EXPECT_LT(before, 97) << begun.err;

  flags.insert(flags.end(), {"--updates=100", "--export_to=" + learnt, "--data_name=own",
                             "--licence=ours", "--evaluate=" + pairs, pairs});
  const ProgramResult resumed = RunProgram("translate_train", flags);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, StartsWith("100 updates"));
  EXPECT_THAT(resumed.err, Not(HasSubstr("update 0:")));
  EXPECT_EQ(RunProgram("translate", {"--model=" + learnt, "A dog runs here."}).out,
            "Un toutou court ici.\n");
  // Each of two texts is evaluated.
  EXPECT_THAT(resumed.out, HasSubstr("\n" + pairs + ": 80 sentences, 0 failed\nBLEU  "));
  EXPECT_NE(resumed.out.find(pairs), resumed.out.rfind(pairs));
  // What was non-commercial stays so, and the first licence is kept.
  const std::string licence = *env->ReadFile(JoinPath(learnt, "LICENSE"));
  EXPECT_THAT(licence, StartsWith("Non-commercial"));
  EXPECT_THAT(licence, HasSubstr("ours"));
  EXPECT_THAT(licence, HasSubstr("Do as you like."));

  flags[0] = "--from=/nowhere";
  EXPECT_THAT(RunProgram("translate_train", flags).err, HasSubstr("/nowhere is no model bundle"));
  flags[0] = "--from=" + learnt;
  EXPECT_THAT(RunProgram("translate_train", flags).err, HasSubstr("a run with another start"));
  flags.push_back("--hidden=128");
  const ProgramResult against = RunProgram("translate_train", flags);
  EXPECT_EQ(against.exit_code, 2);
  EXPECT_THAT(against.err, HasSubstr("--hidden is what the bundle of --from says"));
}

// The encoder-decoder of 2014.
TEST_F(TranslateTest, TrainsWithoutAttention) {
  const std::string plain = JoinPath(directory_, "plain");
  std::vector<std::string> flags = flags_;
  flags.insert(flags.end(), {"--attention=false", "--reverse_source", "--updates=20",
                             "--run=" + JoinPath(directory_, "plain_run"), "--score_every=0",
                             "--export_to=" + plain, "--data_name=x", "--licence=y"});
  const ProgramResult trained = RunProgram("translate_train", flags);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const auto index = nlohmann::json::parse(*Env::Default()->ReadFile(plain + "/bundle.json"));
  const auto net = nlohmann::json::parse(index["settings"]["net"].get<std::string>());
  EXPECT_EQ(net["attention"], false);
  EXPECT_EQ(net["reverse_source"], true);
  EXPECT_EQ(RunProgram("translate", {"--model=" + plain, "A dog runs."}).exit_code, 0);
  EXPECT_THAT(RunProgram("translate", {"--model=" + plain, "--align", "A dog."}).err,
              HasSubstr("a net without attention aligns no words"));
}

TEST_F(TranslateTest, LearnsWithATransformer) {
  const std::string bundle = JoinPath(directory_, "transformer");
  std::vector<std::string> flags = flags_;
  flags.insert(flags.end(),
               {"--net=transformer", "--embed=64", "--heads=2", "--feed_forward=64",
                "--encoder_layers=1", "--decoder_layers=2", "--batch=64", "--batch_tokens=200",
                "--decay=inverse_sqrt", "--warm_up=50", "--learning_rate=0.005",
                "--score_every=250", "--run=" + JoinPath(directory_, "t_run"),
                "--export_to=" + bundle, "--data_name=x", "--licence=y"});
  const ProgramResult trained = RunProgram("translate_train", flags);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(*Env::Default()->ReadFile(bundle + "/README.md"), HasSubstr("A Transformer: 1 enc"));
  const ProgramResult all =
      RunProgram("translate", {"--model=" + bundle}, {.input = SmallLanguage(true)});
  EXPECT_GE(RightSentences(all.out), 77) << all.out << all.err;
  const ProgramResult one = RunProgram("translate", {"--model=" + bundle, "A dog runs here."});
  EXPECT_EQ(one.out, "Un chien court ici.\n") << one.err;
  for (const auto& [flag, message] :
       std::vector<std::pair<std::string, std::string>>{{"--heads=5", "of the 5 heads"},
                                                        {"--net=gru", "--net is lstm or"},
                                                        {"--decay=never", "--decay is halve or"}}) {
    flags.push_back(flag);
    const ProgramResult wrong = RunProgram("translate_train", flags);
    EXPECT_NE(wrong.exit_code, 0);
    EXPECT_THAT(wrong.err, HasSubstr(message));
    flags.pop_back();
  }
}

TEST_F(TranslateTest, InspectTellsWhatIsInABundle) {
  const ProgramResult result = RunProgram("inspect", {bundle_});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("bundle: translate, non-commercial\n"));
  EXPECT_THAT(result.out, HasSubstr("signature step\n  feed c0: float[?, 64]"));
  EXPECT_THAT(result.out, HasSubstr("op MatMul: "));
  EXPECT_THAT(RunProgram("inspect", {bundle_ + "/graph.pb", "--dot"}).out, StartsWith("digraph"));
  EXPECT_THAT(RunProgram("inspect", {directory_ + "/run/checkpoints"}).out,
              HasSubstr("checkpoint of step 250: whole"));
  EXPECT_EQ(RunProgram("inspect", {}).exit_code, 2);
  EXPECT_EQ(RunProgram("inspect", {"--what"}).exit_code, 2);
  for (const std::string& wrong : {directory_, bundle_ + "/README.md", std::string("/nowhere")}) {
    const ProgramResult none = RunProgram("inspect", {wrong});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_THAT(none.err, StartsWith("error: "));
    EXPECT_THAT(none.err, HasSubstr(wrong));
  }
}

TEST_F(TranslateTest, AnswersWrongUse) {
  EXPECT_EQ(Translate({"--beam=0", "A dog."}).exit_code, 2);
  EXPECT_EQ(Translate({"--no_such_flag", "A dog."}).exit_code, 2);
  EXPECT_EQ(Translate({"--min_confidence=2", "A dog."}).exit_code, 2);
  EXPECT_EQ(Translate({"--unknown=what", "A dog."}).exit_code, 2);
  EXPECT_EQ(RunProgram("translate_train", {}).exit_code, 2);
  const ProgramResult help = RunProgram("translate", {"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("translate --src en --tgt fr"));
  EXPECT_THAT(help.out, HasSubstr("  --beam (5)\n      "));
  EXPECT_THAT(help.out, HasSubstr("  --threads (0)\n      ")) << "all programs have it";
  EXPECT_THAT(help.out, Not(HasSubstr("tab_completion"))) << "a flag of a library";
  EXPECT_THAT(RunProgram("translate_train", {"--train=/no/a,/no/b", "--run=/tmp/never"}).err,
              HasSubstr("/no/a"));

  std::vector<std::string> flags = flags_;
  flags.push_back("--embed=48");
  EXPECT_THAT(RunProgram("translate_train", flags).err, HasSubstr("a run with another net"));
}

}  // namespace
}  // namespace viv
