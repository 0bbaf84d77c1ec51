// Policy gradient (Williams 1992) on a bandit: a net that learns from rewards, whose gradient is
// made by hand. A slot machine has arms that pay with different probabilities; which arm to pull is
// drawn from softmax(logits). What a pull paid has no gradient in the logits, but its expectation
// has:
//   d E[reward] / d logits = E[(reward - baseline) d log p(arm) / d logits]
// for any baseline that does not depend on the arm: here the mean of past rewards.
#include "core/autodiff/gradients.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

constexpr int64_t kArms = 5, kPulls = 16;  // pulls of each run
const std::vector<float> kPays = {0.2f, 0.35f, 0.8f, 0.5f, 0.1f};
constexpr int kBest = 2;

// The arms that are pulled: int64 [kPulls]. The greatest of logits with Gumbel noise is drawn from
// their softmax (Gumbel 1954).
Output Draw(const GraphBuilder& b, Output logits) {
  const Output uniform = RandomUniform(b, {kPulls, kArms}, 1e-6f, 1);
  const Output noise = Neg(b, Log(b, Neg(b, Log(b, uniform))));
  return Squeeze(b, TopK(b, Add(b, logits, noise), 1).indices, {1});
}

// What arms pay: 1 or 0.
Output Pay(const GraphBuilder& b, Output arms) {
  const Output chances = Gather(b, Const(b, Tensor::Vector<float>(kPays)), arms);
  return Cast(b, Less(b, RandomUniform(b, {kPulls}), chances), kFloat);
}

// (reward - baseline) d log p(arm) / d logits of each pull, [kPulls, kArms].
Output Score(const GraphBuilder& b, Output logits, Output arms, Output rewards, Output baseline) {
  const Output advantage = ExpandDims(b, Sub(b, rewards, baseline), 1);
  return Mul(b, advantage, Sub(b, OneHot(b, arms, kArms), Softmax(b, logits)));
}

struct Game {
  Output arms;
  Output rewards;
};

// Pulls arms. The gradient of the rewards in the logits is the estimate above.
Game Play(const GraphBuilder& b, Output logits, Output baseline) {
  const Outputs played = WithGradient(
      b, {logits},
      [](const GraphBuilder& b, const Outputs& in) -> Outputs {
        const Output arms = Draw(b, in[0]);
        return {arms, Pay(b, arms)};
      },
      [baseline](const GraphBuilder& b, const Outputs& in, const Outputs& out,
                 const Outputs& gradients) -> Outputs {
        const Output score = Score(b, in[0], out[0], out[1], baseline);
        return {Sum(b, Mul(b, ExpandDims(b, gradients[1], 1), score), {0})};
      });
  return {played[0], played[1]};
}

TEST(Bandit, LearnsTheBestArm) {
  GraphBuilder b;
  const Variable logits(b, "logits",
                        Const(b, Tensor::Vector<float>(std::vector<float>(kArms, 0.0f))));
  const Variable baseline(b, "baseline", Const(b, 0.0f), {.trainable = false});
  const Game game = Play(b, logits.Read(), baseline.Read());
  const Output mean = Mean(b, game.rewards);
  const Output learn = Sgd{.learning_rate = 1.0f}.Minimize(b, Neg(b, mean));
  const Output remember =
      AssignAdd(b, baseline, Mul(b, Const(b, 0.1f), Sub(b, mean, baseline.Read())));
  const Output policy = Softmax(b, logits.Read());

  auto session = Session::Create(b, {.seed = 3});
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(session->Run({}, {learn, remember}).ok());
  const auto run = session->Run({}, {policy});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_GT((*run)[0].data<float>()[kBest], 0.9f) << (*run)[0].ToString();
  EXPECT_NEAR(session->VariableValues().at("baseline").scalar<float>(), kPays[kBest], 0.15f);
}

// The usual way to write the same estimate: a loss whose gradient happens to be it.
TEST(Bandit, TheGradientIsThatOfTheSurrogateLoss) {
  GraphBuilder b;
  const Output logits = Const(b, Tensor::Vector<float>({0.3f, -0.2f, 0.1f, 0.4f, 0.0f}));
  const Output baseline = Const(b, 0.4f);
  const Game game = Play(b, logits, baseline);
  const Output by_hand = Sum(b, game.rewards);

  const Output all = LogSoftmax(b, logits);
  const Output log_p = Sum(b, Mul(b, OneHot(b, game.arms, kArms), all), {1});
  const Output surrogate = Sum(b, Mul(b, StopGradient(b, Sub(b, game.rewards, baseline)), log_p));

  const auto one = DenseGradients(b, {by_hand}, {logits});
  const auto other = DenseGradients(b, {surrogate}, {logits});
  ASSERT_TRUE(one.ok() && other.ok()) << one.status() << other.status();
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run({}, {(*one)[0], (*other)[0]});
  ASSERT_TRUE(run.ok()) << run.status();
  for (int i = 0; i < kArms; ++i) {
    EXPECT_NEAR((*run)[0].data<float>()[i], (*run)[1].data<float>()[i], 1e-5f);
  }
  EXPECT_NE((*run)[0].data<float>()[0], 0);
}

}  // namespace
}  // namespace viv
