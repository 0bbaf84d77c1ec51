// What ops there are, for programs that generate bindings.
#include "absl/strings/str_cat.h"
#include "core/c_api/handles.h"
#include "nlohmann/json.hpp"

namespace {

using Json = nlohmann::ordered_json;

std::string TypeName(const viv::TypeSpec& type) {
  return type.variable.empty() ? viv::DTypeName(type.fixed) : type.variable;
}

// Of the types that defaults have; shapes as lists with -1, null where nothing is known.
Json ToJson(const viv::AttrValue& value) {
  if (const auto* flag = value.get<bool>()) return *flag;
  if (const auto* integer = value.get<int64_t>()) return *integer;
  if (const auto* number = value.get<double>()) return *number;
  if (const auto* text = value.get<std::string>()) return *text;
  if (const auto* type = value.get<viv::DType>()) return viv::DTypeName(*type);
  if (const auto* integers = value.get<std::vector<int64_t>>()) return *integers;
  if (const auto* numbers = value.get<std::vector<double>>()) return *numbers;
  if (const auto* texts = value.get<std::vector<std::string>>()) return *texts;
  if (const auto* types = value.get<std::vector<viv::DType>>()) {
    Json list = Json::array();
    for (const viv::DType t : *types) list.push_back(viv::DTypeName(t));
    return list;
  }
  if (const auto* shape = value.get<viv::PartialShape>(); shape != nullptr && shape->known_rank()) {
    return std::vector<int64_t>(shape->dims().begin(), shape->dims().end());
  }
  return value.type() == viv::AttrType::kShape ? Json() : Json(value.ToString());
}

Json Describe(const viv::OpDef& op) {
  Json json = {{"name", op.name}, {"doc", op.doc}};
  json["inputs"] = Json::array();
  for (const viv::InputDef& input : op.inputs) {
    json["inputs"].push_back({{"name", input.name},
                              {"type", TypeName(input.type)},
                              {"many", input.arity == viv::Arity::kMany},
                              {"host", input.host}});
  }
  json["outputs"] = Json::array();
  for (const viv::OutputDef& output : op.outputs) {
    Json entry = {{"name", output.name}, {"type", TypeName(output.type)}};
    if (output.arity == viv::Arity::kMany) entry["count"] = output.count;
    json["outputs"].push_back(std::move(entry));
  }
  json["attributes"] = Json::array();
  for (const viv::AttrDef& attr : op.attrs) {
    Json entry = {{"name", attr.name}, {"type", viv::AttrTypeName(attr.type)}};
    if (!attr.required()) entry["default"] = ToJson(attr.default_value);
    if (!attr.allowed.empty()) entry["allowed"] = attr.allowed;
    json["attributes"].push_back(std::move(entry));
  }
  json["types"] = Json::object();
  for (const viv::TypeVariable& type : op.types) {
    Json allowed = Json::array();
    for (const viv::DType t : type.allowed) allowed.push_back(viv::DTypeName(t));
    json["types"][type.name] = std::move(allowed);
  }
  json["differentiable"] = static_cast<bool>(op.gradient);
  json["stateful"] = op.stateful;
  json["random"] = op.random;
  json["updates"] = op.updates;
  return json;
}

}  // namespace

VivNames* VivOpNames(void) { return viv::c_api::NewNames(viv::OpRegistry::Global().Names()); }

char* VivOpDescribe(const char* op, VivStatus* status) {
  char* text = nullptr;
  viv::c_api::Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(viv::c_api::CheckText(op, "the op's name"));
    const viv::OpDef* def = viv::OpRegistry::Global().Find(op);
    if (def == nullptr) return absl::NotFoundError(absl::StrCat("there is no op '", op, "'"));
    text = viv::c_api::NewText(Describe(*def).dump());
    return absl::OkStatus();
  });
  return text;
}
