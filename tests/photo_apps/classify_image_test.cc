// classify_image and classify_image_train as their users see them, on small photos made here.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "photo_folder.h"
#include "tests/support/run_program.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> SmallNet(const std::string& photos, const std::string& run) {
  return {"--data=" + photos, "--run=" + run,    "--net=small",      "--size=32",
          "--passes=12",      "--batch=16",      "--score_passes=4", "--learning_rate=0.05",
          "--min_area=0.7",   "--data_threads=1"};
}

std::vector<std::string> With(std::vector<std::string> flags,
                              const std::vector<std::string>& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// One net, trained once, for all tests.
class ClassifyImageTest : public FolderTest {
 protected:
  static void SetUpTestSuite() {
    root_ = JoinPath(::testing::TempDir(), "viv_classify_image");
    ASSERT_TRUE(Env::Default()->Remove(root_).ok());
    photos_ = JoinPath(root_, "photos");
    bundle_ = JoinPath(root_, "bundle");
    WritePhotos(photos_, 40);
    // Of those held out a quarter lies in a wrong folder: confidences need wrong answers.
    for (const char* kind : {"disc", "stripes", "checks"}) {
      const char* other = std::string(kind) == "disc" ? "checks" : "disc";
      ASSERT_TRUE(WriteFileAtomically(Env::Default(),
                                      JoinPath(photos_, absl::StrCat(kind, "/110.png")),
                                      MakePhoto(other, 77))
                      .ok());
    }
    trained_ =
        RunProgram("classify_image_train", With(SmallNet(photos_, JoinPath(root_, "run")),
                                                {"--export_to=" + bundle_, "--data_name=shapes"}));
    ASSERT_EQ(trained_.exit_code, 0) << trained_.err;
  }
  static void TearDownTestSuite() { ASSERT_TRUE(Env::Default()->Remove(root_).ok()); }

  static ProgramResult Classify(const std::vector<std::string>& arguments,
                                const std::string& input = "") {
    return RunProgram("classify_image", With({"--model=" + bundle_}, arguments), {.input = input});
  }
  // How much of new photos of all kinds gets its right label.
  static double Accuracy(const std::string& bundle) {
    int right = 0, all = 0;
    for (const char* kind : {"disc", "stripes", "checks"}) {
      for (uint32_t seed = 1000; seed < 1010; ++seed) {
        const ProgramResult result = RunProgram("classify_image", {"--model=" + bundle, "--json"},
                                                {.input = MakePhoto(kind, seed)});
        const json line = json::parse(result.out, nullptr, false);
        right += line.value("/labels/0/name"_json_pointer, "") == kind;
        ++all;
      }
    }
    return static_cast<double>(right) / all;
  }
  std::string Photo(const std::string& name, const std::string& kind, uint32_t seed = 500) {
    return Write(name, MakePhoto(kind, seed));
  }

  static std::string root_, photos_, bundle_;
  static ProgramResult trained_;
};
std::string ClassifyImageTest::root_, ClassifyImageTest::photos_, ClassifyImageTest::bundle_;
ProgramResult ClassifyImageTest::trained_;

TEST_F(ClassifyImageTest, LearnsShapes) {
  EXPECT_THAT(trained_.out, AllOf(HasSubstr("best accuracy"), HasSubstr("validation: 12 photos")));
  EXPECT_GE(Accuracy(bundle_), 0.8);
  for (const char* file : {"run/curves.png", "run/confusion.png", "run/confusion.tsv"}) {
    EXPECT_TRUE(env_->FileExists(JoinPath(root_, file))) << file;
  }
  const std::string card = env_->ReadFile(JoinPath(bundle_, "README.md")).value_or("");
  EXPECT_THAT(card, AllOf(HasSubstr("shapes"), HasSubstr("classify_image_train"),
                          HasSubstr("first label is right")));
}

TEST_F(ClassifyImageTest, AnswersInLines) {
  const std::string photo = Photo("a.png", "stripes");
  const ProgramResult result = Classify({"--top=2", photo});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n');
  ASSERT_EQ(lines.size(), 4) << result.out;
  EXPECT_EQ(lines[0], photo);
  EXPECT_THAT(lines[1], HasSubstr("  stripes"));
}

TEST_F(ClassifyImageTest, AnswersInJson) {
  const ProgramResult result = Classify({"--json", "--features", Photo("a.png", "disc")});
  const json line = json::parse(result.out);
  ASSERT_EQ(line["labels"].size(), 3);
  double sum = 0;
  for (const json& label : line["labels"]) sum += label["confidence"].get<double>();
  EXPECT_LE(sum, 1 + 1e-6);
  EXPECT_EQ(line["confidence"], line["labels"][0]["confidence"]);
  double square = 0;
  for (const double feature : line["features"]) square += feature * feature;
  EXPECT_NEAR(square, 1, 1e-4);
}

TEST_F(ClassifyImageTest, GoesThroughFoldersAndNames) {
  Photo("in/a.png", "disc");
  Photo("in/deep/b.png", "disc");
  Write("in/notes.txt", "no photo");
  const ProgramResult folder = Classify({"--json", JoinPath(directory_, "in")});
  EXPECT_EQ(folder.exit_code, 0) << folder.err;
  EXPECT_EQ(std::count(folder.out.begin(), folder.out.end(), '\n'), 2);
  const ProgramResult names = Classify({"--json"}, JoinPath(directory_, "in/a.png") + "\n" +
                                                       JoinPath(directory_, "in/deep/b.png\n"));
  EXPECT_EQ(names.out, folder.out);
}

TEST_F(ClassifyImageTest, GoesOnBehindPhotosThatCannotBeRead) {
  const std::string whole = MakePhoto("disc", 3);
  Write("in/0.png", "");
  Write("in/1.png", whole.substr(0, whole.size() / 2));
  Write("in/2.png", "this is a text");
  Write("in/3.jpg", whole);  // a PNG by another name
  const ProgramResult result = Classify({"--json", JoinPath(directory_, "in")});
  EXPECT_EQ(result.exit_code, 1);
  std::vector<json> lines;
  for (const auto line : absl::StrSplit(result.out, '\n', absl::SkipEmpty())) {
    lines.push_back(json::parse(line));
  }
  ASSERT_EQ(lines.size(), 4) << result.out << result.err;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(lines[i]["error"].get<std::string>(), HasSubstr(absl::StrCat("/", i, ".png")));
  }
  EXPECT_TRUE(lines[3].contains("labels"));
  EXPECT_TRUE(env_->Remove(JoinPath(directory_, "in/0.png")).ok());
  const std::string closed = MakeUnlistableFolder(JoinPath(directory_, "in"));
  const ProgramResult beside = Classify({JoinPath(directory_, "in")});
  EXPECT_EQ(beside.exit_code, 1);
  EXPECT_THAT(beside.err, HasSubstr("error: " + closed + ": the folder cannot be listed"));
  EXPECT_THAT(beside.out, HasSubstr("in/3.jpg"));
  const std::string path = JoinPath(directory_, "in/2.png");
  EXPECT_THAT(Classify({path}).err, ::testing::StartsWith("error: " + path));
}

TEST_F(ClassifyImageTest, SaysWhenTheOutputCannotBeWritten) {
  const ProgramResult result = RunProgram("classify_image", {"--model=" + bundle_},
                                          {.input = MakePhoto("disc", 3), .output = "/dev/full"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write to the standard output: No space left"));
}

TEST_F(ClassifyImageTest, SaysWhatIsWrong) {
  const auto error = [&](const std::vector<std::string>& arguments, const std::string& input = "") {
    const ProgramResult result = Classify(arguments, input);
    EXPECT_NE(result.exit_code, 0) << result.out;
    return result.err;
  };
  EXPECT_THAT(error({"/nowhere/photo.jpg"}), HasSubstr("/nowhere/photo.jpg"));
  EXPECT_THAT(error({directory_}), HasSubstr("no photos in"));
  EXPECT_THAT(error({}), HasSubstr("nothing on the standard input"));
  EXPECT_THAT(error({"--model=/nowhere", Photo("a.png", "disc")}), HasSubstr("/nowhere"));
  EXPECT_THAT(error({"--top=0", "a.png"}), HasSubstr("--top"));
  EXPECT_THAT(error({"--min_confidence=2", "a.png"}), HasSubstr("--min_confidence"));
  EXPECT_THAT(error({"--features", "a.png"}), HasSubstr("--json"));
  Photo("b.png", "disc");
  EXPECT_THAT(error({"--explain=why.png", Photo("a.png", "disc"), directory_}),
              HasSubstr("one file for"));
}

TEST_F(ClassifyImageTest, WithholdsWhatItIsNotSureOf) {
  const ProgramResult result = Classify({"--min_confidence=1", Photo("a.png", "disc"), "--json"});
  EXPECT_TRUE(json::parse(result.out)["abstained"]) << result.out << result.err;
}

TEST_F(ClassifyImageTest, ExplainsOverThePhotos) {
  const std::string a = Photo("a.png", "disc"), b = Photo("deep/a.png", "checks");
  const std::string one = JoinPath(directory_, "why.png"), all = JoinPath(directory_, "why/");
  EXPECT_EQ(Classify({"--explain=" + one, a}).exit_code, 0);
  EXPECT_EQ(Classify({"--explain=" + all, a, b}).exit_code, 0);
  for (const char* name : {"why.png", "why/a.png", "why/a-2.png"}) {
    const std::string png = env_->ReadFile(JoinPath(directory_, name)).value_or("");
    EXPECT_THAT(png.substr(0, 4), "\x89PNG") << name;
  }
}

TEST_F(ClassifyImageTest, LearnsOnFromABundleWithOtherClasses) {
  // Two of the kinds, under other names.
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    Write(absl::StrCat("own/round/", seed, ".png"), MakePhoto("disc", seed));
    Write(absl::StrCat("own/lined/", seed, ".png"), MakePhoto("stripes", seed));
  }
  for (const char* tune : {"head", "last", "all"}) {
    const std::string bundle = JoinPath(directory_, absl::StrCat("bundle_", tune));
    const ProgramResult result = RunProgram(
        "classify_image_train", {"--data=" + JoinPath(directory_, "own"), "--from=" + bundle_,
                                 "--passes=10", absl::StrCat("--run=", directory_, "/run_", tune),
                                 absl::StrCat("--tune=", tune), "--export_to=" + bundle});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const ProgramResult answer =
        RunProgram("classify_image", {"--model=" + bundle, "--json", Photo("a.png", "disc")});
    EXPECT_EQ(json::parse(answer.out)["labels"][0]["name"], "round") << tune << answer.out;
  }
}

TEST_F(ClassifyImageTest, SkipsAndCountsBadPhotosInTraining) {
  WritePhotos(JoinPath(directory_, "data"), 10);
  Write("data/disc/103-text.png", "no photo");
  Write("data/disc/105-empty.png", "");
  const ProgramResult result = RunProgram(
      "classify_image_train",
      With(SmallNet(JoinPath(directory_, "data"), JoinPath(directory_, "run")), {"--passes=2"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("103-text.png"), HasSubstr("105-empty.png")));
  EXPECT_THAT(result.out, HasSubstr("2 photos could not be read and were skipped"));
}

TEST_F(ClassifyImageTest, RefusesDataThatTeachNothing) {
  const auto error = [&](const std::string& data) {
    const ProgramResult result =
        RunProgram("classify_image_train", SmallNet(data, JoinPath(directory_, "run")));
    EXPECT_EQ(result.exit_code, 1) << result.out;
    return result.err;
  };
  EXPECT_THAT(error("/nowhere"), HasSubstr("/nowhere"));
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    Write(absl::StrCat("one/disc/", seed, ".png"), MakePhoto("disc", seed));
  }
  EXPECT_THAT(error(JoinPath(directory_, "one")), HasSubstr("class"));
}

TEST_F(ClassifyImageTest, EndsWithTheSameBitsAfterAStop) {
  WritePhotos(JoinPath(directory_, "data"), 10);
  const auto train = [&](const std::string& run, const std::vector<std::string>& more) {
    return RunProgram(
        "classify_image_train",
        With(SmallNet(JoinPath(directory_, "data"), JoinPath(directory_, run)),
             With({"--checkpoint_every=1", "--mixup=0.2", "--precision=bf16",
                   absl::StrCat("--export_to=", directory_, "/bundle_", run), "--data_name=x"},
                  more)));
  };
  ASSERT_EQ(train("whole", {}).exit_code, 0);
  for (const double seconds : {0.6, 0.9}) {
    RunAndKill("classify_image_train",
               With(SmallNet(JoinPath(directory_, "data"), JoinPath(directory_, "killed")),
                    {"--checkpoint_every=1", "--mixup=0.2", "--precision=bf16"}),
               seconds);
  }
  ASSERT_EQ(train("killed", {"--data_threads=2", "--recompute"}).exit_code, 0);
  const auto weights = [&](const std::string& run) {
    return env_
        ->ReadFile(JoinPath(directory_, absl::StrCat("bundle_", run, "/weights.safetensors")))
        .value_or("");
  };
  EXPECT_FALSE(weights("whole").empty());
  EXPECT_TRUE(weights("whole") == weights("killed"));
}

TEST_F(ClassifyImageTest, AnswersInEightBitsNearlyAlike) {
  const auto confidences = [](const std::string& precision) {
    std::vector<double> all;
    const ProgramResult result = Classify({"--json", "--precision=" + precision, photos_});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    for (const absl::string_view line : absl::StrSplit(result.out, '\n', absl::SkipEmpty())) {
      all.push_back(json::parse(line)["confidence"]);
    }
    return all;
  };
  const std::vector<double> exact = confidences("f32"), near = confidences("int8");
  ASSERT_EQ(near.size(), exact.size());
  double distance = 0;
  for (size_t i = 0; i < exact.size(); ++i) distance += std::abs(near[i] - exact[i]);
  EXPECT_LT(distance / static_cast<double>(exact.size()), 0.05);
  EXPECT_GT(distance, 0) << "the bundle has no ranges";
}

TEST_F(ClassifyImageTest, EvaluatesABundle) {
  const std::string table = JoinPath(directory_, "confusion.tsv");
  const ProgramResult result =
      RunProgram("classify_image_train",
                 {"--evaluate=" + photos_, "--model=" + bundle_, "--confusion=" + table});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("12 photos"), HasSubstr("calibration error")));
  EXPECT_THAT(env_->ReadFile(table).value_or(""), HasSubstr("\tchecks\tdisc\tstripes\n"));
  Write("other/a/1.png", MakePhoto("disc", 1));
  Write("other/b/1.png", MakePhoto("disc", 2));
  EXPECT_THAT(RunProgram("classify_image_train",
                         {"--evaluate=" + JoinPath(directory_, "other"), "--model=" + bundle_})
                  .err,
              HasSubstr("no label 'a'"));
}

}  // namespace
}  // namespace viv
