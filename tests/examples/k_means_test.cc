// K-means (Lloyd 1982): a program that is no neural net. It groups points around k centres, by
// turns giving each point to its nearest centre and moving each centre to the mean of its points.
//
// Two ways to run it: a step a run, with the centres in a variable, or all of it as one While.
#include <cmath>

#include "core/base/random.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

// points: [N, D], centres: [K, D] -> squared distances, [N, K]: |x|^2 - 2 x c + |c|^2.
Output SquaredDistances(const GraphBuilder& b, Output points, Output centres) {
  const Output products = MatMul(b, points, centres, {.transpose_b = true});
  const Output of_points = Sum(b, Square(b, points), {1}, /*keep_dims=*/true);
  const Output of_centres = Sum(b, Square(b, centres), {1});
  return Add(b, Sub(b, of_points, Mul(b, Const(b, 2.0), products)), of_centres);
}

struct Clusters {
  Output centres;  // [K, D]
  Output cost;     // the mean squared distance to the nearest centre, before the step
};

// One step. A centre without points stays where it is.
Clusters Lloyd(const GraphBuilder& b, Output points, Output centres, int64_t k) {
  const TopKResult nearest = TopK(b, SquaredDistances(b, points, centres), 1, /*largest=*/false);
  const Output owner = Squeeze(b, nearest.indices, {1});
  const Output counts = SegmentSum(b, OnesLike(b, owner), owner, k);
  const Output occupied = ExpandDims(b, Greater(b, counts, Const<int64_t>(b, 0)), 1);
  const Output moved = Select(b, occupied, SegmentMean(b, points, owner, k), centres);
  return {moved, Mean(b, nearest.values)};
}

// Gonzalez 1985: the first point, then k - 1 times the point that is farthest from all before.
Output FarthestPoints(const GraphBuilder& b, Output points, int64_t k) {
  const Output first = SliceAxis(b, points, 0, 0, 1);
  const ScanValues chosen = Scan(
      b, {Squeeze(b, SquaredDistances(b, points, first), {1})}, {},
      [points](const GraphBuilder& b, const Outputs& distance, const Outputs&) -> ScanValues {
        const Output next = Gather(b, points, TopK(b, distance[0], 1).indices);  // [1, D]
        const Output to_next = Squeeze(b, SquaredDistances(b, points, next), {1});
        return {.carries = {Minimum(b, distance[0], to_next)}, .outputs = {Squeeze(b, next, {0})}};
      },
      {.length = k - 1});
  return Concat(b, {first, chosen.outputs[0]}, 0);
}

// Points around planted centres, which are farther from each other than from their points.
constexpr int kClusters = 4, kPoints = 400;
const double kPlanted[kClusters][2] = {{0, 0}, {4, 0}, {0, 4}, {5, 5}};

Tensor PlantedPoints() {
  RandomStream random(7);
  std::vector<double> values;
  for (int i = 0; i < kPoints; ++i) {
    const int cluster = static_cast<int>(random.Uniform() * kClusters);
    for (int d = 0; d < 2; ++d) values.push_back(kPlanted[cluster][d] + random.Uniform() - 0.5);
  }
  return Tensor::Of<double>({kPoints, 2}, values);
}

// Each planted centre has one of the found ones within 0.1.
void ExpectPlanted(const Tensor& centres) {
  for (const auto& planted : kPlanted) {
    int near = 0;
    for (int c = 0; c < kClusters; ++c) {
      const double* found = centres.data<double>() + 2 * c;
      near += std::hypot(found[0] - planted[0], found[1] - planted[1]) < 0.1;
    }
    EXPECT_EQ(near, 1) << planted[0] << ", " << planted[1];
  }
}

TEST(KMeans, FindsPlantedClustersStepByStep) {
  GraphBuilder b;
  const Output points = Const(b, PlantedPoints());
  const Variable centres(b, "centres", FarthestPoints(b, points, kClusters));
  const Clusters next = Lloyd(b, points, centres.Read(), kClusters);
  const Output step = Assign(b, centres, next.centres);

  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  double cost = INFINITY;
  for (int i = 0; i < 10; ++i) {
    const auto run = session->Run({}, {next.cost, step});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_LE((*run)[0].scalar<double>(), cost + 1e-12) << "the cost rises in step " << i;
    cost = (*run)[0].scalar<double>();
  }
  EXPECT_NEAR(cost, 2.0 / 12, 0.02);  // the variance of two uniform numbers
  ExpectPlanted(session->VariableValues().at("centres"));
}

TEST(KMeans, FindsPlantedClustersInOneRun) {
  GraphBuilder b;
  const Output points = Const(b, PlantedPoints());
  // From anywhere: here from points that may lie in one cluster.
  const Output initial = SliceAxis(b, points, 0, 0, kClusters);
  const WhileValues end = While(
      b, {initial, Const<double>(b, INFINITY), Const<double>(b, 1e300)},
      [](const GraphBuilder& b, const Outputs& v) { return Less(b, v[2], v[1]); },
      [points](const GraphBuilder& b, const Outputs& v) -> Outputs {
        const Clusters next = Lloyd(b, points, v[0], kClusters);
        return {next.centres, v[2], next.cost};  // centres, last cost, cost
      },
      {.max_steps = 100});
  const Clusters fixed = Lloyd(b, points, end.values[0], kClusters);

  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto run = session->Run({}, {end.values[0], fixed.centres, end.steps});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_LT((*run)[2].scalar<int64_t>(), 100);
  // Where the cost falls no more, the centres stay.
  for (int i = 0; i < 2 * kClusters; ++i) {
    EXPECT_NEAR((*run)[0].data<double>()[i], (*run)[1].data<double>()[i], 1e-9);
  }
}

}  // namespace
}  // namespace viv
