// Sessions: the values of a graph's variables, and runs of parts of the graph.
#ifndef VIV_CORE_RUNTIME_SESSION_H_
#define VIV_CORE_RUNTIME_SESSION_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/device/kernel.h"
#include "core/graph/builder.h"
#include "core/passes/optimize.h"
#include "core/runtime/cost_model.h"

namespace viv {

class PreparedRun;

struct SessionOptions {
  // What random ops draw from, together with the number of the run.
  uint64_t seed = 0;
  // What is done to a program before it runs; PassOptions::None() for nothing.
  PassOptions passes;
  // kFloat, or kBFloat16 or kInt8 for faster products: see PassOptions::precision, which it sets.
  DType precision = kFloat;
  // How many CPUs, "/job:local/task:0/device:cpu:0" and on, nodes may be placed on; at most
  // kMaxCpuDevices. In runs on several devices each computes on one thread.
  int cpu_devices = 1;
  static constexpr int kMaxCpuDevices = 256;
  // Whether a device hint that cannot be followed is an error of the run.
  bool hard_placement = false;
  // Ends a run at the first NaN or infinity: in a feed, a variable, or the result of a node that
  // runs, which the error names.
  bool check_numerics = false;
  // What earlier runs measured: with it, nodes without a hint are spread over the devices.
  std::shared_ptr<const CostModel> costs;
  // Where Save and Restore find their files. Outlives the session.
  Env* env = Env::Default();
};

// kFloat for "f32", kBFloat16 for "bf16", kInt8 for "int8".
absl::StatusOr<DType> ParsePrecision(absl::string_view name);

struct RunOptions {
  // The number of the run for random ops; -1: the session counts.
  int64_t step = -1;
  // Records when each kernel ran; may be null.
  Profile* profile = nullptr;
};

using Feeds = std::vector<std::pair<Output, Tensor>>;

// Safe for concurrent runs. The graph may grow between runs, not during one.
class Session {
 public:
  // Fails with the builder's error. Keeps the graph alive.
  static absl::StatusOr<Session> Create(const GraphBuilder& builder, SessionOptions options = {});
  // Of a graph that is complete: loaded from a file, say. InvalidArgument for null.
  static absl::StatusOr<Session> Create(std::unique_ptr<Graph> graph, SessionOptions options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Gives every variable its initial value.
  absl::Status Initialize();
  // Computes `fetches`: outputs, whose values are returned in order, and targets, which return an
  // invalid tensor. Reads see the variables as they were; updates happen together at the end, or
  // not at all where the run fails.
  absl::StatusOr<std::vector<Tensor>> Run(const Feeds& feeds, const std::vector<Output>& fetches,
                                          RunOptions options = {});

  // The same without the look-ups of each run: for runs that are repeated.
  absl::StatusOr<PreparedRun> Prepare(const std::vector<Output>& feeds,
                                      const std::vector<Output>& fetches);

  // Every variable that has a value, by name. The tensors are snapshots.
  std::map<std::string, Tensor> VariableValues() const;
  // NotFound where the graph has no such variable.
  absl::Status SetVariable(const std::string& name, const Tensor& value);

 private:
  friend class PreparedRun;
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A kind of run, by what is fed and fetched. Valid as long as its session. Safe for concurrent use.
class PreparedRun {
 public:
  // `feeds` and `results` in the order that Prepare was given. A result that is valid on entry has
  // the fetch's type and shape and is written in place; then a second run of the same shapes
  // allocates nothing. Results of targets stay as they are.
  absl::Status Run(absl::Span<const Tensor> feeds, absl::Span<Tensor> results,
                   const RunOptions& options = {}) const;
  // For people: what the passes did, the nodes that run, and the memory that runs so far have
  // taken: the static peak (constants, and the arenas that plans reserve) and the high water of a
  // run (with what it allocates by itself).
  std::string Explain() const;

 private:
  friend class Session;
  struct Entry;
  PreparedRun(Session::State* session, std::shared_ptr<Entry> entry)
      : session_(session), entry_(std::move(entry)) {}

  Session::State* session_;
  std::shared_ptr<Entry> entry_;
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_SESSION_H_
