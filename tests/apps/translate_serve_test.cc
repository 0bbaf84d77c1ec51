// The translation server as its clients see it, with the translator that comes with it.
#include <algorithm>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/bundle/bundle.h"
#include "gmock/gmock.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "tests/support/run_program.h"
#include "tests/support/tokenizers.h"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The port in "ready: http://127.0.0.1:4711/".
int PortOf(const std::string& err) {
  const size_t at = err.rfind(':');
  return at == std::string::npos ? 0 : std::atoi(err.c_str() + at + 1);
}

class TranslateServeTest : public TokenizerTest {
 protected:
  static void SetUpTestSuite() {
    if (!kTokenizersWork) return;
    server_ = new RunningProgram("translate_serve", {"--port=0", "--beam=2"});
    const std::string err = server_->WaitForError("ready: ");
    ASSERT_THAT(err, HasSubstr("ready: http://127.0.0.1:"));
    port_ = PortOf(err);
  }
  static void TearDownTestSuite() {
    if (server_ == nullptr) return;
    EXPECT_EQ(server_->Stop(), 0);
    delete server_;
  }
  static std::pair<int, json> Post(const std::string& path, const json& body) {
    httplib::Client client("127.0.0.1", port_);
    client.set_read_timeout(60);
    const auto reply = client.Post(path, body.dump(), "application/json");
    if (!reply) return {0, "no answer"};
    return {reply->status, json::parse(reply->body, nullptr, false)};
  }

  static RunningProgram* server_;
  static int port_;
};
RunningProgram* TranslateServeTest::server_ = nullptr;
int TranslateServeTest::port_ = 0;

json Question(const json& q) { return {{"q", q}, {"source", "en"}, {"target", "fr"}}; }

TEST_F(TranslateServeTest, AnswersAsTheProgramDoes) {
  const json line =
      json::parse(RunProgram("translate", {"--json", "--beam=2", "A dog runs on the beach."}).out);
  const auto [code, reply] = Post("/translate", Question("A dog runs on the beach."));
  ASSERT_EQ(code, 200) << reply;
  EXPECT_EQ(reply["translatedText"], line["translation"]);
  EXPECT_NEAR(reply["confidence"].get<double>(), line["confidence"].get<double>(), 1e-4);

  const auto [infer_code, infer] =
      Post("/v2/models/translate_en_fr/infer", {{"inputs",
                                                 {{{"name", "text"},
                                                   {"shape", {1}},
                                                   {"datatype", "BYTES"},
                                                   {"data", {"A dog runs on the beach."}}}}}});
  ASSERT_EQ(infer_code, 200) << infer;
  EXPECT_EQ(infer["outputs"][0]["data"][0], line["translation"]);
}

TEST_F(TranslateServeTest, ListsAlternativesAndForms) {
  json question = Question({"A dog.", ""});
  question["alternatives"] = 2;
  const auto [code, reply] = Post("/translate", question);
  ASSERT_EQ(code, 200) << reply;
  EXPECT_EQ(reply["translatedText"].size(), 2u);
  EXPECT_EQ(reply["translatedText"][1], "");
  EXPECT_EQ(reply["alternatives"][0].size(), 2u);

  httplib::Client client("127.0.0.1", port_);
  const auto form = client.Post(
      "/translate", httplib::Params{{"q", "A dog."}, {"source", "en"}, {"target", "fr"}});
  ASSERT_TRUE(form);
  EXPECT_EQ(json::parse(form->body)["translatedText"], reply["translatedText"][0]);
  EXPECT_EQ(json::parse(client.Get("/languages")->body),
            (json{{{"code", "en"}, {"name", "en"}, {"targets", {"fr"}}},
                  {{"code", "fr"}, {"name", "fr"}, {"targets", {"en"}}}}));
  const auto [back_code, back] =
      Post("/translate",
           {{"q", "Deux chiens jouent dans la neige."}, {"source", "fr"}, {"target", "en"}});
  EXPECT_EQ(back_code, 200);
  EXPECT_EQ(back["translatedText"], "Two dogs play in the snow.");
  EXPECT_THAT(client.Get("/")->body, HasSubstr("<title>Vivarium: translate</title>"));
}

TEST_F(TranslateServeTest, SaysWhatIsWrong) {
  json no_language = Question("A dog.");
  no_language["target"] = "de";
  json many = Question("A dog.");
  many["alternatives"] = 1000;
  std::string long_text;
  for (int i = 0; i < 3000; ++i) long_text += "dog";
  const struct {
    json question;
    const char* message;
  } cases[] = {
      {no_language, "does not translate from 'en' to 'de'"},
      {many, "'alternatives' is a number below 64"},
      {{{"q", "A dog."}, {"target", "fr"}}, "'source' is missing"},
      {{{"q", {1, 2}}}, "'q' is missing"},
      {Question(long_text), "longer than the"},
      {json::array(), "neither a JSON object nor a form"},
  };
  for (const auto& c : cases) {
    const auto [code, reply] = Post("/translate", c.question);
    EXPECT_EQ(code, 400) << reply;
    EXPECT_THAT(reply.value("error", ""), HasSubstr(c.message));
  }
}

TEST_F(TranslateServeTest, RefusesAHundredMegabytes) {
  httplib::Client client("127.0.0.1", port_);
  client.set_read_timeout(60);
  client.set_write_timeout(60);
  size_t sent = 0;
  constexpr size_t kSize = 100 << 20;
  const auto reply = client.Post(
      "/translate", kSize,
      [&sent](size_t, size_t left, httplib::DataSink& sink) {
        const std::string block(std::min<size_t>(left, 1 << 16), 'x');
        sent += block.size();
        return sink.write(block.data(), block.size());
      },
      "application/json");
  // It answers, or ends the connection, without reading it all.
  if (reply) {
    EXPECT_EQ(reply->status, 413);
  } else {
    EXPECT_LT(sent, kSize);
  }
  EXPECT_EQ(Post("/translate", Question("A dog.")).first, 200);
}

TEST_F(TranslateServeTest, ManyClientsAtATimeGetTheirOwnAnswers) {
  const std::vector<std::string> sentences = {"A dog.", "Two men play football.", "A girl sings."};
  std::vector<std::string> alone;
  for (const std::string& s : sentences) {
    alone.push_back(Post("/translate", Question(s)).second["translatedText"]);
  }
  std::vector<std::thread> clients;
  for (int c = 0; c < 12; ++c) {
    clients.emplace_back([&, c] {
      const auto [code, reply] = Post("/translate", Question(sentences[c % 3]));
      EXPECT_EQ(code, 200);
      EXPECT_EQ(reply["translatedText"], alone[c % 3]);
    });
  }
  for (std::thread& client : clients) client.join();
}

TEST_F(TranslateServeTest, APortInUseAndAMissingBundleAreErrors) {
  const auto taken = RunProgram("translate_serve", {absl::StrCat("--port=", port_)});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_THAT(taken.err, HasSubstr("the port is in use"));
  const auto missing = RunProgram("translate_serve", {"--port=0", "--model=/no/such/bundle"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("/no/such/bundle"));
  EXPECT_EQ(RunProgram("translate_serve", {"--beam=0"}).exit_code, 2);
}

}  // namespace
}  // namespace viv
