// Bodies of functions with executors of their own.
#include "core/runtime/functions.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/base/thread_annotations.h"
#include "core/runtime/evaluate.h"

namespace viv {
namespace {

class FunctionRun : public CallableRun {
 public:
  FunctionRun(const std::string& name, const Executor& executor)
      : name_(name), executor_(executor), run_(executor.Acquire()) {}
  ~FunctionRun() override { executor_.Release(std::move(run_)); }

  absl::Status Run(absl::Span<const Tensor> arguments, absl::Span<const ValueVersion> versions,
                   absl::Span<Tensor> results, const StepInfo& step) override {
    absl::Status status = executor_.Call(*run_, arguments, versions, results, step);
    return status.ok() ? status : Annotate(status, absl::StrCat("in function '", name_, "'"));
  }

 private:
  const std::string& name_;
  const Executor& executor_;
  std::unique_ptr<ExecutorRun> run_;
};

class FunctionCallable : public Callable {
 public:
  FunctionCallable(std::string name, std::unique_ptr<ProgramGraph> graph, SlotTable table,
                   CallableFactory callables, bool check_numerics)
      : name_(std::move(name)),
        graph_(std::move(graph)),
        executor_(std::move(table), std::move(callables), check_numerics) {}

  absl::StatusOr<std::vector<PartialShape>> ResultShapes(
      absl::Span<const PartialShape> arguments) const override {
    std::vector<Shape> shapes;
    for (const PartialShape& argument : arguments) shapes.push_back(argument.ToShape());
    absl::StatusOr<std::vector<PartialShape>> results = executor_.FetchShapes(shapes);
    if (results.ok()) return results;
    return Annotate(results.status(), absl::StrCat("in function '", name_, "'"));
  }
  std::unique_ptr<CallableRun> Begin() const override {
    return std::make_unique<FunctionRun>(name_, executor_);
  }

 private:
  const std::string name_;
  const std::unique_ptr<ProgramGraph> graph_;
  const Executor executor_;
};

// The callables of one program, each made once.
class Functions : public std::enable_shared_from_this<Functions> {
 public:
  Functions(std::shared_ptr<FunctionLibrary> library, const PassOptions& passes,
            bool check_numerics)
      : library_(std::move(library)), passes_(passes), check_numerics_(check_numerics) {}

  absl::StatusOr<std::shared_ptr<const Callable>> Find(const std::string& name, int num_results) {
    const std::pair<std::string, int> key(name, num_results);
    {
      MutexLock lock(mutex_);
      if (const auto it = ready_.find(key); it != ready_.end()) return it->second;
    }
    ASSIGN_OR_RETURN(const std::shared_ptr<const Callable> made, Make(name, num_results));
    MutexLock lock(mutex_);
    return ready_.emplace(key, made).first->second;
  }

 private:
  absl::StatusOr<std::shared_ptr<const Callable>> Make(const std::string& name, int num_results);

  const std::shared_ptr<FunctionLibrary> library_;
  const PassOptions passes_;
  const bool check_numerics_;
  Mutex mutex_;
  std::map<std::pair<std::string, int>, std::shared_ptr<const Callable>> ready_
      VIV_GUARDED_BY(mutex_);
};

absl::StatusOr<std::shared_ptr<const Callable>> Functions::Make(const std::string& name,
                                                                int num_results) {
  const Function* function = library_->Find(name);
  if (function == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no function '", name, "'"));
  }
  std::vector<Output> arguments;
  for (Node* argument : function->arguments()) arguments.push_back(argument->out());
  std::vector<Output> results = function->results();
  if (num_results < 0 || num_results > static_cast<int>(results.size())) {
    return absl::InvalidArgumentError(absl::StrCat("function '", name, "' returns ", results.size(),
                                                   " results, not ", num_results));
  }
  results.resize(num_results);
  ASSIGN_OR_RETURN(std::unique_ptr<ProgramGraph> graph,
                   ProgramGraph::Create(function->body(), arguments, results));
  RETURN_IF_ERROR(OptimizeForCpu(*graph, passes_).status());
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph->Order());
  ASSIGN_OR_RETURN(SlotTable table,
                   SlotTable::Create(order, graph->feeds(), graph->fetches(), "cpu"));
  if (!table.variables().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("function '", name, "' holds ",
                                                   table.variables()[0]->Describe(),
                                                   ": variables live outside of functions"));
  }
  // This object owns the callable: a reference back would keep both alive for ever.
  const auto nested = [weak = weak_from_this()](
                          const std::string& callee,
                          int count) -> absl::StatusOr<std::shared_ptr<const Callable>> {
    const std::shared_ptr<Functions> functions = weak.lock();
    if (functions == nullptr) return absl::InternalError("the program of a function is gone");
    return functions->Find(callee, count);
  };
  return std::shared_ptr<const Callable>(std::make_shared<FunctionCallable>(
      name, std::move(graph), std::move(table), nested, check_numerics_));
}

}  // namespace

CallableFactory MakeCallables(std::shared_ptr<FunctionLibrary> library, const PassOptions& passes,
                              bool check_numerics) {
  const auto functions = std::make_shared<Functions>(std::move(library), passes, check_numerics);
  return [functions](const std::string& name, int num_results) {
    return functions->Find(name, num_results);
  };
}

absl::StatusOr<PassReport> OptimizeForCpu(ProgramGraph& graph, const PassOptions& passes) {
  const CallableFactory callables = MakeCallables(graph.graph().shared_library(), passes);
  return Optimize(graph, passes, [&callables](const Node& node, absl::Span<const Tensor> inputs) {
    return EvaluateNode(node, inputs, callables);
  });
}

}  // namespace viv
