// What an update costs whose gradient names 1,280 rows of a table of 50,000 x 512, and what it
// costs with a dense gradient.
//
//   sparse_update [threads]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/random.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"

namespace viv {
namespace {

constexpr int64_t kRows = 50000, kWidth = 512, kBatch = 1280;

template <typename Optimizer>
absl::Status Measure(const char* name, Optimizer optimizer, bool dense) {
  GraphBuilder b;
  const Variable table(b, "table", RandomNormal(b, {kRows, kWidth}));
  Output read = table.Read();
  // The sum with zeros has a dense gradient.
  if (dense) read = Add(b, read, Const(b, Tensor::Of<float>({1}, {0})));
  const Output rows = Placeholder(b, kInt32, {kBatch});
  const Output loss = Mean(b, Square(b, Gather(b, read, rows)));
  const OptimizerStep step = optimizer.Step(b, loss);
  ASSIGN_OR_RETURN(Session session, Session::Create(b));
  RETURN_IF_ERROR(session.Initialize());
  ASSIGN_OR_RETURN(const PreparedRun run, session.Prepare({rows}, {step.update}));
  RandomStream random(1);
  std::vector<int32_t> tokens(kBatch);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.Below(kRows));
  const Tensor feeds[] = {Tensor::Vector<int32_t>(tokens)};
  Tensor results[1];
  std::vector<double> times;
  for (int i = 0; i < 12; ++i) {
    const int64_t start = Profile::Now();
    RETURN_IF_ERROR(run.Run(feeds, absl::MakeSpan(results)));
    if (i >= 2) times.push_back(static_cast<double>(Profile::Now() - start) * 1e-6);
  }
  std::sort(times.begin(), times.end());
  std::printf("%-8s %-6s median_ms=%.2f best_ms=%.2f\n", name, dense ? "dense" : "rows",
              times[times.size() / 2], times[0]);
  return absl::OkStatus();
}

absl::Status MeasureAll() {
  const OptimizerOptions options = {.clip_norm = 1};
  for (const bool dense : {true, false}) {
    RETURN_IF_ERROR(Measure("Sgd", Sgd{.options = options}, dense));
    RETURN_IF_ERROR(Measure("Adagrad", Adagrad{.options = options}, dense));
    RETURN_IF_ERROR(Measure("Adam", Adam{.options = options}, dense));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  viv::SetMaxThreads(argc > 1 ? std::max(1, std::atoi(argv[1])) : 2);
  const absl::Status status = viv::MeasureAll();
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
