// Loss scaling: it changes no number while gradients are finite; an update whose gradients are not
// leaves everything as it was, and the scale follows.
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/random.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using MakeStep = std::function<OptimizerStep(BuilderRef, Output loss)>;
template <typename Optimizer>
MakeStep With(Optimizer optimizer, LossScale scale, float average_decay = 0) {
  optimizer.options = {.clip_norm = 1, .loss_scale = scale, .average_decay = average_decay};
  return [optimizer](BuilderRef b, Output loss) { return optimizer.Step(b, loss); };
}

// A table that is gathered from and a matrix; what is fed factors the loss.
class Learner {
 public:
  explicit Learner(const MakeStep& make) {
    const Variable table(b_, "table", RandomNormal(b_, {9, 17}));
    const Variable matrix(b_, "matrix", RandomNormal(b_, {17, 5}));
    factor_ = Placeholder(b_, kFloat, {});
    const Output rows = Gather(b_, table.Read(), Const(b_, Tensor::Vector<int32_t>({1, 4, 1})));
    const Output y = Tanh(b_, MatMul(b_, rows, matrix.Read()));
    step_ = make(b_, Mul(b_, Sum(b_, Square(b_, y)), factor_));
    auto session = Session::Create(b_, {.seed = 5});
    EXPECT_TRUE(session.ok()) << session.status();
    session_.emplace(*std::move(session));
    EXPECT_TRUE(session_->Initialize().ok());
  }

  // The gradient's norm.
  float Update(float factor) {
    const auto results = session_->Run({{factor_, Tensor::Scalar<float>(factor)}},
                                       {step_.gradient_norm, step_.update});
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? (*results)[0].scalar<float>() : 0;
  }
  std::map<std::string, Tensor> Variables() const { return session_->VariableValues(); }
  float Scale() const { return Variables().at("optimizer/loss_scale").scalar<float>(); }

 private:
  GraphBuilder b_;
  Output factor_;
  OptimizerStep step_;
  std::optional<Session> session_;
};

void ExpectSame(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  for (const auto& [name, value] : a) {
    if (name == "optimizer/loss_scale" || name == "optimizer/finite_updates") continue;
    ASSERT_TRUE(b.contains(name)) << name;
    EXPECT_TRUE(value.Identical(b.at(name))) << name;
  }
}

std::vector<std::function<MakeStep(LossScale)>> Rules() {
  return {[](LossScale s) { return With(Sgd{}, s); },
          [](LossScale s) { return With(Sgd{.momentum = 0.9f}, s); },
          [](LossScale s) { return With(Adagrad{}, s); },
          [](LossScale s) { return With(RmsProp{}, s); },
          [](LossScale s) { return With(Adam{.weight_decay = 0.1f}, s, 0.5f); }};
}

TEST(LossScale, OfAPowerOfTwoChangesNoBit) {
  for (const auto& rule : Rules()) {
    Learner plain(rule({})), scaled(rule({.initial = 4096, .grow_after = 2}));
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(plain.Update(1.0f), scaled.Update(1.0f));
      ExpectSame(plain.Variables(), scaled.Variables());
    }
    EXPECT_EQ(scaled.Scale(), 4 * 4096);
  }
}

TEST(LossScale, SkipsUpdatesWhoseGradientsAreNotFinite) {
  for (const auto& rule : Rules()) {
    Learner run(rule({.initial = 256, .grow_after = 2}));
    run.Update(1);
    const auto before = run.Variables();
    run.Update(std::numeric_limits<float>::infinity());
    ExpectSame(before, run.Variables());
    EXPECT_EQ(run.Scale(), 128);
    run.Update(std::numeric_limits<float>::quiet_NaN());
    ExpectSame(before, run.Variables());
    EXPECT_EQ(run.Scale(), 64);
    // The count begins anew.
    run.Update(1);
    EXPECT_EQ(run.Scale(), 64);
    run.Update(1);
    EXPECT_EQ(run.Scale(), 128);
    EXPECT_FALSE(before.at("matrix").Identical(run.Variables().at("matrix")));
    EXPECT_EQ(run.Variables().at("optimizer/updates").scalar<int64_t>(), 3);
  }
}

TEST(LossScale, StaysWhereItIsStatic) {
  Learner run(With(Adam{}, {.initial = 64, .grow_after = 0}));
  run.Update(1);
  const auto before = run.Variables();
  run.Update(std::numeric_limits<float>::infinity());
  ExpectSame(before, run.Variables());
  EXPECT_EQ(run.Scale(), 64);
}

}  // namespace
}  // namespace viv
