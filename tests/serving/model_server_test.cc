// A server with a fake model, asked over a socket as clients ask, good ones and bad ones.
#include "core/serving/model_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "fake_model.h"
#include "gmock/gmock.h"
#include "httplib.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ModelServerTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = JoinPath(testing::TempDir(), absl::StrCat("viv_model_server_", getpid()));
    ASSERT_TRUE(Env::Default()->CreateDirs(directory_).ok());
    Put("one ");
    options_.http = {.port = 0, .connections = 32, .max_body_bytes = 4096, .timeout_seconds = 1};
  }
  void TearDown() override {
    server_.reset();
    ASSERT_TRUE(Env::Default()->Remove(directory_).ok());
  }
  void Put(const std::string& prefix) {
    ASSERT_TRUE(
        WriteFileAtomically(Env::Default(), JoinPath(directory_, "bundle.json"), prefix).ok());
  }
  void Start() {
    server_ = std::make_unique<ModelServer>(options_);
    server_->AddModel("fake", directory_, LoadFakeModel);
    const absl::Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  httplib::Client Client() const { return httplib::Client("127.0.0.1", server_->port()); }
  // The code and the body, or "no answer".
  std::pair<int, json> Post(const std::string& path, const std::string& body) const {
    const auto reply = Client().Post(path, body, "application/json");
    if (!reply) return {0, "no answer"};
    return {reply->status, json::parse(reply->body, nullptr, false)};
  }
  std::pair<int, json> Get(const std::string& path) const {
    const auto reply = Client().Get(path);
    if (!reply) return {0, "no answer"};
    return {reply->status, json::parse(reply->body, nullptr, false)};
  }
  static std::string Texts(const json& texts) {
    return json{
        {"inputs",
         {{{"name", "text"}, {"shape", {texts.size()}}, {"datatype", "BYTES"}, {"data", texts}}}}}
        .dump();
  }

  std::string directory_;
  ModelServerOptions options_;
  std::unique_ptr<ModelServer> server_;
};

constexpr char kInfer[] = "/v2/models/fake/infer";

TEST_F(ModelServerTest, SpeaksTheOpenInferenceProtocol) {
  Start();
  EXPECT_EQ(Get("/v2/health/live").first, 200);
  EXPECT_EQ(Get("/v2/health/ready").first, 200);
  EXPECT_EQ(Get("/v2").second["name"], "vivarium");
  const json metadata = Get("/v2/models/fake").second;
  EXPECT_EQ(metadata["inputs"][0],
            (json{{"name", "text"}, {"datatype", "BYTES"}, {"shape", {-1}}}));
  const std::string version = metadata["versions"][0];
  EXPECT_EQ(Get(absl::StrCat("/v2/models/fake/versions/", version, "/ready")).first, 200);
  EXPECT_EQ(Get("/v2/models/fake/versions/7").first, 404);
  EXPECT_EQ(Get("/v2/models/other").first, 404);

  json request = json::parse(Texts({"a", "b"}));
  request["id"] = "42";
  const auto [code, reply] = Post(kInfer, request.dump());
  ASSERT_EQ(code, 200) << reply;
  EXPECT_EQ(reply["id"], "42");
  EXPECT_EQ(reply["model_name"], "fake");
  EXPECT_EQ(reply["model_version"], version);
  EXPECT_EQ(reply["parameters"]["batch_size"], 2);
  EXPECT_EQ(reply["outputs"][0]["data"], (json{"one a", "one b"}));
  EXPECT_EQ(reply["outputs"][0]["shape"], (json{2}));
  EXPECT_EQ(Post(kInfer, Texts(json::array())).second["outputs"][0]["shape"], (json{0}));
}

TEST_F(ModelServerTest, SaysWhatIsWrongWithARequest) {
  Start();
  const struct {
    std::string body, message;
    int code;
  } cases[] = {
      {"{{{", "no JSON object", 400},
      {"[]", "no JSON object", 400},
      {"{}", "no list of 'inputs'", 400},
      {R"({"inputs": []})", "takes 1 inputs, the request has 0", 400},
      {R"({"inputs": [{"name": "other"}]})", "input 'text' is missing", 400},
      {R"({"inputs": [{"name": "text", "shape": [], "datatype": "BYTES", "data": ["a"]}]})",
       "input 'text' has shape [], not [?]", 400},
      {Texts({"fine", "bad"}), "item 1: bad text", 400},
      {Texts({std::string(5000, 'x')}), "larger than this server takes", 413},
  };
  for (const auto& c : cases) {
    const auto [code, reply] = Post(kInfer, c.body);
    EXPECT_EQ(code, c.code) << c.body.substr(0, 100);
    EXPECT_THAT(reply.value("error", ""), HasSubstr(c.message));
  }
  EXPECT_EQ(Get(kInfer).first, 404);
  EXPECT_EQ(Get("/nothing").first, 404);
  EXPECT_EQ(Post(kInfer, Texts({"still here"})).first, 200);
}

TEST_F(ModelServerTest, AClientThatSendsHalfARequestHoldsUpNobody) {
  Start();
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(server_->port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string half =
      absl::StrCat("POST ", kInfer, " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"inp");
  ASSERT_EQ(::send(fd, half.data(), half.size(), 0), static_cast<ssize_t>(half.size()));
  EXPECT_EQ(Post(kInfer, Texts({"a"})).first, 200);
  // After the time-out the connection ends.
  char buffer[4096];
  ssize_t got = 0, last = 0;
  while ((last = ::recv(fd, buffer, sizeof(buffer), 0)) > 0) got += last;
  EXPECT_LT(got, 4096);
  ::close(fd);
  EXPECT_EQ(Post(kInfer, Texts({"a"})).first, 200);
}

TEST_F(ModelServerTest, APortInUseIsAnError) {
  Start();
  ModelServer second({.http = {.port = server_->port()}});
  const absl::Status status = second.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the port is in use"));
  ModelServer third({.http = {.port = 70000}});
  EXPECT_EQ(third.Start().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ModelServerTest, AMissingBundleIsAnError) {
  ASSERT_TRUE(Env::Default()->Remove(JoinPath(directory_, "bundle.json")).ok());
  ModelServer server(options_);
  server.AddModel("fake", directory_, LoadFakeModel);
  EXPECT_THAT(std::string(server.Start().message()), HasSubstr("bundle.json"));
}

TEST_F(ModelServerTest, ReloadsUnderLoadWithoutAFailure) {
  Start();
  std::atomic<bool> done = false;
  std::atomic<int> answers = 0, failures = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      httplib::Client client("127.0.0.1", server_->port());
      client.set_keep_alive(true);
      while (!done) {
        const auto reply = client.Post(kInfer, Texts({"a", "b"}), "application/json");
        if (!reply || reply->status != 200) ++failures;
        ++answers;
      }
    });
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto served = [&] { return Post(kInfer, Texts({""})).second["outputs"][0]["data"][0]; };
  for (const char* prefix : {"two ", "broken", "three "}) {
    Put(prefix);
    const std::string expected = prefix == std::string("broken") ? "two " : prefix;
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    while (served() != expected && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_EQ(served(), expected);
  }
  done = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(failures, 0) << "of " << answers;
  EXPECT_GT(answers, 100);
  EXPECT_THAT(Client().Get("/metrics")->body,
              HasSubstr("vivarium_model_loads_total{model=\"fake\",result=\"ok\"} 3"));
}

TEST_F(ModelServerTest, AHandlersExceptionIsAReply) {
  server_ = std::make_unique<ModelServer>(options_);
  server_->AddRoute({"GET", "/throws",
                     [](const HttpRequest&) -> HttpReply { throw std::runtime_error("a bug"); }});
  ASSERT_TRUE(server_->Start().ok());
  const auto [code, reply] = Get("/throws");
  EXPECT_EQ(code, 500);
  EXPECT_THAT(reply.value("error", ""), HasSubstr("a bug"));
}

}  // namespace
}  // namespace viv
