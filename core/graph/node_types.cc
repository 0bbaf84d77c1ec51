// Binds type variables from inputs and attributes.
#include "core/graph/node_types.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"

namespace viv {
namespace {

using Bindings = std::map<std::string, DType>;

absl::Status CheckCount(const OpDef& op, size_t given) {
  const size_t declared = op.inputs.size();
  const bool variadic = op.VariadicInput() >= 0;
  if (variadic ? given + 1 >= declared : given == declared) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("takes ", variadic ? "at least " : "",
                                                 variadic ? declared - 1 : declared,
                                                 " inputs, got ", given));
}

absl::Status CheckAllowed(const OpDef& op, const std::string& variable, DType type) {
  const TypeVariable* def = op.FindType(variable);
  if (def == nullptr ||
      std::find(def->allowed.begin(), def->allowed.end(), type) != def->allowed.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "does not take ", DTypeName(type), "; it takes ",
      absl::StrJoin(def->allowed, ", ",
                    [](std::string* out, DType t) { absl::StrAppend(out, DTypeName(t)); })));
}

absl::Status CheckType(int i, const InputDef& def, DType actual, DType wanted) {
  if (actual == wanted) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input ", i, " '", def.name, "' is ",
                                                 DTypeName(actual), ", not ", DTypeName(wanted)));
}

absl::Status BindInputs(const OpDef& op, const std::vector<Output>& inputs, Bindings& bound) {
  const int n = static_cast<int>(inputs.size());
  for (int i = 0; i < n; ++i) {
    const InputDef& def = op.inputs[InputDefIndex(op, n, i)];
    const DType actual = inputs[i].dtype();
    bool wide = false;
    TypeVariableOf(def.type, &wide);
    if (def.type.any() || wide) continue;
    if (def.type.variable.empty()) {
      RETURN_IF_ERROR(CheckType(i, def, actual, def.type.fixed));
      continue;
    }
    RETURN_IF_ERROR(Annotate(CheckAllowed(op, def.type.variable, actual),
                             absl::StrCat("input ", i, " '", def.name, "'")));
    const auto [it, fresh] = bound.emplace(def.type.variable, actual);
    if (!fresh && it->second != actual) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", i, " '", def.name, "' is ", DTypeName(actual),
                       ", but an earlier input of the same type is ", DTypeName(it->second)));
    }
  }
  // Wide ones follow from those.
  for (int i = 0; i < n; ++i) {
    const InputDef& def = op.inputs[InputDefIndex(op, n, i)];
    bool wide = false;
    const auto it = bound.find(TypeVariableOf(def.type, &wide));
    if (!wide || it == bound.end()) continue;
    RETURN_IF_ERROR(CheckType(i, def, inputs[i].dtype(), Widened(it->second)));
  }
  return absl::OkStatus();
}

// The type of the elements of the variables that the op takes: that of its attribute "dtype", of
// the inputs of its type "T", or of its first floating-point input; kInvalid where the op leaves it
// open.
DType VariableType(const OpDef& op, const Bindings& bound, const AttrMap& attrs) {
  if (op.FindAttr("dtype") != nullptr) return attrs.Type("dtype");
  if (const auto it = bound.find("T"); it != bound.end()) return it->second;
  for (const InputDef& input : op.inputs) {
    if (IsFloating(input.type.fixed)) return input.type.fixed;
  }
  return DType::kInvalid;
}

// Kernels trust that a variable holds what the op's other inputs hold.
absl::Status CheckVariables(const OpDef& op, const std::vector<Output>& inputs,
                            const Bindings& bound, const AttrMap& attrs) {
  const DType wanted = VariableType(op, bound, attrs);
  for (size_t i = 0; i < inputs.size() && wanted != DType::kInvalid; ++i) {
    if (inputs[i].dtype() != kResource) continue;
    const AttrValue* dtype = inputs[i].node->attrs().Find("dtype");
    if (dtype == nullptr || *dtype == AttrValue(wanted)) continue;
    return absl::InvalidArgumentError(absl::StrCat("input ", i, " is a variable of type ",
                                                   dtype->ToString(), ", not ", DTypeName(wanted)));
  }
  return absl::OkStatus();
}

absl::StatusOr<DType> Resolve(const OpDef& op, const TypeSpec& spec, const Bindings& bound,
                              const AttrMap& attrs) {
  bool wide = false;
  const std::string variable = TypeVariableOf(spec, &wide);
  if (variable.empty()) return spec.fixed;
  if (auto it = bound.find(variable); it != bound.end()) {
    return wide ? Widened(it->second) : it->second;
  }
  const AttrValue* attr = attrs.Find(variable);
  const DType* type = attr == nullptr ? nullptr : attr->get<DType>();
  if (type == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("nothing says what type '", variable, "' is"));
  }
  RETURN_IF_ERROR(CheckAllowed(op, variable, *type));
  return wide ? Widened(*type) : *type;
}

// The types of an output of any number.
absl::StatusOr<std::vector<DType>> ManyTypes(const OpDef& op, const OutputDef& def,
                                             const std::vector<Output>& inputs,
                                             const Bindings& bound, const AttrMap& attrs) {
  std::vector<DType> types;
  if (def.count == "inputs") {
    const int first = op.VariadicInput();
    const int n = static_cast<int>(inputs.size());
    for (int i = 0; i < n; ++i) {
      if (InputDefIndex(op, n, i) == first) types.push_back(inputs[i].dtype());
    }
    return types;
  }
  const AttrValue* count = attrs.Find(def.count);
  if (count != nullptr && count->type() == AttrType::kTypes) {
    return *count->get<std::vector<DType>>();
  }
  const int64_t n = attrs.Int(def.count);
  // A graph from a stranger may ask for anything.
  if (n < 0 || n > 65536) {
    return absl::InvalidArgumentError(
        absl::StrCat("attribute '", def.count, "' is ", n, ", outside 0 to 65536"));
  }
  ASSIGN_OR_RETURN(const DType type, Resolve(op, def.type, bound, attrs));
  types.assign(n, type);
  return types;
}

}  // namespace

std::string TypeVariableOf(const TypeSpec& spec, bool* wide) {
  constexpr absl::string_view kWide = "wide ";
  *wide = absl::StartsWith(spec.variable, kWide);
  return *wide ? spec.variable.substr(kWide.size()) : spec.variable;
}

DType Widened(DType type) { return type == kBFloat16 || type == kHalf ? kFloat : type; }

int InputDefIndex(const OpDef& op, int num_inputs, int i) {
  const int variadic = op.VariadicInput();
  const int declared = static_cast<int>(op.inputs.size());
  if (variadic < 0 || i < variadic) return i;
  const int many = num_inputs - (declared - 1);
  return i < variadic + many ? variadic : i - many + 1;
}

absl::StatusOr<std::vector<DType>> OutputTypes(const OpDef& op, const std::vector<Output>& inputs,
                                               const AttrMap& attrs) {
  RETURN_IF_ERROR(CheckCount(op, inputs.size()));
  Bindings bound;
  RETURN_IF_ERROR(BindInputs(op, inputs, bound));
  RETURN_IF_ERROR(CheckVariables(op, inputs, bound, attrs));
  std::vector<DType> types;
  for (const OutputDef& def : op.outputs) {
    if (def.arity == Arity::kMany) {
      ASSIGN_OR_RETURN(const std::vector<DType> many, ManyTypes(op, def, inputs, bound, attrs));
      types.insert(types.end(), many.begin(), many.end());
    } else {
      ASSIGN_OR_RETURN(const DType type, Resolve(op, def.type, bound, attrs));
      types.push_back(type);
    }
  }
  return types;
}

}  // namespace viv
