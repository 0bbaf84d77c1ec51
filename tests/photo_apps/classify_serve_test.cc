// The classifier's server as its clients see it, with a net that has learnt nothing yet.
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "httplib.h"
#include "image_makers.h"
#include "nlohmann/json.hpp"
#include "photo_folder.h"
#include "tests/support/run_program.h"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ClassifyServeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = JoinPath(::testing::TempDir(), "viv_classify_serve");
    ASSERT_TRUE(Env::Default()->Remove(root_).ok());
    WritePhotos(JoinPath(root_, "photos"), 3);
    bundle_ = JoinPath(root_, "shapes");
    const ProgramResult trained = RunProgram(
        "classify_image_train",
        {"--data=" + JoinPath(root_, "photos"), "--run=" + JoinPath(root_, "run"), "--net=small",
         "--size=32", "--passes=1", "--batch=6", "--export_to=" + bundle_});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    server_ = new RunningProgram("classify_image_serve",
                                 {"--port=0", "--model=" + bundle_, "--max_body_mb=1"});
    const std::string err = server_->WaitForError("ready: ");
    ASSERT_THAT(err, HasSubstr("ready: http://127.0.0.1:"));
    port_ = std::atoi(err.c_str() + err.rfind(':') + 1);
  }
  static void TearDownTestSuite() {
    if (server_ != nullptr) {
      EXPECT_EQ(server_->Stop(), 0);
    }
    delete server_;
    ASSERT_TRUE(Env::Default()->Remove(root_).ok());
  }
  static std::pair<int, json> Post(const std::string& path, const std::string& body,
                                   const std::string& type = "application/octet-stream") {
    httplib::Client client("127.0.0.1", port_);
    client.set_read_timeout(60);
    const auto reply = client.Post(path, body, type);
    if (!reply) return {0, "no answer"};
    return {reply->status, json::parse(reply->body, nullptr, false)};
  }
  static json FromProgram(const std::string& photo) {
    json line = json::parse(
        RunProgram("classify_image", {"--model=" + bundle_, "--json"}, {.input = photo}).out);
    line.erase("input");
    return line;
  }

  static RunningProgram* server_;
  static int port_;
  static std::string root_, bundle_;
};
RunningProgram* ClassifyServeTest::server_ = nullptr;
int ClassifyServeTest::port_ = 0;
std::string ClassifyServeTest::root_, ClassifyServeTest::bundle_;

// Whatever batch a photo comes in, its answer is the same but for roundings.
void ExpectSame(json answer, const json& expected) {
  ASSERT_TRUE(answer.contains("labels")) << answer;
  ASSERT_EQ(answer["labels"].size(), expected["labels"].size());
  for (size_t i = 0; i < answer["labels"].size(); ++i) {
    EXPECT_EQ(answer["labels"][i]["name"], expected["labels"][i]["name"]);
    EXPECT_NEAR(answer["labels"][i]["confidence"].get<double>(),
                expected["labels"][i]["confidence"].get<double>(), 1e-4);
  }
}

TEST_F(ClassifyServeTest, AnswersAsTheProgramDoes) {
  const std::string photo = MakePhoto("disc", 5);
  const auto [code, reply] = Post("/classify", photo);
  EXPECT_EQ(code, 200) << reply;
  ExpectSame(reply, FromProgram(photo));
}

// Both shrink it alike while they decode it.
TEST_F(ClassifyServeTest, AnswersToLargePhotosAsTheProgramDoes) {
  const std::string photo = MakeJpeg(MakePixels(
      600, 800, 3, [](int64_t y, int64_t x, int c) { return (x * x / 900 + y * (c + 1)) % 251; }));
  const auto [code, reply] = Post("/classify", photo);
  EXPECT_EQ(code, 200) << reply;
  ExpectSame(reply, FromProgram(photo));
}

TEST_F(ClassifyServeTest, SpeaksTheOpenInferenceProtocol) {
  const std::string photo = MakePhoto("disc", 5);
  const json request = {{"inputs",
                         {{{"name", "photo"},
                           {"shape", {1}},
                           {"datatype", "BYTES"},
                           {"data", {absl::Base64Escape(photo)}}}}}};
  const auto [code, reply] = Post("/v2/models/shapes/infer", request.dump(), "application/json");
  ASSERT_EQ(code, 200) << reply;
  bool found = false;
  for (const json& output : reply["outputs"]) {
    if (output["name"] != "label") continue;
    found = true;
    EXPECT_EQ(output["data"][0], FromProgram(photo)["labels"][0]["name"]);
  }
  EXPECT_TRUE(found) << reply;
}

TEST_F(ClassifyServeTest, ExplainsOnRequest) {
  const auto [code, reply] = Post("/classify?top=1&explain=1", MakePhoto("checks", 5));
  ASSERT_EQ(code, 200) << reply;
  EXPECT_EQ(reply["labels"].size(), 1);
  std::string png;
  ASSERT_TRUE(absl::Base64Unescape(reply["explanation"].get<std::string>(), &png));
  EXPECT_THAT(png, StartsWith("\x89PNG"));
}

TEST_F(ClassifyServeTest, SaysWhatIsWrong) {
  const std::string photo = MakePhoto("disc", 5);
  const auto wrong = [](const std::string& path, const std::string& body, int expected) {
    const auto [code, reply] = Post(path, body);
    EXPECT_EQ(code, expected) << reply;
    return reply.dump();
  };
  EXPECT_THAT(wrong("/classify", "", 400), HasSubstr("body is empty"));
  EXPECT_THAT(wrong("/classify", "this is a text", 400), HasSubstr("image"));
  EXPECT_THAT(wrong("/classify?top=none", photo, 400), HasSubstr("top"));
  EXPECT_THAT(wrong("/classify?colour=1", photo, 400), HasSubstr("colour"));
  EXPECT_NE(Post("/classify", photo.substr(0, photo.size() / 2)).first, 200);
  wrong("/classify", std::string(2 << 20, 'x'), 413);
}

TEST_F(ClassifyServeTest, ManyClientsAtATimeGetTheirOwnAnswers) {
  std::vector<std::string> photos;
  std::vector<json> expected;
  for (const char* kind : {"disc", "stripes", "checks"}) {
    photos.push_back(MakePhoto(kind, 9));
    expected.push_back(FromProgram(photos.back()));
  }
  std::vector<std::pair<int, json>> replies(24);
  std::vector<std::thread> clients;
  for (size_t i = 0; i < replies.size(); ++i) {
    clients.emplace_back([&, i] { replies[i] = Post("/classify", photos[i % photos.size()]); });
  }
  for (std::thread& client : clients) client.join();
  for (size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].first, 200) << replies[i].second;
    ExpectSame(replies[i].second, expected[i % expected.size()]);
  }
}

TEST_F(ClassifyServeTest, HasAPage) {
  httplib::Client client("127.0.0.1", port_);
  const auto page = client.Get("/");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->body, AllOf(HasSubstr("Drop photos here"), HasSubstr("function answerPhotos"),
                                Not(HasSubstr("{{"))));
}

TEST_F(ClassifyServeTest, APortInUseIsAnError) {
  const ProgramResult result =
      RunProgram("classify_image_serve", {absl::StrCat("--port=", port_), "--model=" + bundle_});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(absl::StrCat(port_)));
}

}  // namespace
}  // namespace viv
