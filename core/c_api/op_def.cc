// Ops from outside: definitions, and what their shape and gradient functions see.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/c_api/handles.h"
#include "core/c_api/vivarium_op.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"

using viv::AttrDef;
using viv::AttrType;
using viv::DType;
using viv::TypeSpec;
using viv::c_api::Alive;
using viv::c_api::Check;
using viv::c_api::CheckArray;
using viv::c_api::CheckText;
using viv::c_api::Guarded;

struct VivOpDef : viv::c_api::Tagged<0x56495607> {
  viv::OpDef def;
  // The first wrong use of a setter.
  absl::Status status;
};

struct VivShapeContext : viv::c_api::Tagged<0x56495608> {
  explicit VivShapeContext(viv::ShapeContext& shapes) : context(shapes), attrs(shapes.attrs()) {}
  viv::ShapeContext& context;
  VivAttrs attrs;
  std::vector<std::unique_ptr<VivTensor>> values;
};

struct VivGradientContext : viv::c_api::Tagged<0x56495609> {
  explicit VivGradientContext(viv::GradientContext& gradient)
      : context(gradient), attrs(gradient.attrs()), graph(gradient.builder()) {
    graph.of_gradient = true;
  }
  viv::GradientContext& context;
  VivAttrs attrs;
  VivGraph graph;
};

namespace {

// Keeps the first error of a setter.
template <typename F>
void Set(VivOpDef* def, F&& set) {
  if (!Alive(def) || !def->status.ok()) return;
  def->status = viv::RunGuarded("C API", [&]() -> absl::Status { return set(def->def); });
}

absl::StatusOr<std::string> Named(const char* name, const char* what) {
  RETURN_IF_ERROR(CheckText(name, what));
  RETURN_IF_ERROR(viv::CheckName(what, name));
  return std::string(name);
}

// "float" as a type, others as variables.
absl::StatusOr<TypeSpec> ToTypeSpec(const char* text) {
  ASSIGN_OR_RETURN(const std::string type, Named(text, "the type"));
  const absl::StatusOr<DType> fixed = viv::ParseDType(type);
  if (!fixed.ok()) return TypeSpec(type.c_str());
  if (viv::DTypeSize(*fixed) > 0) return TypeSpec(*fixed);
  return absl::InvalidArgumentError(
      absl::StrCat("'", type, "' is no type of elements; variables are for the library's own ops"));
}

absl::Status AddAttr(viv::OpDef& def, AttrDef attr) {
  if (def.FindAttr(attr.name) != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("two attributes '", attr.name, "'"));
  }
  if (attr.name[0] == '_') {
    return absl::InvalidArgumentError(
        absl::StrCat("attribute '", attr.name, "': such names are for passes"));
  }
  def.attrs.push_back(std::move(attr));
  return absl::OkStatus();
}

bool HasInput(const VivShapeContext* context, int32_t i) {
  return Alive(context) && i >= 0 && i < context->context.num_inputs();
}
bool HasInput(const VivGradientContext* context, int32_t i) {
  return Alive(context) && i >= 0 && i < context->context.num_inputs();
}
bool HasOutput(const VivGradientContext* context, int32_t i) {
  return Alive(context) && i >= 0 && i < context->context.node().num_outputs();
}

// Runs one of our shape functions.
VivCode ReadyMade(VivShapeContext* context, VivStatus* status, bool needs_input,
                  absl::Status (*shape)(viv::ShapeContext&)) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(context, "the context"));
    if (needs_input && context->context.num_inputs() == 0) {
      return absl::InvalidArgumentError("there is no input whose shape the outputs could have");
    }
    return shape(context->context);
  });
}

}  // namespace

VivOpDef* VivOpDefNew(const char* name, const char* doc) {
  auto def = std::make_unique<VivOpDef>();
  def->def.name = name == nullptr ? "" : name;
  def->def.doc = doc == nullptr ? "" : doc;
  def->status = Named(name, "op").status();
  return def.release();
}
void VivOpDefFree(VivOpDef* def) { viv::c_api::Free(def); }

void VivOpDefInput(VivOpDef* def, const char* name, const char* type, int flags) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string input, Named(name, "the input"));
    ASSIGN_OR_RETURN(const TypeSpec spec, ToTypeSpec(type));
    if ((flags & ~(VIV_INPUT_MANY | VIV_INPUT_HOST)) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("input '", input, "' has unknown flags"));
    }
    op.inputs.push_back(
        {.name = input,
         .type = spec,
         .arity = (flags & VIV_INPUT_MANY) != 0 ? viv::Arity::kMany : viv::Arity::kOne,
         .host = (flags & VIV_INPUT_HOST) != 0});
    return absl::OkStatus();
  });
}

void VivOpDefOutput(VivOpDef* def, const char* name, const char* type, const char* count) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string output, Named(name, "the output"));
    ASSIGN_OR_RETURN(const TypeSpec spec, ToTypeSpec(type));
    op.outputs.push_back({.name = output,
                          .type = spec,
                          .arity = count == nullptr ? viv::Arity::kOne : viv::Arity::kMany,
                          .count = count == nullptr ? "" : count});
    return absl::OkStatus();
  });
}

void VivOpDefType(VivOpDef* def, const char* variable, const VivDType* allowed, int32_t count) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string name, Named(variable, "the type variable"));
    RETURN_IF_ERROR(CheckArray(allowed, count, "types"));
    viv::TypeVariable type = {.name = name};
    for (int32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const DType dtype, viv::c_api::ToDType(allowed[i]));
      type.allowed.push_back(dtype);
    }
    op.types.push_back(std::move(type));
    return absl::OkStatus();
  });
}

void VivOpDefAttr(VivOpDef* def, const char* name, VivAttrType type) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string attr, Named(name, "the attribute"));
    if (type <= VIV_ATTR_NONE || type > VIV_ATTR_TENSOR) {
      return absl::InvalidArgumentError(absl::StrCat("attribute '", attr, "' has no known type"));
    }
    return AddAttr(op, AttrDef(attr, static_cast<AttrType>(type)));
  });
}

void VivOpDefDefaults(VivOpDef* def, const VivAttrs* defaults) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    ASSIGN_OR_RETURN(const viv::AttrMap attrs, viv::c_api::ToAttrs(defaults));
    for (const auto& [name, value] : attrs) {
      RETURN_IF_ERROR(viv::CheckName("the attribute", name));
      RETURN_IF_ERROR(AddAttr(op, AttrDef(name, value)));
    }
    return absl::OkStatus();
  });
}

void VivOpDefAttrOneOf(VivOpDef* def, const char* name, const char* const* allowed, int32_t count) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string attr, Named(name, "the attribute"));
    RETURN_IF_ERROR(CheckArray(allowed, count, "values"));
    if (count == 0) {
      return absl::InvalidArgumentError(absl::StrCat("attribute '", attr, "' allows nothing"));
    }
    std::vector<std::string> values;
    for (int32_t i = 0; i < count; ++i) {
      RETURN_IF_ERROR(CheckText(allowed[i], "a value"));
      values.emplace_back(allowed[i]);
    }
    return AddAttr(op, AttrDef::OneOf(attr, std::move(values)));
  });
}

void VivOpDefFlags(VivOpDef* def, int flags) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    if ((flags & ~(VIV_OP_STATEFUL | VIV_OP_RANDOM | VIV_OP_DYNAMIC_OUTPUT)) != 0) {
      return absl::InvalidArgumentError("unknown flags");
    }
    op.stateful = (flags & VIV_OP_STATEFUL) != 0;
    op.random = (flags & VIV_OP_RANDOM) != 0;
    op.dynamic_output = (flags & VIV_OP_DYNAMIC_OUTPUT) != 0;
    return absl::OkStatus();
  });
}

void VivOpDefShape(VivOpDef* def, VivShapeFn shape, void* user) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    if (shape == nullptr) return absl::InvalidArgumentError("the shape function is NULL");
    op.shape = [shape, user](viv::ShapeContext& c) {
      VivShapeContext context(c);
      VivStatus status;
      return viv::c_api::FromCallback(shape(&context, user, &status), status, "shape function");
    };
    return absl::OkStatus();
  });
}

void VivOpDefGradient(VivOpDef* def, VivGradientFn gradient, void* user) {
  Set(def, [&](viv::OpDef& op) -> absl::Status {
    if (gradient == nullptr) return absl::InvalidArgumentError("the gradient function is NULL");
    op.gradient = [gradient, user](viv::GradientContext& c) {
      VivGradientContext context(c);
      VivStatus status;
      return viv::c_api::FromCallback(gradient(&context, user, &status), status,
                                      "gradient function");
    };
    return absl::OkStatus();
  });
}

void VivOpDefNotDifferentiable(VivOpDef* def) {
  Set(def, [](viv::OpDef& op) -> absl::Status {
    op.gradient = viv::NotDifferentiable();
    return absl::OkStatus();
  });
}

VivCode VivRegisterOp(VivOpDef* def, VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(def, "the op's definition"));
    const std::unique_ptr<VivOpDef> taken(def);
    RETURN_IF_ERROR(viv::Annotate(taken->status, absl::StrCat("op '", taken->def.name, "'")));
    return viv::c_api::RegisterOp(std::move(taken->def));
  });
}

int32_t VivShapeInputs(const VivShapeContext* context) {
  return Alive(context) ? context->context.num_inputs() : 0;
}
int32_t VivShapeOutputs(const VivShapeContext* context) {
  return Alive(context) ? context->context.num_outputs() : 0;
}
int32_t VivShapeInputRank(const VivShapeContext* context, int32_t i) {
  return HasInput(context, i) ? context->context.input(i).rank() : -1;
}
int64_t VivShapeInputDim(const VivShapeContext* context, int32_t i, int32_t axis) {
  return axis >= 0 && axis < VivShapeInputRank(context, i) ? context->context.input(i).dim(axis)
                                                           : -1;
}
VivDType VivShapeInputDType(const VivShapeContext* context, int32_t i) {
  return HasInput(context, i) ? viv::c_api::FromDType(context->context.input_type(i)) : VIV_INVALID;
}
const VivAttrs* VivShapeAttrs(const VivShapeContext* context) {
  return Alive(context) ? &context->attrs : nullptr;
}
const VivTensor* VivShapeInputValue(VivShapeContext* context, int32_t i) {
  if (!HasInput(context, i)) return nullptr;
  const viv::Tensor* value = context->context.ConstantValue(i);
  if (value == nullptr) return nullptr;
  context->values.push_back(std::make_unique<VivTensor>(*value));
  context->values.back()->kind = VivTensor::Kind::kInput;
  return context->values.back().get();
}
VivCode VivShapeSetOutput(VivShapeContext* context, int32_t i, const int64_t* dims, int32_t rank,
                          VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(context, "the context"));
    if (i < 0 || i >= context->context.num_outputs()) {
      return absl::OutOfRangeError(absl::StrCat("the op has no output ", i));
    }
    ASSIGN_OR_RETURN(viv::PartialShape shape, viv::c_api::ToPartialShape(dims, rank));
    context->context.set_output(i, std::move(shape));
    return absl::OkStatus();
  });
}

VivCode VivShapeUnchanged(VivShapeContext* context, void*, VivStatus* status) {
  return ReadyMade(context, status, /*needs_input=*/true, &viv::UnchangedShape);
}
VivCode VivShapeBroadcast(VivShapeContext* context, void*, VivStatus* status) {
  return ReadyMade(context, status, /*needs_input=*/true, &viv::BroadcastShape);
}
VivCode VivShapeScalar(VivShapeContext* context, void*, VivStatus* status) {
  return ReadyMade(context, status, /*needs_input=*/false, &viv::ScalarShape);
}
VivCode VivShapeUnknown(VivShapeContext* context, void*, VivStatus* status) {
  return ReadyMade(context, status, /*needs_input=*/false, &viv::UnknownShape);
}

VivGraph* VivGradientGraph(const VivGradientContext* context) {
  return Alive(context) ? const_cast<VivGraph*>(&context->graph) : nullptr;
}
VivOutput VivGradientInput(const VivGradientContext* context, int32_t i) {
  return viv::c_api::FromOutput(HasInput(context, i) ? context->context.input(i) : viv::Output());
}
VivOutput VivGradientOutput(const VivGradientContext* context, int32_t i) {
  return viv::c_api::FromOutput(HasOutput(context, i) ? context->context.output(i) : viv::Output());
}
VivOutput VivGradientIncoming(const VivGradientContext* context, int32_t i) {
  return viv::c_api::FromOutput(HasOutput(context, i) ? context->context.grad(i) : viv::Output());
}
int VivGradientNeeded(const VivGradientContext* context, int32_t i) {
  return HasInput(context, i) && context->context.needed(i) ? 1 : 0;
}
const VivAttrs* VivGradientAttrs(const VivGradientContext* context) {
  return Alive(context) ? &context->attrs : nullptr;
}
VivCode VivGradientSet(VivGradientContext* context, int32_t i, VivOutput gradient,
                       VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(context, "the context"));
    if (!HasInput(context, i)) return absl::OutOfRangeError(absl::StrCat("there is no input ", i));
    ASSIGN_OR_RETURN(const viv::Output output,
                     viv::c_api::ToOutput(context->context.builder().graph(), gradient));
    const viv::Output input = context->context.input(i);
    if (output.index < 0 || output.dtype() != input.dtype() ||
        !output.shape().Compatible(input.shape())) {
      return absl::InvalidArgumentError(
          absl::StrCat("the gradient of input ", i, " is not of the input's type and shape"));
    }
    context->context.SetGrad(i, output);
    return absl::OkStatus();
  });
}
