// Passes one by one: what they replace, what they leave alone, and that values stay.
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/passes/optimize.h"
#include "core/runtime/evaluate.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

absl::StatusOr<std::vector<Tensor>> Evaluate(const Node& node, absl::Span<const Tensor> inputs) {
  return EvaluateNode(node, inputs, {});
}

std::unique_ptr<ProgramGraph> Copy(const GraphBuilder& b, const std::vector<Output>& feeds,
                                   const std::vector<Output>& fetches) {
  EXPECT_TRUE(b.ok()) << b.status();
  auto copy = ProgramGraph::Create(b.graph(), feeds, fetches);
  EXPECT_TRUE(copy.ok()) << copy.status();
  return *std::move(copy);
}

int Count(const ProgramGraph& program, const std::string& op) {
  int count = 0;
  for (const auto& node : program.graph().nodes()) count += node->op_name() == op;
  return count;
}

// After all passes.
std::unique_ptr<ProgramGraph> Optimized(const GraphBuilder& b, const std::vector<Output>& feeds,
                                        const std::vector<Output>& fetches) {
  auto program = Copy(b, feeds, fetches);
  const auto report = Optimize(*program, {}, &Evaluate);
  EXPECT_TRUE(report.ok()) << report.status();
  return program;
}

TEST(ProgramGraph, KeepsWhatIsNeededAndItsNames) {
  GraphBuilder b;
  const Output x = Placeholder(b.Named("x"), kFloat, {-1, 2});
  const Output y = Neg(b.Named("y"), x);
  const Output z = Exp(b.Named("z"), y);
  Exp(b.Named("unused"), z);
  auto whole = Copy(b, {x}, {z});
  EXPECT_EQ(whole->graph().nodes().size(), 3u);
  EXPECT_EQ(whole->fetches()[0].node->name(), "z");
  EXPECT_EQ(whole->fetches()[0].shape(), z.shape());
  // A fed output in the middle hides what is before it.
  auto part = Copy(b, {y}, {z});
  EXPECT_EQ(part->graph().nodes().size(), 2u);
  EXPECT_EQ(part->feeds()[0].node->op_name(), "Placeholder");
  EXPECT_EQ(part->feeds()[0].shape(), y.shape());
  EXPECT_EQ(b.graph().nodes().size(), 4u) << "the source changed";
}

TEST(ProgramGraph, AFedFetchIsTheFeed) {
  GraphBuilder b;
  const Output y = Neg(b, Const(b, 1.0f));
  auto program = Copy(b, {y}, {y});
  EXPECT_EQ(program->fetches()[0], program->feeds()[0]);
}

TEST(ProgramGraph, APassesNodeStandsWhereTheOldOneStood) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const Output first = Add(b, x, Neg(b, x));
  const Output second = Exp(b, x);
  auto program = Copy(b, {x}, {first, second});
  ASSERT_EQ(*Simplify(*program), 1);
  const auto order = program->Order();
  ASSERT_TRUE(order.ok());
  const auto at = [&](const Output& o) {
    return std::find(order->begin(), order->end(), o.node) - order->begin();
  };
  EXPECT_LT(at(program->fetches()[0]), at(program->fetches()[1]));
}

TEST(Simplify, RemovesWhatChangesNothing) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2, 3});
  const Output one = Const(b, 1.0f), zero = Const(b, 0.0f);
  const Output ones = Const(b, Tensor::Of<float>({2, 3}, {1, 1, 1, 1, 1, 1}));
  const std::vector<Output> same = {
      Identity(b, x),
      StopGradient(b, x),
      Add(b, x, zero),
      Add(b, zero, x),
      Sub(b, x, zero),
      Mul(b, x, one),
      Mul(b, ones, x),
      Div(b, x, one),
      Neg(b, Neg(b, x)),
      Transpose(b, x, {0, 1}),
      Transpose(b, Transpose(b, x, {1, 0}), {1, 0}),
      Cast(b, Cast(b, x, kDouble), kFloat),
      Reshape(b, x, {-1, 3}),
      Reshape(b, Reshape(b, x, {6}), {2, 3}),
      BroadcastTo(b, x, ShapeOf(b, x)),
      SumTo(b, x, ShapeOf(b, x)),
      Concat(b, {x}, 0),
      Identity(b, Mul(b, Identity(b, Add(b, x, zero)), one)),
  };
  auto program = Optimized(b, {x}, same);
  for (size_t i = 0; i < same.size(); ++i) {
    EXPECT_EQ(program->fetches()[i], program->feeds()[0]) << same[i].node->Describe();
  }
  EXPECT_EQ(program->graph().nodes().size(), 1u);
}

TEST(Simplify, KeepsWhatChangesSomething) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {3});
  const Output open = Placeholder(b, kFloat, {-1, -1});
  const std::vector<Output> different = {
      Add(b, x, Const(b, *Tensor::Zeros(kFloat, {2, 3}))),  // broadcasts
      Sub(b, Const(b, 0.0f), x),
      Div(b, Const(b, 1.0f), x),
      Mul(b, x, Const(b, Tensor::Of<float>({3}, {1, 1, 2}))),
      Cast(b, Cast(b, x, kInt32), kFloat),
      Reshape(b, open, {-1, 3}),
      Transpose(b, open, {1, 0}),
      Neg(b, Exp(b, Neg(b, x))),
  };
  auto program = Copy(b, {x, open}, different);
  EXPECT_EQ(*Simplify(*program), 0);
}

TEST(Simplify, ComposesTransposes) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2, 3, 4});
  const Output y = Transpose(b, Transpose(b, x, {1, 2, 0}), {1, 0, 2});
  auto program = Optimized(b, {x}, {y});
  EXPECT_EQ(Count(*program, "Transpose"), 1);
  EXPECT_EQ(program->fetches()[0].node->attrs().Ints("perm"), (std::vector<int64_t>{2, 1, 0}));
  EXPECT_EQ(program->fetches()[0].shape(), y.shape());
}

TEST(Simplify, ProductsReadTransposed) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {3, 2}), y = Placeholder(b, kFloat, {4, 3});
  const Output z = MatMul(b, Transpose(b, x, {1, 0}), Transpose(b, y, {1, 0}));
  auto program = Optimized(b, {x, y}, {z});
  EXPECT_EQ(Count(*program, "Transpose"), 0);
  EXPECT_TRUE(program->fetches()[0].node->attrs().Bool("transpose_a"));
  EXPECT_TRUE(program->fetches()[0].node->attrs().Bool("transpose_b"));
}

TEST(Simplify, OperationsBroadcastScalarsThemselves) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 3}),
               s = Placeholder(b, kFloat, PartialShape::Scalar());
  const Output y = Mul(b, BroadcastTo(b, s, ShapeOf(b, x)), x);
  auto program = Optimized(b, {x, s}, {y});
  EXPECT_EQ(program->graph().nodes().size(), 3u);
}

TEST(Simplify, ControlEdgesHold) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const Output first = Exp(b, x);
  const Output later = Identity(b.After({first}), x);
  const Output followed = Identity(b, x);
  const Output last = Exp(b.After({followed}), later);
  auto program = Optimized(b, {x}, {last, Neg(b, Neg(b.After({first}), x))});
  EXPECT_EQ(Count(*program, "Identity"), 2);
  EXPECT_EQ(Count(*program, "Exp"), 2);
  EXPECT_EQ(Count(*program, "Neg"), 2);
}

TEST(Fold, ComputesWhatDependsOnConstants) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2});
  const Output c = Exp(b, Add(b, Const(b, 1.0f), Const(b, 2.0f)));
  auto program = Copy(b, {x}, {Mul(b, x, c)});
  EXPECT_EQ(*FoldConstants(*program, 1024, &Evaluate), 2);
  program->Prune();
  EXPECT_EQ(program->graph().nodes().size(), 3u);
  const Tensor* folded = ConstantOf(program->fetches()[0].node->input(1));
  ASSERT_NE(folded, nullptr);
  EXPECT_FLOAT_EQ(folded->scalar<float>(), std::exp(3.0f));
}

TEST(Fold, LeavesRandomLargeAndImpossibleNodes) {
  GraphBuilder b;
  const Output shape = Const(b, Tensor::Vector<int64_t>({1000, 1000}));
  const std::vector<Output> kept = {
      Neg(b, RandomUniform(b, {2})),
      BroadcastTo(b, Const(b, 1.0f), shape),
      Div(b, Const<int32_t>(b, 1), Const<int32_t>(b, 0)),
  };
  auto program = Copy(b, {}, kept);
  EXPECT_EQ(*FoldConstants(*program, 1024, &Evaluate), 0);
}

TEST(Fold, AsLargeAsWhatItReplacesIsFine) {
  GraphBuilder b;
  const Output large = Const(b, *Tensor::Zeros(kFloat, {100, 100}));
  auto program = Copy(b, {}, {Transpose(b, large, {1, 0})});
  EXPECT_EQ(*FoldConstants(*program, 1024, &Evaluate), 1);
}

TEST(Merge, EqualNodesBecomeOne) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2}), y = Placeholder(b, kFloat, {2});
  const Output one = Exp(b, Add(b, x, y)), two = Exp(b, Add(b, y, x));
  auto program = Copy(b, {x, y}, {Mul(b, one, two), two});
  EXPECT_EQ(*MergeEqualNodes(*program), 2);
  program->Prune();
  EXPECT_EQ(program->graph().nodes().size(), 5u);
}

TEST(Merge, KeepsWhatDiffers) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {2, 2});
  const std::vector<Output> kept = {
      Sub(b, x, Neg(b, x)),
      Sub(b, Neg(b, x), x),
      Sum(b, x, {0}),
      Sum(b, x, {1}),
      Const(b, 1.0f),
      Const(b, 2.0f),
      RandomUniform(b, {2}),
      RandomUniform(b, {2}),
      Exp(b.OnDevice("/device:cpu:0"), x),
      Exp(b.OnDevice("/device:cpu:1"), x),
  };
  auto program = Copy(b, {x}, kept);
  EXPECT_EQ(*MergeEqualNodes(*program), 1) << "only the two negations are equal";
  program->Prune();
  EXPECT_EQ(Count(*program, "RandomUniform"), 2);
}

TEST(Merge, LargeConstantsAreComparedToTheLastByte) {
  GraphBuilder b;
  std::vector<float> values(1000, 1.0f);
  const Output one = Const(b, Tensor::Vector<float>(values));
  const Output same = Const(b, Tensor::Vector<float>(values));
  values.back() = 2.0f;
  const Output other = Const(b, Tensor::Vector<float>(values));
  auto program = Copy(b, {}, {one, same, other});
  EXPECT_EQ(*MergeEqualNodes(*program), 1);
  EXPECT_EQ(program->fetches()[0], program->fetches()[1]);
  EXPECT_FALSE(program->fetches()[0] == program->fetches()[2]);
}

TEST(Optimize, NeverTouchesStateAndCountsWhatItDid) {
  GraphBuilder b;
  const Variable v(b, "v", Const(b, 1.0f));
  const Output two = Add(b, Const(b, 1.0f), Const(b, 1.0f));
  const Output update = Group(b, {AssignAdd(b, v, two), AssignAdd(b, v, Mul(b, two, two))});
  auto program = Copy(b, {}, {Identity(b, v.Read()), Identity(b, v.Read()), update});
  const auto report = Optimize(*program, {}, &Evaluate);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Count(*program, "AssignAdd"), 2);
  EXPECT_EQ(Count(*program, "Variable"), 1);
  EXPECT_EQ(report->simplified, 2);
  EXPECT_EQ(report->folded, 2);
  EXPECT_EQ(report->nodes_after, 7);
  EXPECT_THAT(report->ToString(), testing::HasSubstr("2 were simplified"));
}

}  // namespace
}  // namespace viv
