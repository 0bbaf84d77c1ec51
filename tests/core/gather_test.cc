// Gathers and scatters against index arithmetic, with gradients of gradients and bad indices.
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Gather, AlongAnAxisWithBatchDimensions) {
  const Tensor x = Iota<float>({2, 3, 5, 4});
  const Tensor shared = Tensor::Of<int32_t>({3}, {4, 0, 4});
  const Tensor own = Tensor::Of<int64_t>({2, 2}, {1, 3, 0, 2});
  GraphBuilder b;
  const Output y = GatherAxis(b, Const(b, x), Const(b, shared), -2);
  const Output z = GatherAxis(b, Const(b, x), Const(b, own), 2, 1);
  const auto got = RunOnce(b, {y, z});
  ASSERT_EQ(got[0].shape(), Shape({2, 3, 3, 4}));
  ASSERT_EQ(got[1].shape(), Shape({2, 3, 2, 4}));
  const float* from = x.data<float>();
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      for (int64_t l = 0; l < 4; ++l) {
        for (int64_t k = 0; k < 3; ++k) {
          EXPECT_EQ(got[0].data<float>()[((i * 3 + j) * 3 + k) * 4 + l],
                    from[((i * 3 + j) * 5 + shared.ElementAsInt(k)) * 4 + l]);
        }
        for (int64_t k = 0; k < 2; ++k) {
          EXPECT_EQ(got[1].data<float>()[((i * 3 + j) * 2 + k) * 4 + l],
                    from[((i * 3 + j) * 5 + own.ElementAsInt(i * 2 + k)) * 4 + l]);
        }
      }
    }
  }
}

TEST(Gather, TypesAndShapes) {
  GraphBuilder b;
  const Output words = Const(b, Tensor::Of<std::string>({3}, {"a", "b", "c"}));
  const Output half = Const(b, Iota<BFloat16>({3, 2}));
  const Output scalar = Const(b, int64_t{2});
  const Output none = Const(b, Tensor::Of<int32_t>({0, 3}, {}));
  const auto got =
      RunOnce(b, {Gather(b, words, scalar), Gather(b, half, scalar), Gather(b, half, none)});
  EXPECT_EQ(got[0].scalar<std::string>(), "c");
  EXPECT_THAT(Doubles(got[1]), ElementsAre(4, 5));
  EXPECT_EQ(got[2].shape(), Shape({0, 3, 2}));
}

TEST(Gather, CanBeDifferentiatedTwice) {
  for (const int64_t columns : {3, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {-1, columns});
    const Output rows = Gather(b, x, Const(b, Tensor::Of<int32_t>({2, 2}, {1, 3, 1, 0})));
    CheckTwice(b, Sum(b, Mul(b, rows, Square(b, rows))), {x}, {Random<double>({4, 3}, 1)});
  }
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {2, 3, 4});
  const Output indices = Const(b, Tensor::Of<int32_t>({2, 3}, {1, 1, 0, 2, 2, 2}));
  CheckTwice(b, CubicLoss(b, GatherAxis(b, x, indices, 1, 1)), {x}, {Random<double>({2, 3, 4}, 1)});
}

TEST(Gather, BadInput) {
  GraphBuilder b;
  const Output x = Const(b, Iota<float>({2, 3}));
  EXPECT_THAT(ErrorOf(b, GatherAxis(b, x, Const(b, Tensor::Of<int32_t>({2}, {0, 3})), 1)),
              HasSubstr("index 3 at position 1 is outside [0, 3)"));
  GatherAxis(b, x, Const(b, int32_t{0}), 1, 1);
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("batch_dims 1 for axis 1"));
}

TEST(ScatterAdd, SumsOf16BitsAreFormedInFloat) {
  // In bfloat16 256 + 1 is 256 again.
  GraphBuilder b;
  std::vector<BFloat16> ones(300, BFloat16(1.0f));
  const Output values = Const(b, Tensor::Of<BFloat16>({300}, ones));
  const Output indices = Const(b, Tensor::Of<int32_t>({300}, std::vector<int32_t>(300, 1)));
  const Output sum = ScatterAdd(b, indices, values, Const(b, Tensor::Vector<int64_t>({2})));
  EXPECT_THAT(Doubles(RunOnce(b, {sum})[0]), ElementsAre(0, 300));
}

}  // namespace
}  // namespace viv
