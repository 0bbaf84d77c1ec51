// Split, Stack and Tile: builder functions against values written by hand.
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Split, PartsOfEveryKind) {
  for (const int64_t extent : {6, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kInt32, {2, extent});
    std::vector<Output> parts = Split(b, x, 1, {1, 0, 5});
    for (const Output& part : SplitEqually(b, x, -1, 2)) parts.push_back(part);
    ASSERT_TRUE(b.ok()) << b.status();
    EXPECT_EQ(parts[2].shape(), PartialShape({2, 5}));
    const auto got = RunOnce(b, parts, {{x, Iota<int32_t>({2, 6})}});
    EXPECT_THAT(Ints(got[0]), ElementsAre(0, 6));
    EXPECT_EQ(got[1].shape(), Shape({2, 0}));
    EXPECT_THAT(Ints(got[2]), ElementsAre(1, 2, 3, 4, 5, 7, 8, 9, 10, 11));
    EXPECT_THAT(Ints(got[3]), ElementsAre(0, 1, 2, 6, 7, 8));
    EXPECT_THAT(Ints(got[4]), ElementsAre(3, 4, 5, 9, 10, 11));
  }
}

TEST(Split, BadInput) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1});
  EXPECT_THAT(ErrorOf(b, SplitEqually(b, x, 0, 2)[0], {{x, Iota<float>({5})}}),
              HasSubstr("the parts' extents sum up to 4, axis 0 of [5] has 5"));
}

TEST(Concat, GradientWithUnknownExtents) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {-1, 2}), y = Placeholder(b, kDouble, {-1, 2});
  const Output z = Concat(b, {x, y, x}, 0);
  CheckTwice(b, Sum(b, Mul(b, z, Square(b, z))), {x, y},
             {Random<double>({3, 2}, 1), Random<double>({1, 2}, 2)});
}

TEST(Stack, IsTheInverseOfUnstack) {
  for (const int64_t axis : {0, 1, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {2, 3, 2});
    const auto rows = Unstack(b, x, axis);
    ASSERT_EQ(rows.size(), axis == 1 ? 3u : 2u);
    const Output y = Stack(b, rows, axis);
    EXPECT_EQ(y.shape(), PartialShape({2, 3, 2}));
    EXPECT_TRUE(
        RunOnce(b, {y}, {{x, Iota<double>({2, 3, 2})}})[0].Identical(Iota<double>({2, 3, 2})));
    CheckTwice(b, CubicLoss(b, y), {x}, {Random<double>({2, 3, 2}, 1)});
  }
}

TEST(Stack, MiddleAxis) {
  GraphBuilder b;
  const Output x = Const(b, Iota<int32_t>({2, 2}));
  EXPECT_THAT(Ints(RunOnce(b, {Stack(b, {x, x}, 1)})[0]), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
}

TEST(Tile, RepeatsKnownAndUnknownExtents) {
  for (const int64_t extent : {2, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {extent, extent});
    const Output y = Tile(b, x, {2, 3}), none = Tile(b, x, {0, 1});
    const auto got = RunOnce(b, {y, none}, {{x, Iota<double>({2, 2})}});
    EXPECT_EQ(got[0].shape(), Shape({4, 6}));
    EXPECT_THAT(Doubles(got[0]), ElementsAre(0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3,  //
                                             0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3));
    EXPECT_EQ(got[1].shape(), Shape({0, 2}));
    CheckTwice(b, Sum(b, Mul(b, y, Square(b, y))), {x}, {Random<double>({2, 2}, 1)});
  }
}

}  // namespace
}  // namespace viv
