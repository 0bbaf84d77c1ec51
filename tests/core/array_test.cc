// Split, Stack, Tile, Pad and their like against values written by hand and index arithmetic.
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
  Split(b, Const(b, Iota<float>({3})), 0, {-1, 4});
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("a part of extent -1"));
}

TEST(Split, CanBeDifferentiatedTwice) {
  for (const int64_t extent : {4, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {2, extent});
    const auto parts = Split(b, x, 1, {1, 2, 1});
    // The middle part is not used.
    const Output y = Concat(b, {parts[2], Square(b, parts[0])}, 1);
    CheckTwice(b, Sum(b, Mul(b, y, Square(b, y))), {x}, {Random<double>({2, 4}, 1)});
  }
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

TEST(Squeeze, RemovesAxesOfOne) {
  GraphBuilder b;
  const Output x = Const(b, Iota<float>({1, 3, 1}));
  EXPECT_EQ(Squeeze(b, x, {0, -1}).shape(), PartialShape({3}));
  EXPECT_EQ(ExpandDims(b, x, -1).shape(), PartialShape({1, 3, 1, 1}));
  EXPECT_EQ(ExpandDims(b, Const(b, 1.0f), 0).shape(), PartialShape({1}));
  Squeeze(b, x, {1});
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("axis 1 of [1, 3, 1] has not extent 1"));
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

TEST(Pad, EveryMode) {
  // As numpy.pad does.
  const std::vector<std::pair<PadMode, std::vector<int64_t>>> cases = {
      {PadMode::kConstant, {9, 9, 0, 1, 2, 9}},
      {PadMode::kEdge, {0, 0, 0, 1, 2, 2}},
      {PadMode::kReflect, {2, 1, 0, 1, 2, 1}},
      {PadMode::kSymmetric, {1, 0, 0, 1, 2, 2}}};
  for (const auto& [mode, expected] : cases) {
    GraphBuilder b;
    const Output x = Const(b, Iota<int64_t>({3}));
    EXPECT_EQ(Ints(RunOnce(b, {Pad(b, x, {{2, 1}}, mode, 9)})[0]), expected);
    for (const int64_t extent : {3, -1}) {
      GraphBuilder d;
      const Output z = Placeholder(d, kDouble, {2, extent, 2});
      const Output y = Pad(d, z, {{1, 1}, {2, 0}, {0, 0}}, mode);
      CheckTwice(d, Sum(d, Mul(d, y, Square(d, y))), {z}, {Random<double>({2, 3, 2}, 1)});
    }
  }
}

TEST(Pad, ScalarsAndEmptyTensors) {
  GraphBuilder b;
  const Output empty = Const(b, Iota<float>({0, 2}));
  const auto got = RunOnce(
      b, {Pad(b, Const(b, 3.0f), {}), Pad(b, empty, {{1, 1}, {0, 1}}, PadMode::kConstant, 5)});
  EXPECT_EQ(got[0].scalar<float>(), 3);
  EXPECT_THAT(Doubles(got[1]), ElementsAre(5, 5, 5, 5, 5, 5));
  Pad(b, empty, {{1, 0}, {0, 0}}, PadMode::kEdge);
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("'edge' cannot pad extent 0"));
}

TEST(Pad, BadInput) {
  GraphBuilder b;
  Pad(b, Const(b, Iota<float>({3})), {{3, 0}}, PadMode::kReflect);
  EXPECT_THAT(std::string(b.status().message()),
              HasSubstr("'reflect' cannot pad extent 3 by 3 and 0"));
  GraphBuilder b2;
  Pad(b2, Const(b2, Iota<float>({3})), {{-1, 0}});
  EXPECT_THAT(std::string(b2.status().message()), HasSubstr("a padding of -1"));
  GraphBuilder b3;
  Pad(b3, Const(b3, Iota<float>({3})), {});
  EXPECT_THAT(std::string(b3.status().message()), HasSubstr("0 paddings for [3] of rank 1"));
}

}  // namespace
}  // namespace viv
