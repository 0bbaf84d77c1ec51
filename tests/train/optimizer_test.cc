// Sparse gradients in optimizers: where rows are as good as the whole, they give the whole's
// numbers; where they are lazy, rows that no batch names stay as they are.
#include "core/train/optimizer.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/random.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

constexpr int64_t kRows = 30, kWidth = 19;

using ::testing::ElementsAre;
using ::testing::FloatEq;

using Values = std::map<std::string, Tensor>;
using MakeStep = std::function<OptimizerStep(BuilderRef, Output loss)>;

struct Outcome {
  Values variables;
  std::vector<float> norms;
  int nodes = 0;  // Apply...Rows nodes in the graph
};

// Rows of a table, some of them several times, read in two places. `through_copy` hides the gather
// from the optimizer: a sum with zeros has a dense gradient.
Outcome Train(const MakeStep& make, bool through_copy, int accumulate = 1) {
  GraphBuilder b;
  const Variable table(b, "table", RandomNormal(b, {kRows, kWidth}));
  const Variable scale(b, "scale", Const(b, 0.5f));
  Output read = table.Read();
  if (through_copy) read = Add(b, read, ZerosLike(b, read));
  const Output first = Placeholder(b, kInt32, {-1, 2}), second = Placeholder(b, kInt64, {-1});
  const Output loss = Add(b, Sum(b, Square(b, Gather(b, read, first))),
                          Sum(b, Mul(b, Tanh(b, Gather(b, read, second)), scale.Read())));
  const OptimizerStep step = make(b, loss);
  absl::StatusOr<Session> session = Session::Create(b, {.seed = 3});
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE(session->Initialize().ok());
  Outcome outcome;
  for (const auto& node : b.graph().nodes()) {
    outcome.nodes +=
        node->op().name.find("Rows") != std::string::npos && node->op().name.find("Apply") == 0;
  }
  for (int i = 0; i < 4 * accumulate; ++i) {
    const Feeds feeds = {{first, Tensor::Of<int32_t>({3, 2}, {4, 7, i % 3, 4, 20, 4})},
                         {second, Tensor::Vector<int64_t>({7, 7, 9 + i % 2})}};
    const bool waits = i % accumulate != accumulate - 1;
    const auto fetches = waits ? std::vector<Output>{step.accumulate}
                               : std::vector<Output>{step.update, step.gradient_norm};
    const auto results = session->Run(feeds, fetches);
    EXPECT_TRUE(results.ok()) << results.status();
    if (!waits) outcome.norms.push_back((*results)[1].scalar<float>());
  }
  outcome.variables = session->VariableValues();
  return outcome;
}

void ExpectSame(const Outcome& a, const Outcome& b) {
  ASSERT_EQ(a.norms.size(), b.norms.size());
  for (size_t i = 0; i < a.norms.size(); ++i) EXPECT_FLOAT_EQ(a.norms[i], b.norms[i]) << i;
  ASSERT_EQ(a.variables.size(), b.variables.size());
  for (const auto& [name, value] : a.variables) {
    if (value.dtype() != kFloat) continue;
    for (int64_t i = 0; i < value.num_elements(); ++i) {
      EXPECT_FLOAT_EQ(value.data<float>()[i], b.variables.at(name).data<float>()[i])
          << name << " " << i;
    }
  }
}

template <typename Optimizer>
MakeStep With(Optimizer optimizer) {
  return [optimizer](BuilderRef b, Output loss) { return optimizer.Step(b, loss); };
}

TEST(SparseUpdates, OfSgdAndAdagradAreThoseOfTheDenseGradient) {
  for (const float clip : {0.0f, 1.0f}) {
    const OptimizerOptions options = {.clip_norm = clip};
    for (const MakeStep& make : {With(Sgd{.learning_rate = 0.1f, .options = options}),
                                 With(Adagrad{.learning_rate = 0.1f, .options = options})}) {
      const Outcome sparse = Train(make, false), dense = Train(make, true);
      EXPECT_EQ(sparse.nodes, 1);
      EXPECT_EQ(dense.nodes, 0);
      ExpectSame(sparse, dense);
    }
  }
}

TEST(SparseUpdates, LeaveRowsAloneThatNoBatchNames) {
  const OptimizerOptions all = {.lazy_rows = false};
  const auto first = Train(With(Sgd{.learning_rate = 0.0f}), false).variables.at("table");
  const std::vector<std::pair<MakeStep, MakeStep>> rules = {
      {With(Sgd{.momentum = 0.9f}), With(Sgd{.momentum = 0.9f, .options = all})},
      {With(Sgd{.momentum = 0.9f, .nesterov = true}),
       With(Sgd{.momentum = 0.9f, .nesterov = true, .options = all})},
      {With(RmsProp{}), With(RmsProp{.options = all})},
      {With(Adam{.weight_decay = 0.1f}), With(Adam{.weight_decay = 0.1f, .options = all})}};
  for (const auto& [lazy, whole] : rules) {
    const Outcome sparse = Train(lazy, false);
    EXPECT_EQ(sparse.nodes, 1);
    // Named in every step, in some, in none.
    const Tensor& table = sparse.variables.at("table");
    EXPECT_FALSE(table.Rows(4, 5).Identical(first.Rows(4, 5)));
    EXPECT_FALSE(table.Rows(9, 10).Identical(first.Rows(9, 10)));
    EXPECT_TRUE(table.Rows(11, 20).Identical(first.Rows(11, 20)));
    const Outcome dense = Train(whole, false);
    EXPECT_EQ(dense.nodes, 0);
    ExpectSame(dense, Train(whole, true));
    // A row of every step is moved as in the whole.
    for (int64_t j = 0; j < kWidth; ++j) {
      EXPECT_FLOAT_EQ(table.data<float>()[4 * kWidth + j],
                      dense.variables.at("table").data<float>()[4 * kWidth + j]);
    }
  }
}

TEST(SparseUpdates, AccumulatedGradientsAreThoseOfTheWhole) {
  const MakeStep make = With(Adam{.options = {.clip_norm = 1, .accumulate = 3}});
  ExpectSame(Train(make, false, 3), Train(make, true, 3));
}

TEST(SparseUpdates, ATableThatIsAlsoMultipliedGetsADenseGradient) {
  GraphBuilder b;
  const Variable table(b, "table", RandomNormal(b, {kRows, kWidth}));
  const Output rows = Gather(b, table.Read(), Const(b, Tensor::Vector<int32_t>({1, 1, 5})));
  const Output loss = Sum(b, MatMul(b, rows, table.Read(), {.transpose_b = true}));
  Sgd{.learning_rate = 0.01f}.Minimize(b, loss);
  ASSERT_TRUE(b.ok()) << b.status();
  for (const auto& node : b.graph().nodes()) EXPECT_NE(node->op().name, "ApplySgdRows");
}

// The table after an update through a product of rows.
Tensor TrainedTable(DType precision) {
  GraphBuilder b;
  const Variable table(b, "table", RandomNormal(b, {kRows, 64}));
  const Variable w(b, "w", RandomNormal(b, {64, 64}, 0.1f));
  const Output rows = Gather(b, table.Read(), Const(b, Tensor::Vector<int32_t>({1, 7, 1, 5})));
  const Output step =
      Sgd{.options = {.clip_norm = 1}}.Minimize(b, Sum(b, Square(b, MatMul(b, rows, w.Read()))));
  absl::StatusOr<Session> session = Session::Create(b, {.seed = 3, .precision = precision});
  EXPECT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE(session->Initialize().ok());
  const auto result = session->Run({}, {step});
  EXPECT_TRUE(result.ok()) << result.status();
  return session->VariableValues().at("table");
}

TEST(Sgd, DecaysMatricesAndNotVectors) {
  GraphBuilder b;
  const Variable matrix(b, "matrix", Const(b, Tensor::Of<float>({1, 2}, {1, 2})));
  const Variable bias(b, "bias", Const(b, Tensor::Of<float>({2}, {1, 2})));
  const Output loss = Sum(b, Add(b, matrix.Read(), bias.Read()));
  const Output step = Sgd{.learning_rate = 0.1f, .weight_decay = 0.5f}.Minimize(b, loss);
  absl::StatusOr<Session> session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  ASSERT_TRUE(session->Run({}, {step}).ok());
  const auto values = *session->Run({}, {matrix.Read(), bias.Read()});
  EXPECT_THAT(values[0].flat<float>(), ElementsAre(FloatEq(0.85f), FloatEq(1.8f)));
  EXPECT_THAT(values[1].flat<float>(), ElementsAre(FloatEq(0.9f), FloatEq(1.9f)));
}

TEST(Optimizers, LeaveVariablesAloneThatAreNotToBeTrained) {
  GraphBuilder b;
  const Variable body(b, "body/w", Const(b, 1.0f)), head(b, "head/w", Const(b, 1.0f));
  const OptimizerOptions options = {
      .average_decay = 0.9f, .trains = [](const Variable& v) { return v.name() == "head/w"; }};
  const Output loss = Square(b, Mul(b, body.Read(), head.Read()));
  const Output step = Adam{.learning_rate = 0.1f, .options = options}.Minimize(b, loss);
  absl::StatusOr<Session> session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  ASSERT_TRUE(session->Run({}, {step}).ok());
  const Values values = session->VariableValues();
  EXPECT_EQ(values.at("body/w").scalar<float>(), 1);
  EXPECT_LT(values.at("head/w").scalar<float>(), 1);
  EXPECT_EQ(values.count("optimizer/body/w/mean") + values.count("average/body/w"), 0);
  EXPECT_EQ(values.count("optimizer/head/w/mean") + values.count("average/head/w"), 2);
}

TEST(SparseUpdates, WorkInBFloat16) {
  const Tensor exact = TrainedTable(kFloat), rough = TrainedTable(kBFloat16);
  EXPECT_FALSE(exact.Identical(rough));
  for (int64_t i = 0; i < exact.num_elements(); ++i) {
    EXPECT_NEAR(exact.data<float>()[i], rough.data<float>()[i], 2e-3) << i;
  }
}

TEST(SparseUpdates, DoNotDependOnThreads) {
  const int threads = MaxThreads();
  const MakeStep make = With(Adam{});
  SetMaxThreads(1);
  const Outcome one = Train(make, false);
  SetMaxThreads(4);
  const Outcome four = Train(make, false);
  SetMaxThreads(threads);
  for (const auto& [name, value] : one.variables) {
    EXPECT_TRUE(value.Identical(four.variables.at(name))) << name;
  }
}

}  // namespace
}  // namespace viv
