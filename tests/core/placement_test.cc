// Device names, the thread pool, the placer, and runs on two CPU devices with real sends.
#include <atomic>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/thread_pool.h"
#include "core/device/device_name.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kZero[] = "/job:local/task:0/device:cpu:0";
constexpr char kOne[] = "/job:local/task:0/device:cpu:1";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(DeviceName, ParsesWholeAndPartialNames) {
  const auto whole = DeviceName::Parse("/job:worker/task:3/device:cuda:1");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->ToString(), "/job:worker/task:3/device:cuda:1");
  EXPECT_TRUE(whole->full());
  for (const char* hint : {"", "/device:cuda", "/device:cuda:1", "/job:worker", "/task:3",
                           "/device:cuda:1/job:worker/task:3"}) {
    const auto name = DeviceName::Parse(hint);
    ASSERT_TRUE(name.ok()) << name.status();
    EXPECT_TRUE(name->Fits(*whole)) << hint;
  }
  for (const char* hint : {"/device:cpu", "/device:cuda:0", "/job:ps", "/task:0"}) {
    EXPECT_FALSE(DeviceName::Parse(hint)->Fits(*whole)) << hint;
  }
}

TEST(DeviceName, BadNamesAreErrors) {
  for (const char* bad : {"cpu:0", "/", "/device", "/device:", "/device:cpu:x", "/device:cpu:-1",
                          "/device:cpu:0:1", "/task:a", "/task:1/task:2", "/job:a:b", "/gpu:0",
                          "/device:cpu:99999999999", "//device:cpu:0"}) {
    EXPECT_THAT(Message(DeviceName::Parse(bad).status()), HasSubstr("is no device name")) << bad;
  }
}

TEST(ThreadPool, TasksMayWaitForEachOther) {
  constexpr int kTasks = 8;
  std::atomic<int> arrived{0}, left{0};
  {
    ThreadPool pool;
    for (int i = 0; i < kTasks; ++i) {
      const absl::Status started = pool.Start([&] {
        ++arrived;
        while (arrived < kTasks) std::this_thread::yield();
        ++left;
      });
      ASSERT_TRUE(started.ok()) << started;
    }
    while (left < kTasks) std::this_thread::yield();
    EXPECT_EQ(pool.num_threads(), kTasks);
  }
  EXPECT_EQ(left, kTasks);
}

TEST(Placement, HintsAreObeyed) {
  GraphBuilder b;
  const Output x = Placeholder(b.Named("x"), kFloat, {-1});
  const Output y = Exp(b.Named("y").OnDevice("/device:cpu:1"), x);
  const Output z = Neg(b.Named("z").OnDevice("/device:cpu:0"), y);
  const Output follows = Sqrt(b.Named("follows"), y);
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok()) << session.status();
  Profile profile;
  const auto result =
      session->Run({{x, Tensor::Of<float>({2}, {0, 1})}}, {z, follows, y}, {.profile = &profile});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FLOAT_EQ((*result)[0].data<float>()[1], -std::exp(1.0f));
  EXPECT_FLOAT_EQ((*result)[1].data<float>()[1], std::exp(0.5f));
  std::map<std::string, std::string> device_of;
  for (const Profile::Event& event : profile.events()) device_of[event.name] = event.device;
  EXPECT_EQ(device_of["y"], kOne);
  EXPECT_EQ(device_of["z"], kZero);
  EXPECT_EQ(device_of["follows"], kOne);
  EXPECT_EQ(device_of["y/send"], kOne);
  EXPECT_EQ(device_of["y/receive"], kZero);
  const auto prepared = session->Prepare({x}, {z, follows, y});
  ASSERT_TRUE(prepared.ok());
  EXPECT_THAT(prepared->Explain(), HasSubstr(kOne));
}

TEST(Placement, SoftHintsGiveWayAndHardOnesDoNot) {
  GraphBuilder b;
  const Output y = Neg(b.OnDevice("/device:cuda:0"), RandomUniform(b, {2}));
  auto soft = Session::Create(b, {.cpu_devices = 2});
  auto hard = Session::Create(b, {.cpu_devices = 2, .hard_placement = true});
  ASSERT_TRUE(soft.ok() && hard.ok());
  EXPECT_TRUE(soft->Run({}, {y}).ok());
  const std::string message = Message(hard->Run({}, {y}).status());
  EXPECT_THAT(message, HasSubstr("placement_test.cc:"));
  EXPECT_THAT(message, HasSubstr("is to be on '/device:cuda:0', but it can only be on "));
  EXPECT_THAT(message, HasSubstr(kOne));

  const Output bad = Neg(b.OnDevice("the big one"), RandomUniform(b, {2}));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  EXPECT_THAT(Message(session->Run({}, {bad}).status()), HasSubstr("'the big one' is no device"));
}

TEST(Placement, AVariableAndItsUpdatesStayTogether) {
  GraphBuilder b;
  const GraphBuilder one = b.OnDevice("/device:cpu:1");
  const Variable v(one, "v", Const(b, 1.0f));
  const Output update = AssignAdd(b.OnDevice("/device:cpu:0"), v, Const(b, 1.0f));
  auto soft = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(soft.ok() && soft->Initialize().ok());
  const auto prepared = soft->Prepare({}, {update});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_THAT(prepared->Explain(), Not(HasSubstr(kZero)));
  auto hard = Session::Create(b, {.cpu_devices = 2, .hard_placement = true});
  ASSERT_TRUE(hard.ok());
  EXPECT_THAT(Message(hard->Run({}, {update}).status()),
              HasSubstr("can only be on " + std::string(kOne)));
}

TEST(Placement, TheNumberOfDevicesIsChecked) {
  GraphBuilder b;
  for (const int devices : {0, -1, 1000000}) {
    EXPECT_THAT(Message(Session::Create(b, {.cpu_devices = devices}).status()),
                HasSubstr("CPU devices, outside 1 to 256"));
  }
}

// Two chains of equal weight that start and end together.
struct Chains {
  GraphBuilder b;
  Output x, y;

  Chains() {
    x = Placeholder(b, kFloat, {64, 64});
    std::vector<Output> ends;
    for (const char* name : {"left", "right"}) {
      Output at = x;
      for (int i = 0; i < 4; ++i) at = MatMul(b.Named(absl::StrCat(name, i)), at, Exp(b, at));
      ends.push_back(at);
    }
    y = Add(b, ends[0], Neg(b, ends[1]));
  }
};

TEST(Placement, MeasuredCostsSpreadIndependentWork) {
  Chains chains;
  Profile profile;
  for (int i = 0; i < 4; ++i) {
    for (const char* name : {"left", "right"}) {
      const Node* node = chains.b.graph().FindNode(absl::StrCat(name, i));
      ASSERT_NE(node, nullptr);
      profile.Record(*node, 0, 1000000, 64 * 64 * 4);
    }
  }
  SessionOptions options{.passes = PassOptions::None(), .cpu_devices = 2};
  options.costs = std::make_shared<CostModel>(profile);
  auto session = Session::Create(chains.b, options);
  ASSERT_TRUE(session.ok());
  Profile spread;
  const auto result = session->Run({{chains.x, *Tensor::Zeros(kFloat, {64, 64})}}, {chains.y},
                                   {.profile = &spread});
  ASSERT_TRUE(result.ok()) << result.status();
  std::map<std::string, std::string> device_of;
  for (const Profile::Event& event : spread.events()) device_of[event.name] = event.device;
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(device_of[absl::StrCat("left", i)], device_of["left0"]);
    EXPECT_EQ(device_of[absl::StrCat("right", i)], device_of["right0"]);
  }
  EXPECT_NE(device_of["left0"], device_of["right0"]);
}

TEST(Devices, OneSendServesAllUsersOfADevice) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const Output y = Exp(b.Named("y").OnDevice("/device:cpu:0"), x);
  const GraphBuilder one = b.OnDevice("/device:cpu:1");
  const Output z = Add(one, Neg(one, y), Sqrt(one, y));
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok());
  const auto prepared = session->Prepare({x}, {z});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  const std::string text = prepared->Explain();
  EXPECT_THAT(text, HasSubstr("y/send: Send(y:0)"));
  EXPECT_EQ(text.find(": Send("), text.rfind(": Send("));
}

TEST(Devices, ShapesAndStringsPassToo) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, -1});
  const Output words = Placeholder(b, kString, {-1});
  const GraphBuilder zero = b.OnDevice("/device:cpu:0"), one = b.OnDevice("/device:cpu:1");
  const Output flat = Reshape(one, Neg(zero, x), std::vector<int64_t>{-1});
  const Output back = Reshape(zero, Exp(one, flat), ShapeOf(one, Neg(one, x)));
  const Output picked = SliceAxis(one, Concat(zero, {words, words}, 0), 0, 1, 3);
  auto session = Session::Create(b, {.passes = PassOptions::None(), .cpu_devices = 2});
  ASSERT_TRUE(session.ok());
  for (const int64_t rows : {2, 3, 2, 0}) {
    const std::vector<float> zeros(rows * 2, 0.0f);
    const auto result = session->Run({{x, Tensor::Of<float>({rows, 2}, zeros)},
                                      {words, Tensor::Of<std::string>({2}, {"a", "b"})}},
                                     {back, picked});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ((*result)[0].shape(), Shape({rows, 2}));
    EXPECT_EQ((*result)[1].data<std::string>()[0], "b");
    EXPECT_EQ((*result)[1].data<std::string>()[1], "a");
  }
}

TEST(Devices, ControlEdgesCrossThem) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {256, 256});
  const GraphBuilder zero = b.OnDevice("/device:cpu:0"), one = b.OnDevice("/device:cpu:1");
  const Output first = MatMul(zero.Named("first"), x, x);
  const Output group = Group(b, {first});
  const Output second = Exp(one.Named("second").After({first}), x);
  const Output third = Exp(one.Named("third").After({group}), x);
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok());
  for (int i = 0; i < 10; ++i) {
    Profile profile;
    const auto result = session->Run({{x, *Tensor::Zeros(kFloat, {256, 256})}}, {second, third},
                                     {.profile = &profile});
    ASSERT_TRUE(result.ok()) << result.status();
    std::map<std::string, Profile::Event> events;
    for (const Profile::Event& event : profile.events()) events[event.name] = event;
    EXPECT_EQ(events["second"].device, kOne);
    EXPECT_GE(events["second"].begin, events["first"].end);
    EXPECT_GE(events["third"].begin, events["first"].end);
  }
}

// A constant is everywhere and waits for nothing: nothing is sent on its behalf, to a device where
// nobody would receive it.
TEST(Devices, AConstantAfterANodeElsewhere) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const Output y = Exp(b.OnDevice(kOne), x);
  const Output one = Const(b.OnDevice(kZero).After({y}), 1.0f);
  const Output z = Add(b.OnDevice(kOne), y, one);
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run({{x, Tensor::Of<float>({2}, {0, 0})}}, {z});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)[0].data<float>()[1], 2);
}

TEST(Devices, NothingFollowsAnUpdateAcrossThem) {
  GraphBuilder b;
  const Variable v(b.OnDevice("/device:cpu:0"), "v", Const(b, 1.0f));
  const Output group = Group(b, {AssignAdd(b, v, Const(b, 1.0f))});
  const Output after = Exp(b.OnDevice("/device:cpu:1").After({group}), v.Read());
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  EXPECT_THAT(Message(session->Run({}, {after}).status()), HasSubstr("use a second run"));
}

TEST(Devices, AFailedRunChangesNothingOnAnyOfThem) {
  GraphBuilder b;
  const GraphBuilder zero = b.OnDevice("/device:cpu:0"), one = b.OnDevice("/device:cpu:1");
  const Variable v(zero, "v", Const(b, 1.0f)), w(one, "w", Const(b, 1.0f));
  const Output divisor = Placeholder(b, kInt32, PartialShape::Scalar());
  const Output quotient = Cast(one, Div(one, Const<int32_t>(b, 8), divisor), kFloat);
  // Device 0 waits for what device 1 fails to compute.
  const Output step = Group(b, {AssignAdd(b, v, quotient), AssignAdd(b, w, Const(b, 1.0f))});
  auto session = Session::Create(b, {.cpu_devices = 2});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto run = [&](int32_t by) {
    return session->Run({{divisor, Tensor::Scalar<int32_t>(by)}}, {step}).status();
  };
  for (int i = 0; i < 20; ++i) {
    const absl::Status failed = run(0);
    EXPECT_THAT(Message(failed), HasSubstr("by zero"));
    EXPECT_THAT(Message(failed), HasSubstr("Div '"));
    EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), 1);
    EXPECT_EQ(session->VariableValues()["w"].scalar<float>(), 1);
  }
  ASSERT_TRUE(run(2).ok());
  EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), 5);
  EXPECT_EQ(session->VariableValues()["w"].scalar<float>(), 2);
}

TEST(Devices, ConcurrentRunsSeeWholeSteps) {
  GraphBuilder b;
  const GraphBuilder zero = b.OnDevice("/device:cpu:0"), one = b.OnDevice("/device:cpu:1");
  const Variable v(zero, "v", Const(b, 0.0f)), w(one, "w", Const(b, 0.0f));
  const Output difference = Sub(one, v.Read(), w.Read());
  const Output back = Neg(zero, difference);
  const Output step = Group(b, {AssignAdd(b, v, Const(b, 1.0f)), AssignAdd(b, w, Const(b, 1.0f))});
  auto session = Session::Create(b, {.cpu_devices = 3});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  constexpr int kThreads = 4, kRuns = 50;
  std::vector<std::thread> threads;
  std::atomic<int> torn{0}, failed{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRuns; ++i) {
        const auto run = session->Run({}, {back, step, difference});
        failed += !run.ok();
        torn += run.ok() && (*run)[0].scalar<float>() != 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(session->VariableValues()["v"].scalar<float>(), kThreads * kRuns);
  EXPECT_EQ(session->VariableValues()["w"].scalar<float>(), kThreads * kRuns);
}

// Random graphs, nodes anywhere: the same values as on one device, and no run that hangs.
TEST(Devices, RandomPlacementsComputeTheSame) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    GraphBuilder b;
    std::vector<Output> values = {Placeholder(b, kFloat, {4}), Placeholder(b, kFloat, {4})};
    const std::vector<Output> feeds = values;
    for (int i = 0; i < 60; ++i) {
      GraphBuilder at = b.OnDevice(absl::StrCat("/device:cpu:", random() % 3));
      if (random() % 8 == 0) at = at.After({values[random() % values.size()]});
      const Output x = values[random() % values.size()], y = values[random() % values.size()];
      const uint32_t op = random() % 3;
      values.push_back(op == 0 ? Add(at, x, y) : op == 1 ? Sub(at, x, y) : Tanh(at, x));
    }
    const std::vector<Output> fetches(values.end() - 10, values.end());
    const Feeds fed = {{feeds[0], Tensor::Of<float>({4}, {1, 2, 3, 4})},
                       {feeds[1], Tensor::Of<float>({4}, {5, 6, 7, 8})}};
    auto single = Session::Create(b);
    auto several = Session::Create(b, {.cpu_devices = 3, .hard_placement = true});
    ASSERT_TRUE(single.ok() && several.ok());
    const auto wanted = single->Run(fed, fetches);
    ASSERT_TRUE(wanted.ok()) << wanted.status();
    for (int i = 0; i < 3; ++i) {
      const auto got = several->Run(fed, fetches);
      ASSERT_TRUE(got.ok()) << got.status();
      for (size_t f = 0; f < fetches.size(); ++f) EXPECT_TRUE((*got)[f].Identical((*wanted)[f]));
    }
  }
}

}  // namespace
}  // namespace viv
