// Copies by strides: Slice, Reverse, Transpose, BroadcastTo, against index arithmetic element by
// element.
#include <algorithm>
#include <cstring>

#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Slice, FollowsPython) {
  // What Python 3.11 says of list(range(10))[begin:end:step].
  struct Case {
    SliceRange range;
    std::vector<int64_t> expected;
  };
  const std::vector<Case> cases = {
      {{}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
      {{.begin = 2, .end = 5}, {2, 3, 4}},
      {{.begin = -3}, {7, 8, 9}},
      {{.end = -7}, {0, 1, 2}},
      {{.begin = 1, .end = 9, .step = 3}, {1, 4, 7}},
      {{.step = -1}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
      {{.begin = 8, .end = 2, .step = -3}, {8, 5}},
      {{.begin = 2, .end = -11, .step = -1}, {2, 1, 0}},
      {{.begin = -100, .end = 100, .step = 4}, {0, 4, 8}},
      {{.begin = 100, .step = -5}, {9, 4}},
      {{.begin = 5, .end = 5}, {}},
      {{.begin = 6, .end = 2}, {}},
      {{.begin = 20, .end = 30}, {}},
      {{.step = 1000}, {0}},
  };
  for (const Case& test : cases) {
    GraphBuilder b;
    const Output x = Placeholder(b, kInt64, {-1});
    const Output y = Slice(b, x, {test.range});
    const Output known = Slice(b, Const(b, Iota<int64_t>({10})), {test.range});
    ASSERT_TRUE(b.ok()) << b.status();
    EXPECT_EQ(known.shape(), PartialShape({static_cast<int64_t>(test.expected.size())}));
    const auto got = RunOnce(b, {y, known}, {{x, Iota<int64_t>({10})}});
    EXPECT_EQ(Ints(got[0]), test.expected);
    EXPECT_EQ(Ints(got[1]), test.expected);
  }
}

template <typename T>
void CheckSlicesOf(const Tensor& x) {
  GraphBuilder b;
  const Output y =
      Slice(b, Const(b, x), {{.begin = 2, .step = -2}, {}, {.begin = 1, .end = 70, .step = 3}});
  const Tensor got = RunOnce(b, {y})[0];
  ASSERT_EQ(got.shape(), Shape({2, 37, 23}));
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 37; ++j) {
      for (int64_t k = 0; k < 23; ++k) {
        const T* from = x.data<T>() + ((2 - 2 * i) * 37 + j) * 73 + 1 + 3 * k;
        const T* to = got.data<T>() + (i * 37 + j) * 23 + k;
        ASSERT_EQ(std::memcmp(from, to, sizeof(T)), 0);
      }
    }
  }
}

TEST(Slice, EveryWidthOfElement) {
  CheckSlicesOf<uint8_t>(Iota<uint8_t>({3, 37, 73}));
  CheckSlicesOf<BFloat16>(Iota<BFloat16>({3, 37, 73}));
  CheckSlicesOf<int32_t>(Iota<int32_t>({3, 37, 73}));
  CheckSlicesOf<double>(Iota<double>({3, 37, 73}));
}

TEST(Slice, Strings) {
  GraphBuilder b;
  const Output x = Const(b, Tensor::Of<std::string>({2, 2}, {"a", "b", "c", "d"}));
  const Tensor y = RunOnce(b, {Reverse(b, x, {0, -1})})[0];
  EXPECT_THAT(y.flat<std::string>(), ElementsAre("d", "c", "b", "a"));
}

TEST(Slice, ScalarsAndEmptyTensors) {
  GraphBuilder b;
  const Output scalar = Slice(b, Const(b, 3.0f), {});
  const Output empty = Slice(b, Const(b, Iota<float>({0, 3})), {{.step = -1}, {.begin = 1}});
  const auto got = RunOnce(b, {scalar, empty});
  EXPECT_EQ(got[0].scalar<float>(), 3);
  EXPECT_EQ(got[1].shape(), Shape({0, 2}));
}

TEST(Slice, CanBeDifferentiatedTwice) {
  for (const int64_t extent : {5, -1}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, {extent, 4});
    const Output y = Slice(b, x, {{.begin = 3, .step = -2}, {.begin = 1}});
    CheckTwice(b, Sum(b, Mul(b, y, Square(b, y))), {x}, {Random<double>({5, 4}, 1)});
    CheckTwice(b, Sum(b, Square(b, Square(b, SliceAxis(b, x, -1, 1, 3)))), {x},
               {Random<double>({5, 4}, 1)});
  }
}

TEST(Slice, BadInput) {
  GraphBuilder b;
  Slice(b, Const(b, Iota<float>({3})), {{.step = 0}});
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("a step of 0"));
  GraphBuilder b2;
  Slice(b2, Const(b2, Iota<float>({3})), {{}, {}});
  EXPECT_THAT(std::string(b2.status().message()), HasSubstr("2 ranges for [3] of rank 1"));
  GraphBuilder b3;
  Reverse(b3, Const(b3, Iota<float>({3})), {1});
  EXPECT_THAT(std::string(b3.status().message()), HasSubstr("axis 1 is outside rank 1"));
}

// Every permutation of the axes of shapes that meet the tiles of the copy in the middle.
TEST(Transpose, EveryPermutation) {
  for (const Shape& shape : {Shape({3, 1, 17, 33}), Shape({2, 16, 5, 40}), Shape({2, 0, 3, 1})}) {
    std::vector<int64_t> perm = {0, 1, 2, 3};
    const Tensor x = Iota<int32_t>(shape);
    do {
      GraphBuilder b;
      const Tensor y = RunOnce(b, {Transpose(b, Const(b, x), perm)})[0];
      int64_t at[4], strides[4];
      for (int i = 0; i < 4; ++i) strides[i] = shape.Elements(static_cast<int>(perm[i]) + 1, 4);
      int64_t n = 0;
      for (at[0] = 0; at[0] < y.dim(0); ++at[0]) {
        for (at[1] = 0; at[1] < y.dim(1); ++at[1]) {
          for (at[2] = 0; at[2] < y.dim(2); ++at[2]) {
            for (at[3] = 0; at[3] < y.dim(3); ++at[3]) {
              int64_t from = 0;
              for (int i = 0; i < 4; ++i) from += at[i] * strides[i];
              ASSERT_EQ(y.data<int32_t>()[n++], from);
            }
          }
        }
      }
      ASSERT_EQ(n, x.num_elements());
    } while (std::next_permutation(perm.begin(), perm.end()));
  }
}

TEST(Transpose, BoolsAndStrings) {
  GraphBuilder b;
  const Output strings = Const(b, Tensor::Of<std::string>({2, 2}, {"a", "b", "c", "d"}));
  const Output bools = Const(b, Tensor::Of<bool>({1, 2}, {true, false}));
  const auto got = RunOnce(b, {Transpose(b, strings, {1, 0}), Transpose(b, bools, {1, 0})});
  EXPECT_THAT(got[0].flat<std::string>(), ElementsAre("a", "c", "b", "d"));
  EXPECT_THAT(Ints(got[1]), ElementsAre(1, 0));
}

TEST(BroadcastTo, EveryType) {
  for (const DType type : kAllTypes) {
    GraphBuilder b;
    const Output x = type == kString ? Const(b, Tensor::Scalar("1")) : ScalarLike(b, 1, type);
    const Output shape = Const(b, Tensor::Vector<int64_t>({2, 3}));
    const Tensor y = RunOnce(b, {Fill(b, shape, x)})[0];
    ASSERT_EQ(y.dtype(), type);
    ASSERT_EQ(y.shape(), Shape({2, 3}));
    for (int64_t i = 0; i < 6; ++i) {
      if (type == kString) {
        EXPECT_EQ(y.data<std::string>()[i], "1");
      } else {
        EXPECT_EQ(y.ElementAsDouble(i), 1);
      }
    }
  }
}

TEST(BroadcastTo, RepeatsRowsAndColumns) {
  GraphBuilder b;
  const Output row = Const(b, Tensor::Of<int32_t>({3}, {1, 2, 3}));
  const Output column = Const(b, Tensor::Of<int32_t>({2, 1}, {1, 2}));
  const Output shape = Const(b, Tensor::Vector<int64_t>({2, 3}));
  const Output none = Const(b, Tensor::Vector<int64_t>({0, 3}));
  const auto got = RunOnce(
      b, {BroadcastTo(b, row, shape), BroadcastTo(b, column, shape), BroadcastTo(b, row, none)});
  EXPECT_THAT(Ints(got[0]), ElementsAre(1, 2, 3, 1, 2, 3));
  EXPECT_THAT(Ints(got[1]), ElementsAre(1, 1, 1, 2, 2, 2));
  EXPECT_THAT(Ints(got[2]), IsEmpty());
}

}  // namespace
}  // namespace viv
