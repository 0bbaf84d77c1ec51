// The options of a net as one JSON object, and back. Unknown keys are errors, and missing ones, but
// for keys that are younger than the format: they are written only where they differ from their
// default, which says what nets did before (so a net that does not use them is read by older
// programs, too).
//
// The keys are generic functions `fields(options, visit)` that call visit("name", field) for each.
#ifndef VIV_MODELS_LAYERS_OPTIONS_JSON_H_
#define VIV_MODELS_LAYERS_OPTIONS_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {

template <typename Options, typename Fields, typename Younger>
std::string OptionsToJson(const Options& options, Fields fields, Younger younger) {
  nlohmann::json json, usual;
  fields(options, [&](const char* name, const auto& value) { json[name] = value; });
  younger(Options(), [&](const char* name, const auto& value) { usual[name] = value; });
  younger(options, [&](const char* name, const auto& value) {
    if (usual[name] != nlohmann::json(value)) json[name] = value;
  });
  return json.dump(2);
}

// The options are checked.
template <typename Options, typename Fields, typename Younger>
absl::StatusOr<Options> OptionsFromJson(const std::string& text, Fields fields, Younger younger) {
  Options options;
  RETURN_IF_ERROR(RunGuarded("the net's description is damaged", [&] {
    const nlohmann::json json = nlohmann::json::parse(text);
    size_t known = 0;
    fields(options, [&](const char* name, auto& value) {
      json.at(name).get_to(value);
      ++known;
    });
    younger(options, [&](const char* name, auto& value) {
      if (!json.contains(name)) return;
      json.at(name).get_to(value);
      ++known;
    });
    if (json.size() == known) return absl::OkStatus();
    return absl::InvalidArgumentError("the net's description has keys that this version lacks");
  }));
  RETURN_IF_ERROR(options.Check());
  return options;
}

// InvalidArgument where `value` is outside.
inline absl::Status CheckBetween(const char* name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " is ", value, ": it must lie between ", low, " and ", high));
}

}  // namespace viv

#endif  // VIV_MODELS_LAYERS_OPTIONS_JSON_H_
