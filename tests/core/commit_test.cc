// Commits: the updates of a run are all made, or none.
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/optimizer.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::vector<float> Values(const Session& session, const std::string& name) {
  const Tensor value = session.VariableValues().at(name);
  return {value.flat<float>().begin(), value.flat<float>().end()};
}

// A table of which rows are updated by an index that is fed, and a counter, in two orders and
// perhaps on two devices.
struct TwoUpdates {
  explicit TwoUpdates(bool counter_first, int devices = 1) {
    const GraphBuilder other = devices == 1 ? b : b.OnDevice("/device:cpu:1");
    table = Variable(b, "table", Const(b, Tensor::Of<float>({2}, {1, 2})));
    counter = Variable(other, "counter", Const(b, 0.0f));
    index = Placeholder(b, kInt32, {1});
    const Gradient gradient{.indices = index, .values = Const(b, Tensor::Of<float>({1}, {10}))};
    const auto update_rows = [&](const GraphBuilder& at) {
      return ApplySgd(at, table, gradient, Const(b, 1.0f));
    };
    const auto count = [&](const GraphBuilder& at) {
      return AssignAdd(at, counter, Const(b, 1.0f));
    };
    if (counter_first) {
      const Output first = count(other);
      both = {first, update_rows(b.After({first}))};
    } else {
      const Output first = update_rows(b);
      both = {first, count(other.After({first}))};
    }
  }
  GraphBuilder b;
  Variable table, counter;
  Output index;
  std::vector<Output> both;
};

TEST(Commit, ABadIndexLeavesAllVariablesAsTheyAre) {
  for (const bool counter_first : {false, true}) {
    for (const int devices : {1, 2}) {
      const TwoUpdates t(counter_first, devices);
      auto session = Session::Create(t.b, {.cpu_devices = devices});
      ASSERT_TRUE(session.ok() && session->Initialize().ok()) << session.status();
      for (const int bad : {2, -2}) {
        const auto run = session->Run({{t.index, Tensor::Of<int32_t>({1}, {bad})}}, t.both);
        EXPECT_THAT(Message(run.status()), HasSubstr("is outside [0, 2)"));
        EXPECT_THAT(Message(run.status()), HasSubstr("commit_test.cc:"));
        EXPECT_THAT(Values(*session, "table"), ElementsAre(1, 2));
        EXPECT_THAT(Values(*session, "counter"), ElementsAre(0));
      }
      ASSERT_TRUE(session->Run({{t.index, Tensor::Of<int32_t>({1}, {1})}}, t.both).ok());
      EXPECT_THAT(Values(*session, "table"), ElementsAre(1, -8));
      EXPECT_THAT(Values(*session, "counter"), ElementsAre(1));
    }
  }
}

TEST(Commit, IntegersWrap) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, std::numeric_limits<int32_t>::max()));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  ASSERT_TRUE(session->Run({}, {AssignAdd(b, v, Const(b, int32_t{1}))}).ok());
  EXPECT_EQ(session->VariableValues()["v"].scalar<int32_t>(), std::numeric_limits<int32_t>::min());
}

// Variables whose extents the graph leaves open: only the commit knows those of their values.
class OpenShapes : public ::testing::Test {
 protected:
  // Runs `update` behind another one, with v, u and s of 3 elements.
  absl::Status Run(Output update) {
    auto session = Session::Create(b_);
    if (!session.ok()) return session.status();
    const Tensor three = Tensor::Of<float>({3}, {1, 2, 3});
    const std::map<std::string, Tensor> before = {
        {"counter", Tensor::Scalar(0.0f)}, {"v", three}, {"u", three}, {"s", three}};
    for (const auto& [name, value] : before) {
      if (const absl::Status set = session->SetVariable(name, value); !set.ok()) return set;
    }
    const absl::Status status =
        session->Run({{x_, Tensor::Of<float>({2}, {1, 1})}}, {count_, update}).status();
    for (const auto& [name, value] : session->VariableValues()) {
      const bool same = value.Identical(before.at(name));
      EXPECT_EQ(same, !status.ok() || name == "u" || name == "s") << name << ": " << status;
    }
    return status;
  }

  GraphBuilder b_;
  const Output x_ = Placeholder(b_.Named("x"), kFloat, {-1});
  const Variable counter_{b_, "counter", Const(b_, 0.0f)};
  const Variable v_{b_, "v", x_}, u_{b_, "u", x_}, s_{b_, "s", x_};
  const Output count_ = AssignAdd(b_, counter_, Const(b_, 1.0f));
  const Output rate_ = Const(b_, 1.0f);
};

TEST_F(OpenShapes, AreThoseOfTheValue) {
  for (const Output& update : {AssignAdd(b_, v_, x_), ApplySgd(b_, v_, x_, rate_),
                               ApplyMomentum(b_, v_, u_, Gradient{.dense = x_}, rate_, 0.9f, false),
                               ApplyAdam(b_, v_, u_, s_, Gradient{.dense = x_}, rate_, rate_)}) {
    const std::string message = Message(Run(update));
    EXPECT_THAT(message, HasSubstr("variable 'v' is [3], but its update is [2]")) << update.name();
    EXPECT_THAT(message, HasSubstr("commit_test.cc:"));
  }
  // Another value may have another shape.
  EXPECT_TRUE(Run(Assign(b_, v_, x_)).ok());
}

TEST_F(OpenShapes, AnUpdateSeesTheShapeThatTheOneBeforeLeaves) {
  const Output shorter = Assign(b_, v_, x_);
  EXPECT_TRUE(Run(Group(b_, {shorter, AssignAdd(b_.After({shorter}), v_, x_)})).ok());
  const Gradient last{.indices = Const(b_, Tensor::Of<int32_t>({1}, {2})),
                      .values = Const(b_, Tensor::Of<float>({1}, {1}))};
  EXPECT_TRUE(Run(ApplySgd(b_, v_, last, rate_)).ok());
  const Output late = ApplySgd(b_.After({shorter}), v_, last, rate_);
  EXPECT_THAT(Message(Run(Group(b_, {shorter, late}))), HasSubstr("index 2 at position 0"));
}

TEST(Commit, RowsMustHaveTheWidthOfTheValue) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, -1});
  const Variable v(b, "v", x);
  const Output indices = Placeholder(b, kInt32, {-1});
  const Output update = ApplySgd(b, v, Gradient{.indices = indices, .values = x}, Const(b, 1.0f));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE(session->SetVariable("v", Tensor::Of<float>({2, 2}, {1, 2, 3, 4})).ok());
  const auto run = session->Run(
      {{indices, Tensor::Of<int32_t>({1}, {0})}, {x, Tensor::Of<float>({1, 3}, {1, 1, 1})}},
      {update});
  EXPECT_THAT(Message(run.status()), HasSubstr("'v' is [2, 2], but 1 rows of it are [1, 3]"));
}

}  // namespace
}  // namespace viv
