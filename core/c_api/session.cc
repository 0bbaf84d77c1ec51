// Sessions of the C API.
#include "absl/strings/str_cat.h"
#include "core/bundle/bundle.h"
#include "core/c_api/handles.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/state.h"

using viv::Output;
using viv::Tensor;
using viv::c_api::Alive;
using viv::c_api::Check;
using viv::c_api::CheckArray;
using viv::c_api::CheckText;
using viv::c_api::Guarded;
using viv::c_api::Make;

namespace {

absl::StatusOr<viv::SessionOptions> ToOptions(const VivSessionOptions* options) {
  viv::SessionOptions result;
  if (options == nullptr) return result;
  result.seed = options->seed;
  if (options->cpu_devices != 0) result.cpu_devices = options->cpu_devices;
  result.hard_placement = options->hard_placement != 0;
  if (options->no_passes != 0) result.passes = viv::PassOptions::None();
  return result;
}

absl::StatusOr<viv::Feeds> ToFeeds(const std::vector<Output>& outputs,
                                   const VivTensor* const* values) {
  viv::Feeds feeds;
  for (size_t i = 0; i < outputs.size(); ++i) {
    RETURN_IF_ERROR(Check(values[i], absl::StrCat("the value of feed ", i).c_str()));
    feeds.emplace_back(outputs[i], values[i]->tensor);
  }
  return feeds;
}

absl::Status Run(VivSession* session, const std::vector<Output>& feeds,
                 const VivTensor* const* feed_values, const std::vector<Output>& fetches,
                 VivTensor** results) {
  ASSIGN_OR_RETURN(const viv::Feeds fed, ToFeeds(feeds, feed_values));
  ASSIGN_OR_RETURN(std::vector<Tensor> values, session->session.Run(fed, fetches));
  std::vector<std::unique_ptr<VivTensor>> handles(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].valid()) handles[i] = std::make_unique<VivTensor>(std::move(values[i]));
  }
  for (size_t i = 0; i < values.size(); ++i) results[i] = handles[i].release();
  return absl::OkStatus();
}

// What is common to both ways to say what is fed and fetched: checks, and results that are NULL
// unless all is well. `run` does the rest.
template <typename F>
VivCode CheckedRun(VivSession* session, const VivTensor* const* feed_values, int32_t num_feeds,
                   VivTensor** results, int32_t num_fetches, VivStatus* status, F&& run) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(CheckArray(results, num_fetches, "results"));
    for (int32_t i = 0; i < num_fetches; ++i) results[i] = nullptr;
    RETURN_IF_ERROR(Check(session, "the session"));
    RETURN_IF_ERROR(CheckArray(feed_values, num_feeds, "feeds"));
    return run();
  });
}

// Outputs by the names of a signature's ends, or of nodes.
absl::StatusOr<std::vector<Output>> ByName(const VivSession* session, const char* signature,
                                           const char* const* names, int32_t count, bool feeds) {
  RETURN_IF_ERROR(CheckArray(names, count, feeds ? "feeds' names" : "fetches' names"));
  const viv::Signature* ends = nullptr;
  if (signature != nullptr) {
    ASSIGN_OR_RETURN(ends, viv::c_api::FindSignature(session->signatures, signature));
  }
  std::vector<Output> outputs;
  for (int32_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(CheckText(names[i], feeds ? "a feed's name" : "a fetch's name"));
    absl::StatusOr<Output> output =
        ends == nullptr ? session->builder.graph().FindOutput(names[i])
                        : viv::c_api::FindEnd(feeds ? ends->feeds : ends->fetches, names[i]);
    if (!output.ok()) {
      return viv::Annotate(output.status(),
                           absl::StrCat(feeds ? "feed '" : "fetch '", names[i], "'"));
    }
    outputs.push_back(*output);
  }
  return outputs;
}

// The variables' values; each has one.
absl::StatusOr<viv::NamedTensors> Values(const VivSession* session) {
  viv::NamedTensors values = session->session.VariableValues();
  for (const viv::Variable& variable : viv::Variables(session->builder.graph(), false)) {
    if (values.contains(variable.name())) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("variable '", variable.name(),
                     "' has no value yet: initialize the session, or restore a checkpoint"));
  }
  return values;
}

}  // namespace

VivSession* VivSessionNew(const VivGraph* graph, const VivSessionOptions* options,
                          VivStatus* status) {
  return Make<VivSession>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivSession>> {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    if (graph->of_gradient) {
      return absl::InvalidArgumentError("the graph of a gradient function is under construction");
    }
    ASSIGN_OR_RETURN(const viv::SessionOptions session_options, ToOptions(options));
    ASSIGN_OR_RETURN(viv::Session session, viv::Session::Create(graph->builder, session_options));
    return std::make_unique<VivSession>(graph->builder, graph->signatures, std::move(session));
  });
}

void VivSessionFree(VivSession* session) { viv::c_api::Free(session); }

VivCode VivSessionInitialize(VivSession* session, VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(session, "the session"));
    return session->session.Initialize();
  });
}

VivCode VivSessionRun(VivSession* session, const VivOutput* feeds,
                      const VivTensor* const* feed_values, int32_t num_feeds,
                      const VivOutput* fetches, VivTensor** results, int32_t num_fetches,
                      VivStatus* status) {
  return CheckedRun(session, feed_values, num_feeds, results, num_fetches, status, [&] {
    const viv::Graph& graph = session->builder.graph();
    const auto run = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const auto fed, viv::c_api::ToOutputs(graph, feeds, num_feeds, "feeds"));
      ASSIGN_OR_RETURN(const auto fetched,
                       viv::c_api::ToOutputs(graph, fetches, num_fetches, "fetches"));
      return Run(session, fed, feed_values, fetched, results);
    };
    return run();
  });
}

VivCode VivSessionRunNamed(VivSession* session, const char* signature,
                           const char* const* feed_names, const VivTensor* const* feed_values,
                           int32_t num_feeds, const char* const* fetch_names, VivTensor** results,
                           int32_t num_fetches, VivStatus* status) {
  return CheckedRun(session, feed_values, num_feeds, results, num_fetches, status, [&] {
    const auto run = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const auto fed, ByName(session, signature, feed_names, num_feeds, true));
      ASSIGN_OR_RETURN(const auto fetched,
                       ByName(session, signature, fetch_names, num_fetches, false));
      return Run(session, fed, feed_values, fetched, results);
    };
    return run();
  });
}

VivNames* VivSessionVariables(const VivSession* session) {
  if (!Alive(session)) return nullptr;
  std::vector<std::string> names;
  for (const auto& [name, value] : session->session.VariableValues()) names.push_back(name);
  return viv::c_api::NewNames(std::move(names));
}

VivTensor* VivSessionGetVariable(const VivSession* session, const char* name, VivStatus* status) {
  return Make<VivTensor>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivTensor>> {
    RETURN_IF_ERROR(Check(session, "the session"));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    const viv::NamedTensors values = session->session.VariableValues();
    const auto found = values.find(name);
    if (found != values.end()) return std::make_unique<VivTensor>(found->second);
    return absl::NotFoundError(
        absl::StrCat("there is no variable '", name, "', or it has no value yet"));
  });
}

VivCode VivSessionSetVariable(VivSession* session, const char* name, const VivTensor* value,
                              VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(session, "the session"));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    RETURN_IF_ERROR(Check(value, "the value"));
    return session->session.SetVariable(name, value->tensor);
  });
}

VivCode VivSessionSave(VivSession* session, const char* directory, int64_t step, int32_t keep,
                       VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(session, "the session"));
    RETURN_IF_ERROR(CheckText(directory, "the directory"));
    if (step < 0) return absl::InvalidArgumentError(absl::StrCat("a step of ", step));
    ASSIGN_OR_RETURN(viv::NamedTensors values, Values(session));
    viv::CheckpointStore store(viv::Env::Default(), directory, keep);
    return store.Save(
        {.step = step, .tensors = std::move(values), .conditions = viv::ArithmeticConditions()});
  });
}

VivCode VivSessionRestore(VivSession* session, const char* directory, int64_t* step,
                          VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(session, "the session"));
    RETURN_IF_ERROR(CheckText(directory, "the directory"));
    const viv::CheckpointStore store(viv::Env::Default(), directory);
    ASSIGN_OR_RETURN(const viv::Checkpoint checkpoint, store.LoadLatest());
    RETURN_IF_ERROR(
        viv::RestoreVariables(session->session, session->builder.graph(), checkpoint.tensors));
    if (step != nullptr) *step = checkpoint.step;
    return absl::OkStatus();
  });
}

VivSession* VivSessionLoadBundle(const char* directory, const VivSessionOptions* options,
                                 VivGraph** graph, VivStatus* status) {
  if (graph != nullptr) *graph = nullptr;
  return Make<VivSession>(status, [&]() -> absl::StatusOr<std::unique_ptr<VivSession>> {
    RETURN_IF_ERROR(CheckText(directory, "the directory"));
    ASSIGN_OR_RETURN(const viv::SessionOptions session_options, ToOptions(options));
    ASSIGN_OR_RETURN(const viv::Bundle bundle,
                     viv::ReadBundle(viv::Env::Default(), directory, /*kind=*/""));
    absl::StatusOr<viv::LoadedGraph> loaded = viv::ReadGraph(bundle);
    if (!loaded.ok()) return viv::Annotate(loaded.status(), directory);
    const viv::GraphBuilder builder(std::move(loaded->graph));
    ASSIGN_OR_RETURN(viv::Session session, viv::Session::Create(builder, session_options));
    RETURN_IF_ERROR(
        viv::Annotate(viv::RestoreVariables(session, builder.graph(), bundle.weights), directory));
    if (graph != nullptr) {
      auto handle = std::make_unique<VivGraph>(builder);
      handle->signatures = loaded->signatures;
      *graph = handle.release();
    }
    return std::make_unique<VivSession>(builder, loaded->signatures, std::move(session));
  });
}
