// The executor, with all passes and without, on one device and on two, against the naive
// interpreter, on random graphs.
//
// VIV_SEED=n VIV_GRAPHS=1 repeats the graph that a failure names; tools/soak.sh runs many.
#include "random_graph.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/graph/dot.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "gtest/gtest.h"
#include "naive_interpreter.h"

namespace viv {
namespace {

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

bool Near(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
}

void ExpectSame(const NaiveValue& want, const NaiveValue& got, const std::string& what) {
  ASSERT_EQ(want.dtype, got.dtype) << what;
  ASSERT_EQ(want.dims, got.dims) << what;
  for (size_t i = 0; i < want.v.size(); ++i) {
    ASSERT_TRUE(Near(want.v[i], got.v[i]))
        << what << " element " << i << " is " << got.v[i] << ", not " << want.v[i];
  }
}

struct Config {
  const char* name;
  SessionOptions options;
};
std::vector<Config> Configs() {
  return {{"plain", {.passes = PassOptions::None()}},
          {"optimised", {}},
          {"plain on two devices", {.passes = PassOptions::None(), .cpu_devices = 2}},
          {"optimised on two devices", {.cpu_devices = 2}}};
}

// What a session computes in a few runs, and its variables after each.
struct Trace {
  std::vector<std::vector<NaiveValue>> values, gradients;
  std::vector<std::map<std::string, NaiveValue>> variables;
};
constexpr int kRuns = 3;

std::map<std::string, NaiveValue> VariablesOf(const Session& session) {
  std::map<std::string, NaiveValue> variables;
  for (const auto& [name, value] : session.VariableValues()) variables[name] = FromTensor(value);
  return variables;
}

absl::StatusOr<Trace> RunSession(const RandomGraph& graph, const std::vector<Output>& gradients,
                                 const SessionOptions& options) {
  Trace trace;
  absl::StatusOr<Session> session = Session::Create(graph.b, options);
  if (!session.ok()) return session.status();
  if (absl::Status status = session->Initialize(); !status.ok()) return status;
  std::vector<Output> fetches = graph.values;
  fetches.insert(fetches.end(), graph.updates.begin(), graph.updates.end());
  for (int run = 0; run < kRuns; ++run) {
    const auto derived = session->Run(graph.feeds, gradients);
    if (!derived.ok()) return derived.status();
    trace.gradients.emplace_back();
    for (const Tensor& tensor : *derived) trace.gradients.back().push_back(FromTensor(tensor));
    const auto results = session->Run(graph.feeds, fetches);
    if (!results.ok()) return results.status();
    trace.values.emplace_back();
    for (size_t i = 0; i < graph.values.size(); ++i) {
      trace.values.back().push_back(FromTensor((*results)[i]));
      if (!graph.values[i].shape().Compatible((*results)[i].shape())) {
        return absl::InternalError(absl::StrCat(graph.values[i].name(), " is said to be ",
                                                graph.values[i].shape().ToString(), ", but is ",
                                                (*results)[i].shape().ToString()));
      }
    }
    trace.variables.push_back(VariablesOf(*session));
  }
  return trace;
}

absl::StatusOr<Trace> Interpret(const RandomGraph& graph) {
  absl::StatusOr<Session> session = Session::Create(graph.b);
  if (!session.ok()) return session.status();
  if (absl::Status status = session->Initialize(); !status.ok()) return status;
  NaiveInterpreter interpreter(VariablesOf(*session));
  std::map<Output, NaiveValue> feeds;
  for (const auto& [output, value] : graph.feeds) feeds[output] = FromTensor(value);
  std::vector<Output> fetches = graph.values;
  fetches.insert(fetches.end(), graph.updates.begin(), graph.updates.end());
  Trace trace;
  for (int run = 0; run < kRuns; ++run) {
    trace.values.push_back(interpreter.Run(feeds, fetches));
    trace.variables.push_back(interpreter.variables());
  }
  return trace;
}

void ExpectSameTrace(const RandomGraph& graph, const Trace& want, const Trace& got) {
  for (int run = 0; run < kRuns; ++run) {
    const std::string where = absl::StrCat(" in run ", run);
    for (size_t i = 0; i < graph.values.size(); ++i) {
      ExpectSame(want.values[run][i], got.values[run][i], graph.values[i].name() + where);
    }
    if (::testing::Test::HasFatalFailure()) return;
    for (size_t i = 0; i < want.gradients[run].size(); ++i) {
      ExpectSame(want.gradients[run][i], got.gradients[run][i],
                 absl::StrCat("gradient ", i, where));
    }
    for (const auto& [name, value] : want.variables[run]) {
      ExpectSame(value, got.variables[run].at(name), name + where);
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

std::vector<Output> Floating(const std::vector<Output>& outputs) {
  std::vector<Output> floating;
  for (const Output& output : outputs) {
    if (IsFloating(output.dtype())) floating.push_back(output);
  }
  return floating;
}

void CheckAgainstInterpreter(uint64_t seed) {
  const RandomGraph graph = MakeRandomGraph(seed, /*smooth=*/false);
  ASSERT_TRUE(graph.b.ok()) << graph.b.status();
  // For whoever looks for the cause of a failure.
  if (std::getenv("VIV_PRINT") != nullptr) std::puts(ToDot(graph.b.graph()).c_str());
  // Before the gradient: loops and branches then save more than their meaning.
  absl::StatusOr<Trace> want = Interpret(graph);
  ASSERT_TRUE(want.ok()) << want.status();
  const auto gradients = DenseGradients(graph.b, Floating(graph.values), graph.inputs);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  for (const Config& config : Configs()) {
    SCOPED_TRACE(config.name);
    const absl::StatusOr<Trace> trace = RunSession(graph, *gradients, config.options);
    ASSERT_TRUE(trace.ok()) << trace.status();
    // There is no second opinion on gradients: all sessions agree with the first one.
    if (want->gradients.empty()) want->gradients = trace->gradients;
    ExpectSameTrace(graph, *want, *trace);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(RandomGraph, TheExecutorAgreesWithTheNaiveInterpreter) {
  const uint64_t seed = NumberFrom("VIV_SEED", 1), count = NumberFrom("VIV_GRAPHS", 200);
  for (uint64_t i = 0; i < count; ++i) {
    SCOPED_TRACE(absl::StrCat("VIV_SEED=", seed + i, " VIV_GRAPHS=1"));
    CheckAgainstInterpreter(seed + i);
    if (HasFailure()) return;
  }
}

// The loss with the fed numbers moved along a direction.
absl::StatusOr<double> LossAt(Session& session, const RandomGraph& graph, Output loss,
                              const std::vector<std::vector<double>>& direction, double by) {
  Feeds feeds = graph.feeds;
  size_t k = 0;
  for (auto& [output, value] : feeds) {
    if (output.dtype() != kDouble) continue;
    absl::StatusOr<Tensor> moved = value.Clone();
    if (!moved.ok()) return moved.status();
    for (size_t j = 0; j < direction[k].size(); ++j) {
      moved->mutable_data<double>()[j] += by * direction[k][j];
    }
    value = *moved;
    ++k;
  }
  const auto run = session.Run(feeds, {loss});
  if (!run.ok()) return run.status();
  return (*run)[0].scalar<double>();
}

void CheckAgainstDifferences(uint64_t seed) {
  const RandomGraph graph = MakeRandomGraph(seed, /*smooth=*/true);
  const GraphBuilder& b = graph.b;
  Output loss = Const(b, 0.0);
  for (const Output& y : Floating(graph.values)) loss = Add(b, loss, Sum(b, Tanh(b, y)));
  std::vector<Output> inputs;
  std::vector<std::vector<double>> direction;
  RandomStream random(seed);
  for (const auto& [output, value] : graph.feeds) {
    if (output.dtype() != kDouble) continue;
    inputs.push_back(output);
    direction.emplace_back(value.num_elements());
    for (double& d : direction.back()) d = 2 * random.Uniform() - 1;
  }
  if (inputs.empty()) return;
  const auto gradients = DenseGradients(b, {loss}, inputs);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  const auto run = session->Run(graph.feeds, *gradients);
  ASSERT_TRUE(run.ok()) << run.status();
  double along = 0, size = 1;
  for (size_t k = 0; k < inputs.size(); ++k) {
    for (size_t j = 0; j < direction[k].size(); ++j) {
      along += direction[k][j] * (*run)[k].data<double>()[j];
      size += std::abs((*run)[k].data<double>()[j]);
    }
  }
  constexpr double kDelta = 1e-5;
  const auto above = LossAt(*session, graph, loss, direction, kDelta);
  const auto below = LossAt(*session, graph, loss, direction, -kDelta);
  ASSERT_TRUE(above.ok() && below.ok()) << above.status() << below.status();
  EXPECT_NEAR(along, (*above - *below) / (2 * kDelta), 1e-4 * size);
}

TEST(RandomGraph, GradientsAgreeWithDifferences) {
  const uint64_t seed = NumberFrom("VIV_SEED", 1), count = NumberFrom("VIV_GRAPHS", 200);
  for (uint64_t i = 0; i < count; ++i) {
    SCOPED_TRACE(absl::StrCat("VIV_SEED=", seed + i, " VIV_GRAPHS=1"));
    CheckAgainstDifferences(seed + i);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace viv
