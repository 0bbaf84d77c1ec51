// Bodies of functions with executors of their own.
#include "core/runtime/functions.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/runtime/evaluate.h"

namespace viv {
namespace {

class FunctionCallable : public Callable {
 public:
  FunctionCallable(const Function& function, std::unique_ptr<ProgramGraph> graph, SlotTable table,
                   CallableFactory callables)
      : function_(function),
        graph_(std::move(graph)),
        executor_(std::move(table), std::move(callables)) {}

  absl::StatusOr<std::vector<PartialShape>> ResultShapes(
      absl::Span<const PartialShape> arguments) const override {
    return InferFunctionShapes(function_, arguments);
  }
  absl::Status Run(absl::Span<const Tensor> arguments, absl::Span<Tensor> results,
                   const StepInfo& step) const override {
    std::unique_ptr<ExecutorRun> run = executor_.Acquire();
    const absl::Status status = executor_.Compute(*run, arguments, {}, {}, results, step);
    executor_.Release(std::move(run));
    return status.ok() ? status
                       : Annotate(status, absl::StrCat("in function '", function_.name(), "'"));
  }

 private:
  const Function& function_;
  const std::unique_ptr<ProgramGraph> graph_;
  const Executor executor_;
};

absl::StatusOr<std::unique_ptr<Callable>> MakeCallable(std::shared_ptr<FunctionLibrary> library,
                                                       const std::string& name,
                                                       const PassOptions& passes) {
  const Function* function = library->Find(name);
  if (function == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no function '", name, "'"));
  }
  std::vector<Output> arguments;
  for (Node* argument : function->arguments()) arguments.push_back(argument->out());
  ASSIGN_OR_RETURN(std::unique_ptr<ProgramGraph> graph,
                   ProgramGraph::Create(function->body(), arguments, function->results()));
  RETURN_IF_ERROR(OptimizeForCpu(*graph, passes).status());
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph->Order());
  ASSIGN_OR_RETURN(SlotTable table,
                   SlotTable::Create(order, graph->feeds(), graph->fetches(), "cpu"));
  return std::unique_ptr<Callable>(std::make_unique<FunctionCallable>(
      *function, std::move(graph), std::move(table), MakeCallables(std::move(library), passes)));
}

}  // namespace

CallableFactory MakeCallables(std::shared_ptr<FunctionLibrary> library, const PassOptions& passes) {
  return [library, passes](const std::string& name) { return MakeCallable(library, name, passes); };
}

absl::StatusOr<PassReport> OptimizeForCpu(ProgramGraph& graph, const PassOptions& passes) {
  const CallableFactory callables = MakeCallables(graph.graph().shared_library(), passes);
  return Optimize(graph, passes, [&callables](const Node& node, absl::Span<const Tensor> inputs) {
    return EvaluateNode(node, inputs, callables);
  });
}

}  // namespace viv
