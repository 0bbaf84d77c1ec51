// The heat equation u_t = a u_xx on a rod whose ends are kept at 0, by Scan over time steps:
//   u_i <- u_i + r (u_{i-1} - 2 u_i + u_{i+1}),  r = a dt / dx^2 <= 1/2
// (explicit Euler). A rod that starts as sin(pi x) is exp(-a pi^2 t) sin(pi x) at time t.
//
// The loop is a graph, so it has a gradient: the last test finds a from the temperatures at the
// end.
#include <cmath>

#include "core/autodiff/gradients.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gtest/gtest.h"

namespace viv {
namespace {

// u: [N], the temperatures inside the rod; r: a scalar. What they are after `steps` steps.
Output Diffuse(const GraphBuilder& b, Output u, Output r, int64_t steps) {
  return Scan(b, {u}, {},
              [r](const GraphBuilder& b, const Outputs& u, const Outputs&) -> ScanValues {
                const Output rod = Pad(b, u[0], {{1, 1}});
                const int64_t n = rod.shape().dim(0);
                const Output neighbours =
                    Add(b, SliceAxis(b, rod, 0, 0, n - 2), SliceAxis(b, rod, 0, 2, n));
                const Output bend = Sub(b, neighbours, Mul(b, Const(b, 2.0), u[0]));
                return {.carries = {Add(b, u[0], Mul(b, r, bend))}};
              },
              {.length = steps})
      .carries[0];
}

// sin(pi x) at the points inside the rod, times `scale`.
Tensor Sine(int64_t n, double scale = 1) {
  std::vector<double> values;
  for (int64_t i = 1; i <= n; ++i) values.push_back(scale * std::sin(M_PI * i / (n + 1.0)));
  return Tensor::Vector<double>(values);
}

double DecayAt(double t, double a) { return std::exp(-a * M_PI * M_PI * t); }

// The largest difference from the analytic solution at time 0.1, for a = 1 and n points.
double Error(int64_t n) {
  const double dx = 1.0 / static_cast<double>(n + 1), time = 0.1;
  const int64_t steps = std::llround(time / (0.4 * dx * dx));
  GraphBuilder b;
  const Output r = Const(b, time / static_cast<double>(steps) / (dx * dx));
  const Output u = Diffuse(b, Const(b, Sine(n)), r, steps);
  auto session = Session::Create(b);
  EXPECT_TRUE(session.ok()) << session.status();
  const auto run = session->Run({}, {u});
  EXPECT_TRUE(run.ok()) << run.status();
  const Tensor exact = Sine(n, DecayAt(time, 1));
  double error = 0;
  for (int64_t i = 0; i < n; ++i) {
    error = std::max(error, std::abs((*run)[0].data<double>()[i] - exact.data<double>()[i]));
  }
  return error;
}

TEST(HeatEquation, AgreesWithTheAnalyticSolution) {
  const double coarse = Error(19), fine = Error(39);
  EXPECT_LT(fine, 3e-4);
  // Of second order: half the distance, a quarter of the error.
  EXPECT_NEAR(coarse / fine, 4, 0.2);
}

TEST(HeatEquation, FindsTheDiffusivityFromTheTemperaturesAtTheEnd) {
  constexpr int64_t kPoints = 19, kSteps = 100;
  constexpr double kTrue = 0.3;
  GraphBuilder b;
  const Output start = Const(b, Sine(kPoints));
  const Output measured = Diffuse(b, start, Const(b, kTrue), kSteps);
  const Variable r(b, "r", Const(b, 0.1));
  const Output loss = Sum(b, Square(b, Sub(b, Diffuse(b, start, r.Read(), kSteps), measured)));
  // Newton's method: the second derivative goes through the loop twice.
  const auto first = DenseGradients(b, {loss}, {r.Read()});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = DenseGradients(b, {(*first)[0]}, {r.Read()});
  ASSERT_TRUE(second.ok()) << second.status();
  const Output step = AssignAdd(b, r, Neg(b, Div(b, (*first)[0], Abs(b, (*second)[0]))));

  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(session->Run({}, {step}).ok());
  EXPECT_NEAR(session->VariableValues().at("r").scalar<double>(), kTrue, 1e-9);
}

}  // namespace
}  // namespace viv
