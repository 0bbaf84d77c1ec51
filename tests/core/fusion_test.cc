// Fusion: the same bits as without it, on every op and on random graphs; what is fused and what is
// left alone; messages.
#include <algorithm>
#include <random>

#include "core/graph/elementwise.h"
#include "core/ops/control.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/passes/optimize.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

PassOptions Unfused() { return {.fuse = false}; }

// The values of `fetches` of runs with these passes; what the program is goes to `explained`.
std::vector<Tensor> RunWith(const GraphBuilder& b, const Feeds& feeds,
                            const std::vector<Output>& fetches, const SessionOptions& options,
                            std::string* explained = nullptr) {
  auto session = Session::Create(b, options);
  EXPECT_TRUE(session.ok()) << session.status();
  if (!session.ok()) return {};
  EXPECT_TRUE(session->Initialize().ok());
  std::vector<Output> fed;
  for (const auto& [output, value] : feeds) fed.push_back(output);
  const auto prepared = session->Prepare(fed, fetches);
  EXPECT_TRUE(prepared.ok()) << prepared.status();
  auto result = session->Run(feeds, fetches, {.step = 7});
  EXPECT_TRUE(result.ok()) << result.status();
  if (explained != nullptr && prepared.ok()) *explained = prepared->Explain();
  return result.ok() ? *result : std::vector<Tensor>();
}

void ExpectSameBits(const GraphBuilder& b, const Feeds& feeds, const std::vector<Output>& fetches,
                    std::string* explained = nullptr) {
  const std::vector<Tensor> fused = RunWith(b, feeds, fetches, {}, explained);
  const std::vector<Tensor> plain = RunWith(b, feeds, fetches, {.passes = Unfused()});
  ASSERT_EQ(fused.size(), fetches.size());
  ASSERT_EQ(plain.size(), fetches.size());
  for (size_t i = 0; i < fused.size(); ++i) {
    EXPECT_TRUE(fused[i].Identical(plain[i])) << fetches[i].node->Describe() << "\n"
                                              << fused[i].ToString() << "\n"
                                              << plain[i].ToString();
  }
}

int CountOps(const ProgramGraph& program, const std::string& op) {
  int count = 0;
  for (const auto& node : program.graph().nodes()) count += node->op_name() == op;
  return count;
}

// After the fusion alone.
std::unique_ptr<ProgramGraph> FusedGraph(const GraphBuilder& b, const std::vector<Output>& feeds,
                                         const std::vector<Output>& fetches, int expected) {
  EXPECT_TRUE(b.ok()) << b.status();
  auto program = ProgramGraph::Create(b.graph(), feeds, fetches);
  EXPECT_TRUE(program.ok()) << program.status();
  const auto fused = FuseElementwise(**program);
  EXPECT_TRUE(fused.ok()) << fused.status();
  EXPECT_EQ(*fused, expected);
  (*program)->Prune();
  return *std::move(program);
}

// x * scale in (0, 1): a value that every op takes.
Output Operand(const GraphBuilder& b, Output x, DType dtype) {
  if (dtype == kBool) return Greater(b, x, Const(b, 0.0f));
  return Cast(b, Add(b, Mul(b, x, Const(b, 0.4f)), Const(b, 0.5f)), dtype);
}

TEST(Fusion, EveryElementwiseOpLendsItsLoop) {
  int ops = 0;
  for (const std::string& name : OpRegistry::Global().Names()) {
    if (!IsElementwise(name)) continue;
    ++ops;
    for (const DType dtype : {kFloat, kDouble, kBFloat16, kHalf, kBool}) {
      const OpDef& op = *OpRegistry::Global().Find(name);
      const TypeVariable* const allowed = op.FindType("T");
      if (allowed == nullptr ||
          std::count(allowed->allowed.begin(), allowed->allowed.end(), dtype) == 0) {
        continue;
      }
      GraphBuilder b;
      const Output x = Placeholder(b, kFloat, {-1, 7}), y = Placeholder(b, kFloat, {-1, 7});
      std::vector<Output> operands;
      for (size_t i = 0; i < op.inputs.size(); ++i) {
        const bool condition = op.inputs[i].type.variable.empty();
        operands.push_back(Operand(b, i == 0 ? x : y, condition ? kBool : dtype));
      }
      AttrMap attrs;
      if (op.FindAttr("dtype") != nullptr) attrs.Set("dtype", dtype == kHalf ? kBFloat16 : kHalf);
      const Output z = BuilderRef(b).Add(name, operands, attrs);
      ASSERT_TRUE(b.ok()) << b.status();
      const Output last = z.dtype() == kBool ? Not(b, z) : Square(b, z);
      std::string explained;
      ExpectSameBits(b, {{x, Random<float>({301, 7}, 1)}, {y, Random<float>({301, 7}, 2)}}, {last},
                     &explained);
      EXPECT_THAT(explained, HasSubstr(name + "+")) << DTypeName(dtype);
    }
  }
  EXPECT_GT(ops, 30);
}

// A random DAG over tensors of shapes that broadcast to one another, some of whose inner values are
// fetched.
class RandomNet {
 public:
  RandomNet(uint32_t seed, DType dtype) : random_(seed), dtype_(dtype) {
    for (const PartialShape& shape :
         {PartialShape({-1, 17}), PartialShape({-1, 17}), PartialShape({17}), PartialShape({-1, 1}),
          PartialShape::Scalar()}) {
      feeds_.push_back(Placeholder(b_, kFloat, shape));
      values_.push_back(Cast(b_, feeds_.back(), dtype_));
    }
    const int nodes = 3 + static_cast<int>(random_() % 40);
    for (int i = 0; i < nodes; ++i) values_.push_back(Step());
    fetches_.push_back(values_.back());
    for (int i = 0; i < 2; ++i) fetches_.push_back(Pick());
    // A consumer that is not element-wise.
    fetches_.push_back(Sum(b_, Cast(b_, Pick(), kFloat)));
  }

  const GraphBuilder& builder() const { return b_; }
  const std::vector<Output>& fetches() const { return fetches_; }
  Feeds MakeFeeds(int64_t rows) {
    const std::vector<Shape> shapes = {{rows, 17}, {rows, 17}, {17}, {rows, 1}, {}};
    Feeds feeds;
    for (size_t i = 0; i < feeds_.size(); ++i) {
      feeds.push_back({feeds_[i], Random<float>(shapes[i], random_())});
    }
    return feeds;
  }

 private:
  Output Pick() {
    return values_[values_.size() - 1 - random_() % std::min<size_t>(6, values_.size())];
  }
  Output Step() {
    const Output x = Pick(), y = Pick();
    switch (random_() % 10) {
      case 0:
        return Add(b_, x, y);
      case 1:
        return Sub(b_, x, y);
      case 2:
        return Mul(b_, x, y);
      case 3:
        return Maximum(b_, x, y);
      case 4:
        return Tanh(b_, x);
      case 5:
        return Sigmoid(b_, x);
      case 6:
        return Square(b_, Tanh(b_, x));
      case 7:
        return Select(b_, Less(b_, x, y), Neg(b_, x), y);
      case 8:
        return Cast(b_, Cast(b_, x, kDouble), dtype_);
      default:
        return Div(b_, x, Add(b_, Square(b_, y), ScalarLike(b_, 1, dtype_)));
    }
  }

  std::mt19937 random_;
  const DType dtype_;
  GraphBuilder b_;
  std::vector<Output> feeds_, values_, fetches_;
};

TEST(Fusion, RandomGraphsGiveTheSameBits) {
  for (const DType dtype : {kFloat, kDouble, kBFloat16, kHalf}) {
    for (uint32_t seed = 0; seed < 25; ++seed) {
      RandomNet net(seed, dtype);
      ASSERT_TRUE(net.builder().ok()) << net.builder().status();
      for (const int64_t rows : {0, 1, 3, 200}) {
        SCOPED_TRACE(::testing::Message()
                     << DTypeName(dtype) << " seed " << seed << " rows " << rows);
        ExpectSameBits(net.builder(), net.MakeFeeds(rows), net.fetches());
      }
    }
  }
}

TEST(Fusion, AChainBecomesOneNode) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 8}), bias = Placeholder(b, kFloat, {8});
  const Output y = Tanh(b.Named("y"), Add(b, Mul(b, x, Const(b, 2.0f)), bias));
  auto program = FusedGraph(b, {x, bias}, {y}, 3);
  ASSERT_EQ(CountOps(*program, "Fused"), 1);
  EXPECT_EQ(program->graph().nodes().size(), 4u);
  EXPECT_EQ(program->fetches()[0].shape(), y.shape());
  EXPECT_THAT(program->fetches()[0].node->name(), HasSubstr("y"));
}

TEST(Fusion, WhatOthersUseIsComputedOnce) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {4});
  const Output shared = Exp(b, Neg(b, x));
  // Both sums could take it in: neither does.
  const Output y = Add(b, shared, x), z = Sub(b, shared, x);
  auto program = FusedGraph(b, {x}, {y, z}, 2);
  EXPECT_EQ(CountOps(*program, "Fused"), 1);
  EXPECT_EQ(CountOps(*program, "Add"), 1);
  // In one tree with it, a value may be used twice; one that is fetched stays.
  EXPECT_EQ(CountOps(*FusedGraph(b, {x}, {Mul(b, shared, shared)}, 3), "Fused"), 1);
  const auto fetched = FusedGraph(b, {x}, {shared, Mul(b, shared, shared)}, 2);
  EXPECT_EQ(CountOps(*fetched, "Mul"), 1);
}

TEST(Fusion, LeavesAloneWhatIsNoFloatOrElsewhereOrOrdered) {
  GraphBuilder b;
  const Output ints = Placeholder(b, kInt32, {4}), x = Placeholder(b, kFloat, {4});
  const Output row = Placeholder(b, kFloat, {2, 4});
  const GraphBuilder one = b.OnDevice("/device:cpu:1"), gpu = b.OnDevice("/device:cuda:0");
  const Output first = Neg(b, x);
  const std::vector<Output> fetches = {
      Add(b, Mul(b, ints, ints), ints),
      Neg(one, Exp(b, x)),
      Neg(gpu, Exp(gpu, x)),
      Add(b, row, Exp(b, x)),  // would be computed for every row
      Add(b, RandomNormal(b, {4}), x),
      Exp(b.After({first}), Neg(b.Named("ordered"), x)),
  };
  auto program = FusedGraph(b, {ints, x, row}, fetches, 0);
  EXPECT_EQ(CountOps(*program, "Fused"), 0);
}

TEST(Fusion, LongChainsAreSplit) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1});
  Output y = x;
  for (int i = 0; i < 40; ++i) y = Tanh(b, y);
  EXPECT_EQ(CountOps(*FusedGraph(b, {x}, {y}, 40), "Fused"), 3);
  // More inputs than a node takes.
  std::vector<Output> feeds;
  Feeds values;
  for (uint64_t i = 0; i < 30; ++i) {
    feeds.push_back(Placeholder(b, kFloat, {-1}));
    values.push_back({feeds.back(), Random<float>({2000}, i)});
  }
  Output sum = feeds[0];
  for (size_t i = 1; i < feeds.size(); ++i) sum = Add(b, sum, feeds[i]);
  EXPECT_EQ(CountOps(*FusedGraph(b, feeds, {sum}, 28), "Fused"), 4);
  ExpectSameBits(b, values, {sum});
}

TEST(Fusion, AShapeThatIsOnlyReadDoesNotStandInTheWay) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 3});
  const Output y = Tanh(b, Neg(b, x));
  // The gradient of the mean asks for the shape of y, and of its own sum.
  const auto gradient = DenseGradients(b, {Mean(b, y)}, {x});
  ASSERT_TRUE(gradient.ok()) << gradient.status();
  std::string explained;
  ExpectSameBits(b, {{x, Random<float>({5, 3}, 1)}}, *gradient, &explained);
  EXPECT_THAT(explained, HasSubstr("Neg+Tanh("));
  EXPECT_THAT(explained, Not(HasSubstr("ShapeOf")));
  EXPECT_THAT(explained, Not(HasSubstr("SumTo")));
}

TEST(Fusion, GradientsOfAFusedNetAreRight) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3, 5}), w = Placeholder(b, kDouble, {5});
  const Output y = Select(b, Greater(b, x, w), Tanh(b, Mul(b, x, w)), Sigmoid(b, Sub(b, w, x)));
  CheckTwice(b, CubicLoss(b, y), {x, w}, {Random<double>({3, 5}, 1), Random<double>({5}, 2)});
}

TEST(Fusion, InsideOfLoopsAndOnSeveralDevices) {
  GraphBuilder b;
  const Output rows = Placeholder(b, kFloat, {-1, 6}), start = Placeholder(b, kFloat, {6});
  const ScanValues scan =
      Scan(b, {start}, {rows},
           [](const GraphBuilder& b, const Outputs& carries, const Outputs& rows) -> ScanValues {
             const Output noise = RandomNormal(b, {6});
             const Output next = Tanh(b, Add(b, Mul(b, carries[0], rows[0]), noise));
             return {.carries = {next}, .outputs = {Square(b, Neg(b, next))}};
           });
  const Output here = Exp(b.OnDevice("/device:cpu:0"), Neg(b.OnDevice("/device:cpu:0"), rows));
  const Output there = Neg(b.OnDevice("/device:cpu:1"), Tanh(b.OnDevice("/device:cpu:1"), here));
  const Feeds feeds = {{rows, Random<float>({9, 6}, 1)}, {start, Random<float>({6}, 2)}};
  const std::vector<Output> fetches = {scan.carries[0], scan.outputs[0], there};
  ExpectSameBits(b, feeds, fetches);
  const std::vector<Tensor> two = RunWith(b, feeds, fetches, {.cpu_devices = 2});
  const std::vector<Tensor> plain = RunWith(b, feeds, fetches, {.passes = Unfused()});
  ASSERT_EQ(two.size(), plain.size());
  for (size_t i = 0; i < two.size(); ++i) EXPECT_TRUE(two[i].Identical(plain[i])) << i;
}

TEST(Fusion, AnErrorNamesTheNodeThatWasFused) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1}), y = Placeholder(b, kFloat, {-1});
  const Output z = Exp(b, Add(b.Named("both"), x, y));
  const std::string message =
      ErrorOf(b, z, {{x, Tensor::Vector<float>({1, 2})}, {y, Tensor::Vector<float>({1, 2, 3})}});
  EXPECT_THAT(message,
              MatchesRegex("Fused '.*: Add 'both' .*: shapes \\[2\\] and \\[3\\] cannot.*"));
}

// A Fused node of a graph file from a stranger.
std::string ErrorOfProgram(const AttrMap& attrs, DType input = kFloat) {
  GraphBuilder b;
  const Output x = Placeholder(b, input, {-1, 3});
  const Output y = BuilderRef(b).Add("Fused", {x, x}, attrs);
  return ErrorOf(b, y, {{x, *Tensor::Zeros(input, {2, 3})}});
}

TEST(Fusion, ProgramsThatMakeNoSenseAreRefused) {
  const std::vector<std::string> node = {"n"};
  const auto program = [&](const std::string& op, const std::vector<int64_t>& operands,
                           DType type = kFloat) {
    return AttrMap({{"dtype", type},
                    {"ops", std::vector<std::string>{op}},
                    {"arity", std::vector<int64_t>{static_cast<int64_t>(operands.size())}},
                    {"operands", operands},
                    {"types", std::vector<DType>{type}},
                    {"nodes", node}});
  };
  EXPECT_EQ(ErrorOfProgram(program("Add", {0, 1})), "");
  EXPECT_THAT(ErrorOfProgram(program("Add", {0, 2})), HasSubstr("no value 2"));
  EXPECT_THAT(ErrorOfProgram(program("Add", {0, -1})), HasSubstr("no value -1"));
  EXPECT_THAT(ErrorOfProgram(program("Add", {0})), HasSubstr("1 operands of 'Add'"));
  EXPECT_THAT(ErrorOfProgram(program("Neg", {0, 1})), HasSubstr("2 operands of 'Neg'"));
  EXPECT_THAT(ErrorOfProgram(program("Less", {0, 1})), HasSubstr("cannot be fused"));
  EXPECT_THAT(ErrorOfProgram(program("Softmax", {0})), HasSubstr("'Softmax' is no"));
  EXPECT_THAT(ErrorOfProgram(program("Fused", {0})), HasSubstr("'Fused' is no"));
  EXPECT_THAT(ErrorOfProgram(program("NoSuchOp", {0})), HasSubstr("'NoSuchOp' is no"));
  EXPECT_THAT(ErrorOfProgram(program("Neg", {0}, kDouble)), HasSubstr("cannot be fused"));
  EXPECT_THAT(ErrorOfProgram(program("Div", {0, 1}, kInt32), kInt32), HasSubstr("int32"));
  EXPECT_THAT(ErrorOfProgram(program("Neg", {})), HasSubstr("0 operands of 'Neg'"));
  AttrMap uneven = program("Neg", {0});
  uneven.Set("operands", std::vector<int64_t>{0, 0});
  EXPECT_THAT(ErrorOfProgram(uneven), HasSubstr("do not fit"));
  uneven.Set("arity", std::vector<int64_t>{1, 1});
  EXPECT_THAT(ErrorOfProgram(uneven), HasSubstr("differ in length"));
  AttrMap none = program("Neg", {});
  for (const char* name : {"ops", "nodes"}) none.Set(name, std::vector<std::string>());
  none.Set("arity", std::vector<int64_t>());
  none.Set("types", std::vector<DType>());
  EXPECT_THAT(ErrorOfProgram(none), HasSubstr("0 instructions"));
}

TEST(Fusion, EveryValueMustBroadcastIntoTheResult) {
  // The result is of y alone, of another shape than x.
  const AttrMap attrs({{"dtype", kFloat},
                       {"ops", std::vector<std::string>{"Neg", "Neg"}},
                       {"arity", std::vector<int64_t>{1, 1}},
                       {"operands", std::vector<int64_t>{0, 1}},
                       {"types", std::vector<DType>{kFloat, kFloat}},
                       {"nodes", std::vector<std::string>{"first", "second"}}});
  for (const Shape& shape : {Shape({2, 3}), Shape({9}), Shape({5, 4, 6}), Shape({4, 6})}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kFloat, PartialShape::OfRank(shape.rank()));
    const Output y = Placeholder(b, kFloat, {-1, -1});
    const std::string message =
        ErrorOf(b, BuilderRef(b).Add("Fused", {x, y}, attrs),
                {{x, *Tensor::Zeros(kFloat, shape)}, {y, *Tensor::Zeros(kFloat, {4, 6})}});
    EXPECT_EQ(message.empty(), shape == Shape({4, 6})) << shape.ToString() << " " << message;
  }
}

}  // namespace
}  // namespace viv
