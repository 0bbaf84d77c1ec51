// Random builder functions: what they draw, and what it depends on. (Distributions:
// tests/ops/random_case.cc.)
#include "core/ops/random.h"

#include <algorithm>
#include <numeric>

#include "core/base/parallel.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

std::vector<Output> Draws(const GraphBuilder& b) {
  const Output logits = Const(b, Random<float>({301, 7}, 1));
  return {RandomNormal(b.Named("n"), {40001}), TruncatedNormal(b.Named("t"), {40001}),
          RandomBernoulli(b.Named("b"), {40001}), Categorical(b.Named("c"), logits, 40),
          RandomPermutation(b.Named("p"), 1001)};
}

TEST(RandomOps, AreFunctionsOfSeedAndStepAndNotOfThreads) {
  GraphBuilder b;
  const std::vector<Output> draws = Draws(b);
  const auto run = [&](uint64_t seed, int64_t step) {
    auto session = Session::Create(b, {.seed = seed});
    auto values = session->Run({}, draws, {.step = step});
    EXPECT_TRUE(values.ok()) << values.status();
    return *values;
  };
  const std::vector<Tensor> first = run(1, 1), other_step = run(1, 2), other_seed = run(2, 1);
  std::vector<Tensor> serial;
  {
    const SerialRegion one_thread;
    serial = run(1, 1);
  }
  for (size_t i = 0; i < draws.size(); ++i) {
    EXPECT_TRUE(first[i].Identical(serial[i])) << draws[i].name();
    EXPECT_FALSE(first[i].Identical(other_step[i])) << draws[i].name();
    EXPECT_FALSE(first[i].Identical(other_seed[i])) << draws[i].name();
  }
}

TEST(RandomBernoulli, IsTrueAsOftenAsItSays) {
  GraphBuilder b;
  const auto got = RunOnce(b, {RandomBernoulli(b, {10000}, 0.2f), RandomBernoulli(b, {99}, 0),
                               RandomBernoulli(b, {99}, 1)});
  const auto count = [&](int i) {
    const auto truths = got[i].flat<bool>();
    return std::count(truths.begin(), truths.end(), true);
  };
  EXPECT_NEAR(count(0), 2000, 200);  // five standard deviations
  EXPECT_EQ(count(1), 0);
  EXPECT_EQ(count(2), 99);
}

TEST(RandomPermutation, EveryPlaceIsEquallyLikely) {
  constexpr int64_t kSize = 4;
  constexpr int kRuns = 4000;
  GraphBuilder b;
  const Output permutation = RandomPermutation(b, kSize);
  auto session = Session::Create(b);
  std::vector<double> seen(kSize * kSize);
  for (int run = 0; run < kRuns; ++run) {
    std::vector<int64_t> p = Ints((*session->Run({}, {permutation}))[0]);
    for (int64_t i = 0; i < kSize; ++i) seen.at(i * kSize + p[i]) += 1;
    std::sort(p.begin(), p.end());
    for (int64_t i = 0; i < kSize; ++i) ASSERT_EQ(p[i], i);
  }
  for (const double n : seen) EXPECT_NEAR(n, kRuns / kSize, 5 * std::sqrt(kRuns / kSize));
}

TEST(Shuffle, MovesWholeRows) {
  GraphBuilder b;
  const auto got = RunOnce(
      b, {Shuffle(b, Const(b, Iota<int32_t>({50, 2}))), Shuffle(b, Const(b, Iota<float>({0, 3})))});
  std::vector<int64_t> first;
  for (int64_t i = 0; i < 50; ++i) {
    first.push_back(got[0].ElementAsInt(2 * i));
    EXPECT_EQ(got[0].ElementAsInt(2 * i + 1), first.back() + 1);
  }
  EXPECT_FALSE(std::is_sorted(first.begin(), first.end()));
  std::sort(first.begin(), first.end());
  for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(first[i], 2 * i);
  EXPECT_EQ(got[1].shape(), Shape({0, 3}));

  Shuffle(b, Placeholder(b, kFloat, {-1, 2}));
  EXPECT_THAT(std::string(b.status().message()), HasSubstr("Shuffle: how many rows has [?, 2]"));
}

}  // namespace
}  // namespace viv
