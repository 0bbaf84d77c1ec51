// The nearest vectors against those that are found by looking at all.
#include "models/search/vector_graph.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/random.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

std::vector<float> RandomVector(RandomStream& random, int64_t n) {
  std::vector<float> vector(n);
  for (float& x : vector) x = NormalPair(random.Next(), random.Next()).first;
  return vector;
}

float Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return static_cast<float>(ab / std::sqrt(aa * bb));
}

// Vectors around a few centres, as embeddings of photos lie.
std::vector<std::vector<float>> Clouds(int64_t count, int64_t dimensions) {
  RandomStream random(7);
  std::vector<std::vector<float>> centres, all;
  for (int i = 0; i < 20; ++i) centres.push_back(RandomVector(random, dimensions));
  for (int64_t i = 0; i < count; ++i) {
    std::vector<float> vector = RandomVector(random, dimensions);
    for (int64_t d = 0; d < dimensions; ++d) vector[d] += centres[i % 20][d];
    all.push_back(std::move(vector));
  }
  return all;
}

std::unique_ptr<VectorGraph> GraphOf(const std::vector<std::vector<float>>& vectors) {
  auto graph = VectorGraph::Make(static_cast<int64_t>(vectors[0].size()));
  EXPECT_TRUE(graph.ok()) << graph.status();
  for (const std::vector<float>& v : vectors) EXPECT_TRUE((*graph)->Add(v).ok());
  return *std::move(graph);
}

TEST(VectorGraph, FindsWhatIsNearest) {
  const std::vector<std::vector<float>> vectors = Clouds(3000, 48);
  const std::unique_ptr<VectorGraph> graph = GraphOf(vectors);
  ASSERT_EQ(graph->size(), 3000);
  RandomStream random(1);
  int64_t found = 0, wanted = 0;
  for (int i = 0; i < 50; ++i) {
    const std::vector<float> query = RandomVector(random, 48);
    std::vector<std::pair<float, int64_t>> all;
    for (size_t v = 0; v < vectors.size(); ++v) all.emplace_back(-Cosine(query, vectors[v]), v);
    std::partial_sort(all.begin(), all.begin() + 10, all.end());
    const auto near = graph->Nearest(query, 10);
    ASSERT_TRUE(near.ok()) << near.status();
    ASSERT_EQ(near->size(), 10);
    std::set<int64_t> numbers;
    for (size_t k = 0; k < 10; ++k) {
      numbers.insert((*near)[k].number);
      EXPECT_NEAR((*near)[k].similarity, Cosine(query, vectors[(*near)[k].number]), 0.02);
      if (k == 0) continue;
      EXPECT_LE((*near)[k].similarity, (*near)[k - 1].similarity);
    }
    wanted += 10;
    for (int k = 0; k < 10; ++k) found += numbers.count(all[k].second);
  }
  EXPECT_GT(found, wanted * 9 / 10);
}

TEST(VectorGraph, FindsAVectorItself) {
  const std::vector<std::vector<float>> vectors = Clouds(500, 33);
  const std::unique_ptr<VectorGraph> graph = GraphOf(vectors);
  for (int64_t i = 0; i < 500; i += 7) {
    const auto near = graph->NearestTo(i, 1);
    ASSERT_TRUE(near.ok()) << near.status();
    EXPECT_EQ((*near)[0].number, i);
    EXPECT_NEAR((*near)[0].similarity, 1, 1e-6);
  }
}

TEST(VectorGraph, GoesThroughTensors) {
  const std::vector<std::vector<float>> vectors = Clouds(1500, 20);
  const std::unique_ptr<VectorGraph> graph = GraphOf(vectors);
  const auto tensors = graph->ToTensors();
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  const auto again = VectorGraph::FromTensors(*tensors);
  ASSERT_TRUE(again.ok()) << again.status();
  RandomStream random(2);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::vector<float> query = RandomVector(random, 20);
      const auto a = graph->Nearest(query, 5), b = (*again)->Nearest(query, 5);
      ASSERT_EQ(a->size(), 5);
      for (int k = 0; k < 5 && round == 0; ++k) EXPECT_EQ((*a)[k].number, (*b)[k].number);
    }
    // It can grow on.
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE((*again)->Add(RandomVector(random, 20)).ok());
  }
  EXPECT_EQ((*again)->NearestTo(3499, 1)->front().number, 3499);
}

TEST(VectorGraph, HasParts) {
  const std::vector<std::vector<float>> vectors = Clouds(50, 8);
  const auto part = GraphOf(vectors)->Part({40, 3, 17});
  ASSERT_TRUE(part.ok()) << part.status();
  ASSERT_EQ((*part)->size(), 3);
  EXPECT_EQ((*part)->Nearest(vectors[17], 1)->front().number, 2);
  EXPECT_EQ((*part)->Nearest(vectors[0], 10)->size(), 3);
}

TEST(VectorGraph, MayBeEmptyAndHoldNothing) {
  const auto graph = VectorGraph::Make(3);
  ASSERT_TRUE(graph.ok());
  EXPECT_TRUE((*graph)->Nearest({1, 2, 3}, 5)->empty());
  const auto again = VectorGraph::FromTensors(*(*graph)->ToTensors());
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE((*again)->Add({0, 0, 0}).ok());
  ASSERT_TRUE((*again)->Add({1, 0, 0}).ok());
  const auto near = (*again)->Nearest({5, 0, 0}, 5);
  ASSERT_EQ(near->size(), 2);
  EXPECT_EQ((*near)[0].number, 1);
  EXPECT_EQ((*near)[1].similarity, 0);
  EXPECT_TRUE((*again)->Nearest({5, 0, 0}, -1)->empty());
}

TEST(VectorGraph, RefusesOtherVectors) {
  EXPECT_FALSE(VectorGraph::Make(0).ok());
  EXPECT_FALSE(VectorGraph::Make(1 << 20).ok());
  const auto graph = VectorGraph::Make(2);
  EXPECT_THAT(std::string((*graph)->Add({1}).message()), HasSubstr("a vector of 1 numbers"));
  EXPECT_THAT(std::string((*graph)->Add({1, NAN}).message()), HasSubstr("NaN"));
  EXPECT_FALSE((*graph)->Nearest({1, 2, 3}, 1).ok());
  EXPECT_EQ((*graph)->size(), 0);
}

TEST(VectorGraph, RefusesDamagedTensors) {
  const auto good = GraphOf(Clouds(300, 4))->ToTensors();
  ASSERT_TRUE(good.ok());
  for (const auto& [name, tensor] : *good) {
    NamedTensors bad = *good;
    bad.erase(name);
    EXPECT_FALSE(VectorGraph::FromTensors(bad).ok()) << name;
    bad[name] = Tensor::Scalar<float>(1);
    EXPECT_FALSE(VectorGraph::FromTensors(bad).ok()) << name;
    if (name == "codes") continue;
    // Whatever is changed, nothing is read that is not there.
    RandomStream random(3);
    for (int i = 0; i < 300; ++i) {
      bad[name] = *tensor.Clone();
      const int32_t strange[] = {-1, 300, 33, 1 << 30, INT32_MIN, 0, 2};
      const auto at = static_cast<int64_t>(random.Below(tensor.num_elements()));
      bad[name].mutable_data<int32_t>()[at] = strange[i % 7];
      const auto graph = VectorGraph::FromTensors(bad);
      if (!graph.ok()) continue;
      EXPECT_TRUE((*graph)->Nearest({1, 2, 3, 4}, 20).ok());
    }
  }
}

}  // namespace
}  // namespace viv
