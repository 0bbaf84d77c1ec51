// caption_image, its training and its server as their users see them, on small photos made here.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "photo_folder.h"
#include "tests/support/run_program.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CaptionImageTest : public FolderTest {
 protected:
  static void SetUpTestSuite() {
    root_ = JoinPath(::testing::TempDir(), "viv_caption_image");
    ASSERT_TRUE(Env::Default()->Remove(root_).ok());
    const std::string photos = JoinPath(root_, "photos");
    WritePhotos(photos, 40);
    data_ = WriteCaptions(photos, JoinPath(root_, "captions.json"), 40);
    const std::string classifier = JoinPath(root_, "classifier");
    const ProgramResult seeing =
        RunProgram("classify_image_train",
                   {"--data=" + photos, "--run=" + JoinPath(root_, "run"), "--net=small",
                    "--size=32", "--passes=12", "--batch=16", "--learning_rate=0.05",
                    "--min_area=0.7", "--export_to=" + classifier});
    ASSERT_EQ(seeing.exit_code, 0) << seeing.err;
    bundle_ = JoinPath(root_, "bundle");
    trained_ = RunProgram(
        "caption_image_train",
        {"--data=" + data_, "--classifier=" + classifier, "--run=" + JoinPath(root_, "words"),
         "--vocabulary=50", "--embed=32", "--hidden=48", "--features=32", "--passes=15",
         "--score_passes=5", "--batch=16", "--dropout=0.1", "--learning_rate=0.01",
         "--export_to=" + bundle_, "--data_name=shapes"});
    ASSERT_EQ(trained_.exit_code, 0) << trained_.err;
  }
  static void TearDownTestSuite() { ASSERT_TRUE(Env::Default()->Remove(root_).ok()); }
  static ProgramResult Caption(const std::vector<std::string>& arguments,
                               const std::string& input = "") {
    std::vector<std::string> all = {"--model=" + bundle_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunProgram("caption_image", all, {.input = input});
  }
  static std::string TextOf(const std::string& photo) {
    const json line = json::parse(Caption({"--json"}, photo).out, nullptr, false);
    return line.value("/captions/0/text"_json_pointer, "");
  }

  static std::string root_, data_, bundle_;
  static ProgramResult trained_;
};
std::string CaptionImageTest::root_, CaptionImageTest::data_, CaptionImageTest::bundle_;
ProgramResult CaptionImageTest::trained_;

TEST_F(CaptionImageTest, SaysWhatIsThere) {
  EXPECT_THAT(trained_.out, AllOf(HasSubstr("best validation loss"), HasSubstr("CIDEr")));
  int right = 0;
  for (uint32_t seed = 1000; seed < 1006; ++seed) {
    for (const char* kind : {"disc", "stripes", "checks"}) {
      right += absl::StrContains(TextOf(MakePhoto(kind, seed)), kind);
    }
  }
  EXPECT_GE(right, 14) << "of 18";
}

TEST_F(CaptionImageTest, AnswersInLinesAndJson) {
  const std::string photo = Write("a.png", MakePhoto("disc", 500));
  const ProgramResult lines = Caption({"--nbest=2", "--words", photo});
  EXPECT_EQ(lines.exit_code, 0) << lines.err;
  const std::vector<std::string> parts = absl::StrSplit(lines.out, '\n');
  ASSERT_EQ(parts.size(), 4) << lines.out;
  EXPECT_EQ(parts[0], photo);
  EXPECT_THAT(parts[1], HasSubstr("disc 0."));
  const json line = json::parse(Caption({"--nbest=2", "--json", photo}).out);
  ASSERT_EQ(line["captions"].size(), 2);
  std::string words;
  for (const json& word : line["captions"][0]["words"]) {
    absl::StrAppend(&words, words.empty() ? "" : " ", word[0].get<std::string>());
    EXPECT_GT(word[1].get<double>(), 0);
    EXPECT_LE(word[1].get<double>(), 1.0001);
  }
  EXPECT_EQ(line["captions"][0]["text"], words);
  EXPECT_LT(line["captions"][0]["log_prob"].get<double>(), 0);
}

TEST_F(CaptionImageTest, DrawsSentences) {
  const std::string photo = MakePhoto("disc", 500);
  const std::string once = Caption({"--json", "--sample=4", "--seed=3"}, photo).out;
  EXPECT_EQ(json::parse(once)["captions"].size(), 4);
  EXPECT_EQ(once, Caption({"--json", "--sample=4", "--seed=3"}, photo).out);
}

TEST_F(CaptionImageTest, GoesOnBehindPhotosThatCannotBeRead) {
  Write("in/0.png", "");
  Write("in/1.png", "this is a text");
  Write("in/2.png", MakePhoto("disc", 3));
  const ProgramResult result = Caption({JoinPath(directory_, "in")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("/0.png"), HasSubstr("/1.png")));
  EXPECT_THAT(result.out, HasSubstr("/2.png\n  "));
}

TEST_F(CaptionImageTest, SaysWhenTheOutputCannotBeWritten) {
  const ProgramResult result = RunProgram("caption_image", {"--model=" + bundle_},
                                          {.input = MakePhoto("disc", 500), .output = "/dev/full"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write to the standard output: No space left"));
}

TEST_F(CaptionImageTest, SaysWhatIsWrong) {
  const auto error = [&](const std::string& program, const std::vector<std::string>& arguments) {
    const ProgramResult result = RunProgram(program, arguments);
    EXPECT_NE(result.exit_code, 0) << result.out;
    return result.err;
  };
  const std::string photo = Write("a.png", MakePhoto("disc", 500));
  EXPECT_THAT(error("caption_image", {"--model=/nowhere", photo}), HasSubstr("/nowhere"));
  EXPECT_THAT(error("caption_image", {"--nbest=4", photo}), HasSubstr("--beam"));
  EXPECT_THAT(error("caption_image", {"--temperature=0", photo}), HasSubstr("--temperature"));
  EXPECT_THAT(error("caption_image_train", {"--data=" + data_}), HasSubstr("--run"));
  EXPECT_THAT(error("caption_image_train",
                    {"--data=photos/", "--run=" + directory_, "--classifier=/nowhere"}),
              HasSubstr("neither flickr8k:PATH nor coco:"));
  EXPECT_THAT(error("caption_image_train",
                    {"--data=" + data_, "--run=" + directory_, "--classifier=/nowhere"}),
              HasSubstr("/nowhere"));
  EXPECT_THAT(error("caption_image_train",
                    {"--data=" + data_, "--run=" + directory_, "--from=" + bundle_, "--hidden=8"}),
              HasSubstr("--hidden is what the bundle"));
}

TEST_F(CaptionImageTest, TrainsBothNetsOnFromABundle) {
  const std::string bundle = JoinPath(directory_, "bundle");
  const ProgramResult result =
      RunProgram("caption_image_train",
                 {"--data=" + data_, "--from=" + bundle_, "--train_photos",
                  "--run=" + JoinPath(directory_, "run"), "--passes=2", "--score_passes=0",
                  "--batch=16", "--size=40", "--export_to=" + bundle});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json described =
      json::parse(env_->ReadFile(JoinPath(bundle, "bundle.json")).value_or(""), nullptr, false);
  EXPECT_THAT(described.value("/settings/preprocessing"_json_pointer, ""),
              HasSubstr("\"size\": 40"));
  const auto weights = [&](const std::string& of) {
    return env_->ReadFile(JoinPath(of, "weights.safetensors")).value_or("");
  };
  EXPECT_FALSE(weights(bundle).empty());
  EXPECT_FALSE(weights(bundle) == weights(bundle_));
  const ProgramResult evaluated =
      RunProgram("caption_image_train", {"--evaluate=" + data_, "--model=" + bundle,
                                         "--sentences=" + JoinPath(directory_, "said.tsv")});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr("CIDEr"));
  const std::string said = env_->ReadFile(JoinPath(directory_, "said.tsv")).value_or("");
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 12);
}

TEST_F(CaptionImageTest, IsServed) {
  RunningProgram server("caption_image_serve", {"--port=0", "--model=" + bundle_});
  const std::string err = server.WaitForError("ready: ");
  ASSERT_THAT(err, HasSubstr("ready: http://127.0.0.1:"));
  httplib::Client client("127.0.0.1", std::atoi(err.c_str() + err.rfind(':') + 1));
  const std::string photo = MakePhoto("stripes", 7);
  const auto reply = client.Post("/caption?nbest=2", photo, "application/octet-stream");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200) << reply->body;
  const json line = json::parse(reply->body);
  EXPECT_EQ(line["captions"].size(), 2);
  EXPECT_EQ(line["captions"][0]["text"], TextOf(photo));
  const auto refused = client.Post("/caption?nbest=99", photo, "application/octet-stream");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 400);
  EXPECT_THAT(refused->body, HasSubstr("nbest"));
  const auto page = client.Get("/");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->body, AllOf(HasSubstr("Drop photos here"), HasSubstr("function answerPhotos"),
                                Not(HasSubstr("{{"))));
  EXPECT_EQ(server.Stop(), 0);
}

}  // namespace
}  // namespace viv
