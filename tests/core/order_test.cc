// Batched products and Einsum against sums written out; sorting, segments.
#include <map>

#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Element by element, over all values of all labels.
std::vector<double> NaiveEinsum(const std::vector<std::string>& labels, const std::string& result,
                                const std::vector<Tensor>& operands) {
  std::map<char, int64_t> extents;
  for (size_t i = 0; i < labels.size(); ++i) {
    for (size_t k = 0; k < labels[i].size(); ++k) {
      extents[labels[i][k]] = operands[i].dim(static_cast<int>(k));
    }
  }
  const auto offset = [&](const std::string& axes, std::map<char, int64_t>& at) {
    int64_t index = 0;
    for (const char l : axes) index = index * extents[l] + at[l];
    return index;
  };
  int64_t all = 1, size = 1;
  for (const auto& [label, extent] : extents) all *= extent;
  for (const char l : result) size *= extents[l];
  std::vector<double> sums(size, 0.0);
  for (int64_t n = 0; n < all; ++n) {
    std::map<char, int64_t> at;
    int64_t rest = n;
    for (const auto& [label, extent] : extents) {
      at[label] = rest % extent;
      rest /= extent;
    }
    double product = 1;
    for (size_t i = 0; i < labels.size(); ++i) {
      product *= operands[i].ElementAsDouble(offset(labels[i], at));
    }
    sums[offset(result, at)] += product;
  }
  return sums;
}

void ExpectNear(const Tensor& got, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(got.num_elements(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(got.ElementAsDouble(static_cast<int64_t>(i)), expected[i], tolerance) << i;
  }
}

TEST(MatMul, BatchesBroadcast) {
  struct Case {
    std::string x, y, z;
    Shape x_shape, y_shape;
  };
  // Extents of 1 stand for a missing label.
  const std::vector<Case> cases = {{"abmk", "abkn", "abmn", {2, 3, 4, 5}, {2, 3, 5, 6}},
                                   {"abmk", "kn", "abmn", {2, 3, 4, 5}, {5, 6}},
                                   {"mk", "abkn", "abmn", {4, 5}, {2, 3, 5, 6}},
                                   {"abmk", "bkn", "abmn", {2, 3, 4, 5}, {3, 5, 1}},
                                   {"abmk", "abkn", "abmn", {0, 3, 4, 5}, {0, 3, 5, 2}},
                                   {"amk", "akn", "amn", {300, 7, 9}, {300, 9, 3}}};
  for (const Case& test : cases) {
    for (int t = 0; t < 4; ++t) {
      const bool ta = t & 1, tb = t & 2;
      const Tensor x = Random<float>(test.x_shape, 1), y = Random<float>(test.y_shape, 2);
      GraphBuilder b;
      const auto swapped = [&](const Tensor& v, bool swap) {
        std::vector<int64_t> perm;
        for (int i = 0; i < v.rank(); ++i) perm.push_back(i);
        if (swap) std::swap(perm[v.rank() - 2], perm[v.rank() - 1]);
        return Transpose(b, Const(b, v), perm);
      };
      const Output z =
          MatMul(b, swapped(x, ta), swapped(y, tb), {.transpose_a = ta, .transpose_b = tb});
      ExpectNear(RunOnce(b, {z})[0], NaiveEinsum({test.x, test.y}, test.z, {x, y}), 1e-5);
    }
  }
}

TEST(MatMul, BatchesCanBeDifferentiatedTwice) {
  const std::vector<std::pair<Shape, Shape>> cases = {{{2, 2, 3}, {2, 3, 2}},
                                                      {{2, 2, 3}, {3, 2}},
                                                      {{2, 3}, {2, 3, 2}},
                                                      {{1, 2, 2, 3}, {2, 1, 3, 2}}};
  for (const auto& [xs, ys] : cases) {
    GraphBuilder b;
    const Output x = Placeholder(b, kDouble, xs), y = Placeholder(b, kDouble, ys);
    CheckTwice(b, CubicLoss(b, MatMul(b, x, y)), {x, y},
               {Random<double>(xs, 1), Random<double>(ys, 2)});
  }
}

TEST(MatMul, BadBatches) {
  GraphBuilder b;
  MatMul(b, Const(b, Iota<float>({2, 3, 4})), Const(b, Iota<float>({3, 4, 5})));
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("cannot be broadcast together"));
}

TEST(Einsum, FollowsTheDefinition) {
  struct Case {
    std::string equation;
    std::vector<std::string> labels;
    std::string result;
  };
  const std::vector<Case> cases = {{"bij,bjk->bik", {"bij", "bjk"}, "bik"},
                                   {"ij,jk", {"ij", "jk"}, "ik"},
                                   {"ij -> ji", {"ij"}, "ji"},
                                   {"ij->", {"ij"}, ""},
                                   {"i,j->ji", {"i", "j"}, "ji"},
                                   {"bhid,bhjd->bhij", {"bhid", "bhjd"}, "bhij"},
                                   {"bijh,jkh,k->hib", {"bijh", "jkh", "k"}, "hib"},
                                   {"ij,ij->", {"ij", "ij"}, ""},
                                   {"ij,k->j", {"ij", "k"}, "j"}};
  const std::map<char, int64_t> extents = {{'b', 2}, {'d', 3}, {'h', 2},
                                           {'i', 3}, {'j', 4}, {'k', 2}};
  for (const Case& test : cases) {
    for (const bool known : {true, false}) {
      GraphBuilder b;
      std::vector<Output> in;
      std::vector<Tensor> values;
      for (const std::string& labels : test.labels) {
        Shape shape;
        for (const char l : labels) shape.Append(extents.at(l));
        values.push_back(Random<double>(shape, 7 + values.size()));
        in.push_back(Placeholder(b, kDouble,
                                 known ? PartialShape(shape) : PartialShape::OfRank(shape.rank())));
      }
      const Output y = Einsum(b, test.equation, in);
      ASSERT_TRUE(b.ok()) << b.status();
      ExpectNear(RunOnce(b, {y}, FeedsOf(in, values))[0],
                 NaiveEinsum(test.labels, test.result, values), 1e-12);
      CheckTwice(b, Sum(b, Square(b, y)), in, values);
    }
  }
}

TEST(Einsum, BadInput) {
  const auto error = [](const std::string& equation) {
    GraphBuilder b;
    Einsum(b, equation, {Const(b, Iota<float>({2, 3})), Const(b, Iota<float>({3, 2}))});
    return std::string(b.status().message());
  };
  EXPECT_THAT(error("ij,jk->ik->"), HasSubstr("more than one '->'"));
  EXPECT_THAT(error("ij->ij"), HasSubstr("names 1 operands, got 2"));
  EXPECT_THAT(error("ij,j1->i"), HasSubstr("'1' is no letter"));
  EXPECT_THAT(error("ii,jk->i"), HasSubstr("'i' stands twice in an operand"));
  EXPECT_THAT(error("ij,jk->iz"), HasSubstr("no operand has 'z'"));
  EXPECT_THAT(error("ij,jk->ii"), HasSubstr("'i' stands twice in the result"));
  EXPECT_THAT(error("ijk,jk->i"), HasSubstr("'ijk' for operand 0 of shape [2, 3]"));
  EXPECT_THAT(error("ij,ij->ij"), HasSubstr("'i' has extents 2 and 3"));
}

TEST(Order, SortsWithTiesAndNan) {
  GraphBuilder b;
  const Output x = Const(b, Tensor::Of<float>({2, 4}, {2, 7, 2, -1, NAN, 5, 9, 5}));
  const TopKResult top = TopK(b, x, 3), low = TopK(b, x, 2, false);
  const auto got = RunOnce(b, {top.indices, low.indices, low.values, ArgSort(b, x),
                               ArgSort(b, x, 0), Sort(b, x, 1, true), TopK(b, x, 0).values});
  EXPECT_THAT(Ints(got[0]), ElementsAre(1, 0, 2, 0, 2, 1));
  EXPECT_THAT(Ints(got[1]), ElementsAre(3, 0, 1, 3));
  EXPECT_THAT(Doubles(got[2]), ElementsAre(-1, 2, 5, 5));
  EXPECT_THAT(Ints(got[3]), ElementsAre(3, 0, 2, 1, 1, 3, 2, 0));
  EXPECT_THAT(Ints(got[4]), ElementsAre(0, 1, 0, 0, 1, 0, 1, 1));
  EXPECT_EQ(got[5].data<float>()[0], 7);
  EXPECT_THAT(Doubles(got[6]), IsEmpty());
  TopK(b, x, 5);
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("asks for 5 of the 4 elements"));
}

TEST(Order, FindsFewOfManyWithTiesAndNan) {
  GraphBuilder b;
  std::vector<float> values(400);
  for (int i = 0; i < 400; ++i) values[i] = static_cast<float>(i % 3);
  values[300] = NAN;
  const Output x = Const(b, Tensor::Of<float>({2, 200}, values));
  const auto got = RunOnce(b, {TopK(b, x, 4).indices});
  EXPECT_THAT(Ints(got[0]), ElementsAre(2, 5, 8, 11, 100, 0, 3, 6));
}

TEST(Order, CanBeDifferentiatedTwice) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {3, 4});
  const Output y = Concat(b, {TopK(b, x, 2).values, Sort(b, x, 0)}, 1);
  CheckTwice(b, CubicLoss(b, y), {x}, {Random<double>({3, 4}, 1)});
}

TEST(Segment, SumMeanMax) {
  GraphBuilder b;
  const Output x = Placeholder(b, kDouble, {4, 2});
  const Output segments = Const(b, Tensor::Of<int32_t>({4}, {2, 0, 2, 2}));
  const Output sum = SegmentSum(b, x, segments, 4), mean = SegmentMean(b, x, segments, 4);
  const Output max = SegmentMax(b, x, segments, 4);
  const auto got =
      RunOnce(b, {sum, mean, max}, {{x, Tensor::Of<double>({4, 2}, {1, 2, 3, 4, 8, 0, 6, 1})}});
  EXPECT_THAT(Doubles(got[0]), ElementsAre(3, 4, 0, 0, 15, 3, 0, 0));
  EXPECT_THAT(Doubles(got[1]), ElementsAre(3, 4, 0, 0, 5, 1, 0, 0));
  EXPECT_THAT(Doubles(got[2]), ElementsAre(3, 4, 0, 0, 8, 2, 0, 0));
  const Output y = Concat(b, {sum, mean, max}, 0);
  CheckTwice(b, CubicLoss(b, y), {x}, {Random<double>({4, 2}, 1)});
}

TEST(Eye, IsTheUnitMatrix) {
  GraphBuilder b;
  const auto got = RunOnce(b, {Eye(b, 2), Range(b, Const(b, int64_t{3}))});
  EXPECT_THAT(Doubles(got[0]), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(Ints(got[1]), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace viv
