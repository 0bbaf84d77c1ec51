// Routes, and tensors between the JSON of requests and the items of models.
#include "core/serving/open_inference.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/serving/json_tensors.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

HttpReply JsonReply(const json& body) {
  // Outputs of a model may be bytes that are no UTF-8.
  return {.body = body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

absl::StatusOr<ModelSlot*> FindSlot(const std::vector<ModelSlot*>& slots, const std::string& name,
                                    const std::string& version) {
  for (ModelSlot* slot : slots) {
    if (slot->name() != name) continue;
    if (version.empty() || version == slot->current().version) return slot;
    return absl::NotFoundError(absl::StrCat("model '", name, "' has version '",
                                            slot->current().version, "', not '", version, "'"));
  }
  return absl::NotFoundError(absl::StrCat("there is no model '", name, "'"));
}

json DescribeTensors(const std::vector<ServedTensor>& tensors) {
  json list = json::array();
  for (const ServedTensor& tensor : tensors) {
    json shape = {-1};
    for (const int64_t extent : tensor.shape.dims()) shape.push_back(extent);
    list.push_back(
        {{"name", tensor.name}, {"datatype", OipTypeName(tensor.dtype)}, {"shape", shape}});
  }
  return list;
}

HttpReply Metadata(const ModelSlot& slot) {
  const ModelSlot::Current current = slot.current();
  if (current.model == nullptr) {
    return ErrorReply(absl::UnavailableError("the model is not ready yet"));
  }
  return JsonReply({{"name", slot.name()},
                    {"versions", {current.version}},
                    {"platform", "vivarium_bundle"},
                    {"inputs", DescribeTensors(current.model->inputs())},
                    {"outputs", DescribeTensors(current.model->outputs())}});
}

std::map<std::string, std::string> ParametersOf(const json& request) {
  std::map<std::string, std::string> parameters;
  const auto found = request.find("parameters");
  if (found == request.end() || !found->is_object()) return parameters;
  for (const auto& [key, value] : found->items()) {
    parameters[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return parameters;
}

// The request's tensor of that name, items outermost.
absl::StatusOr<Tensor> InputNamed(const json& inputs, const ServedTensor& expected) {
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const json& input) {
    return input.is_object() && input.value("name", json()) == expected.name;
  });
  if (found == inputs.end()) {
    return absl::InvalidArgumentError(absl::StrCat("input '", expected.name, "' is missing"));
  }
  ASSIGN_OR_RETURN(Tensor tensor, TensorFromJson(*found, expected.dtype));
  PartialShape item = {-1};
  for (const int64_t extent : expected.shape.dims()) item.Append(extent);
  if (tensor.rank() == 0 || !item.Compatible(tensor.shape())) {
    return absl::InvalidArgumentError(absl::StrCat("input '", expected.name, "' has shape ",
                                                   tensor.shape().ToString(), ", not ",
                                                   item.ToString()));
  }
  return tensor;
}

absl::StatusOr<std::vector<ServedItem>> ItemsOf(const json& request,
                                                const std::vector<ServedTensor>& expected) {
  const auto inputs = request.find("inputs");
  if (inputs == request.end() || !inputs->is_array()) {
    return absl::InvalidArgumentError("the request has no list of 'inputs'");
  }
  if (inputs->size() != expected.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the model takes ", expected.size(),
                                                   " inputs, the request has ", inputs->size()));
  }
  std::vector<ServedItem> items;
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSIGN_OR_RETURN(const Tensor tensor, InputNamed(*inputs, expected[i]));
    const size_t count = static_cast<size_t>(tensor.dim(0));
    if (i == 0) items.resize(count, {.parameters = ParametersOf(request)});
    if (items.size() != count) {
      return absl::InvalidArgumentError("the inputs have different numbers of items");
    }
    for (size_t k = 0; k < count; ++k) {
      items[k].inputs.push_back(tensor.Row(static_cast<int64_t>(k)));
    }
  }
  return items;
}

// Puts output `o` of all items together; items whose shapes differ cannot be one tensor.
absl::StatusOr<Tensor> StackOutput(const ServedResults& results, const ServedTensor& expected,
                                   size_t o) {
  Shape shape = {static_cast<int64_t>(results.items.size())};
  const Shape item = results.items.empty()
                         ? expected.shape.fully_defined() ? expected.shape.ToShape() : Shape()
                         : (*results.items[0])[o].shape();
  for (const int64_t extent : item.dims()) shape.Append(extent);
  ASSIGN_OR_RETURN(Tensor stacked, Tensor::Make(expected.dtype, shape));
  for (size_t k = 0; k < results.items.size(); ++k) {
    const Tensor& one = (*results.items[k])[o];
    if (!(one.shape() == item)) {
      return absl::InvalidArgumentError(
          absl::StrCat("output '", expected.name, "' has another shape for each item: ask for the ",
                       "items one by one"));
    }
    stacked.Row(static_cast<int64_t>(k)).CopyFrom(one);
  }
  return stacked;
}

// Whether the request wants this output; without a list it wants all.
bool Wanted(const json& request, const std::string& name) {
  const auto outputs = request.find("outputs");
  if (outputs == request.end() || !outputs->is_array() || outputs->empty()) return true;
  return std::any_of(outputs->begin(), outputs->end(), [&](const json& output) {
    return output.is_object() && output.value("name", json()) == name;
  });
}

absl::StatusOr<json> Infer(ModelSlot& slot, const std::string& body) {
  json request;
  RETURN_IF_ERROR(RunGuarded("the body is no JSON", [&] {
    request = json::parse(body, nullptr, /*allow_exceptions=*/false);
  }));
  if (!request.is_object()) return absl::InvalidArgumentError("the body is no JSON object");
  const ModelSlot::Current current = slot.current();
  if (current.model == nullptr) return absl::UnavailableError("the model is not ready yet");
  ASSIGN_OR_RETURN(const std::vector<ServedItem> items, ItemsOf(request, current.model->inputs()));
  ASSIGN_OR_RETURN(const ServedResults results, slot.Infer(items));
  for (size_t k = 0; k < results.items.size(); ++k) {
    RETURN_IF_ERROR(Annotate(results.items[k].status(), absl::StrCat("item ", k)));
  }
  json outputs = json::array();
  const std::vector<ServedTensor>& expected = current.model->outputs();
  for (size_t o = 0; o < expected.size(); ++o) {
    if (!Wanted(request, expected[o].name)) continue;
    ASSIGN_OR_RETURN(const Tensor tensor, StackOutput(results, expected[o], o));
    outputs.push_back(TensorToJson(expected[o].name, tensor));
  }
  json reply = {{"model_name", slot.name()},
                {"model_version", current.version},
                {"parameters", {{"batch_size", results.batch_size}}},
                {"outputs", outputs}};
  if (const auto id = request.find("id"); id != request.end()) reply["id"] = *id;
  return reply;
}

}  // namespace

std::vector<HttpRoute> OpenInferenceRoutes(const std::vector<ModelSlot*>& slots) {
  const auto ready = [slots] {
    return std::all_of(slots.begin(), slots.end(),
                       [](const ModelSlot* slot) { return slot->current().model != nullptr; });
  };
  // Calls `answer` with the slot that the path names.
  const auto on_model = [slots](auto answer) {
    return [slots, answer](const HttpRequest& request) -> HttpReply {
      const absl::StatusOr<ModelSlot*> slot = FindSlot(slots, request.groups[0], request.groups[1]);
      return slot.ok() ? answer(**slot, request) : ErrorReply(slot.status());
    };
  };
  const std::string model = "/v2/models/([^/]+)(?:/versions/([^/]+))?";
  return {
      {"GET", "/v2/health/live",
       [](const HttpRequest&) {
         return JsonReply({{"live", true}});
       }},
      {"GET", "/v2/health/ready",
       [ready](const HttpRequest&) {
         if (ready()) return JsonReply({{"ready", true}});
         return ErrorReply(absl::UnavailableError("a model is not ready yet"));
       }},
      {"GET", "/v2/?",
       [](const HttpRequest&) {
         return JsonReply(
             {{"name", "vivarium"}, {"version", "0.1.0"}, {"extensions", json::array()}});
       }},
      {"GET", model + "/ready", on_model([](ModelSlot& slot, const HttpRequest&) {
         const bool loaded = slot.current().model != nullptr;
         if (loaded) return JsonReply({{"name", slot.name()}, {"ready", true}});
         return ErrorReply(absl::UnavailableError("the model is not ready yet"));
       }),
       "/v2/models/{model}/ready"},
      {"GET", model, on_model([](ModelSlot& slot, const HttpRequest&) { return Metadata(slot); }),
       "/v2/models/{model}"},
      {"POST", model + "/infer", on_model([](ModelSlot& slot, const HttpRequest& request) {
         const absl::StatusOr<json> reply = Infer(slot, request.body);
         return reply.ok() ? JsonReply(*reply) : ErrorReply(reply.status());
       }),
       "/v2/models/{model}/infer"},
  };
}

}  // namespace viv
