// Kernels from outside.
#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/c_api/handles.h"
#include "core/c_api/vivarium_op.h"

using viv::c_api::Alive;
using viv::c_api::Check;
using viv::c_api::CheckArray;
using viv::c_api::CheckText;
using viv::c_api::Guarded;

struct VivKernelInit : viv::c_api::Tagged<0x5649560a> {
  explicit VivKernelInit(const viv::KernelInit& kernel) : init(kernel), attrs(kernel.attrs) {
    for (size_t i = 0; i < init.input_shapes.size(); ++i) {
      const viv::Tensor* value =
          init.constant_input ? init.constant_input(static_cast<int>(i)) : nullptr;
      constants.push_back(value == nullptr ? nullptr : std::make_unique<VivTensor>(*value));
      if (value != nullptr) constants.back()->kind = VivTensor::Kind::kInput;
    }
  }
  const viv::KernelInit& init;
  VivAttrs attrs;
  std::vector<std::unique_ptr<VivTensor>> constants;
};

struct VivKernelContext : viv::c_api::Tagged<0x5649560b> {
  explicit VivKernelContext(const viv::KernelContext& kernel) : context(kernel) {
    for (int i = 0; i < kernel.num_inputs(); ++i) {
      inputs.emplace_back(kernel.input(i)).kind = VivTensor::Kind::kInput;
    }
    for (int i = 0; i < kernel.num_outputs(); ++i) {
      outputs.emplace_back(kernel.output(i)).kind = VivTensor::Kind::kOutput;
    }
  }
  const viv::KernelContext& context;
  absl::InlinedVector<VivTensor, 4> inputs;
  absl::InlinedVector<VivTensor, 2> outputs;
};

namespace {

class OutsideKernel : public viv::Kernel {
 public:
  OutsideKernel(const VivKernelSpec& spec, void* state, bool dynamic)
      : spec_(spec), state_(state), dynamic_(dynamic) {}
  ~OutsideKernel() override {
    if (spec_.destroy != nullptr && state_ != nullptr) spec_.destroy(state_);
  }

  absl::Status Compute(const viv::KernelContext& kernel) const override {
    VivKernelContext context(kernel);
    VivStatus status;
    const VivCode code = spec_.compute(&context, state_, spec_.user, &status);
    RETURN_IF_ERROR(viv::c_api::FromCallback(code, status, "kernel"));
    for (int i = 0; dynamic_ && i < kernel.num_outputs(); ++i) {
      if (kernel.output(i).buffer() != nullptr) continue;
      return absl::InternalError(absl::StrCat("the kernel did not make output ", i));
    }
    return absl::OkStatus();
  }
  size_t scratch_bytes() const override {
    return spec_.scratch == nullptr ? 0 : spec_.scratch(state_, spec_.user);
  }

 private:
  const VivKernelSpec spec_;
  void* const state_;
  const bool dynamic_;
};

viv::KernelFactory Factory(const VivKernelSpec& spec, bool dynamic) {
  return [spec,
          dynamic](const viv::KernelInit& kernel) -> absl::StatusOr<std::unique_ptr<viv::Kernel>> {
    void* state = nullptr;
    if (spec.create != nullptr) {
      VivKernelInit init(kernel);
      VivStatus status;
      const VivCode code = spec.create(&init, spec.user, &state, &status);
      RETURN_IF_ERROR(viv::c_api::FromCallback(code, status, "kernel's preparation"));
    }
    return std::unique_ptr<viv::Kernel>(std::make_unique<OutsideKernel>(spec, state, dynamic));
  };
}

template <typename Context>
bool HasInput(const Context* context, int32_t i) {
  return Alive(context) && i >= 0 && i < static_cast<int32_t>(context->inputs.size());
}
bool HasInput(const VivKernelInit* init, int32_t i) {
  return Alive(init) && i >= 0 && i < static_cast<int32_t>(init->init.input_shapes.size());
}

}  // namespace

const char* VivKernelInitNode(const VivKernelInit* init) {
  return Alive(init) ? init->init.node_name.c_str() : nullptr;
}
const VivAttrs* VivKernelInitAttrs(const VivKernelInit* init) {
  return Alive(init) ? &init->attrs : nullptr;
}
int32_t VivKernelInitInputs(const VivKernelInit* init) {
  return Alive(init) ? static_cast<int32_t>(init->init.input_shapes.size()) : 0;
}
VivDType VivKernelInitInputDType(const VivKernelInit* init, int32_t i) {
  return HasInput(init, i) ? viv::c_api::FromDType(init->init.input_types[i]) : VIV_INVALID;
}
VivDType VivKernelInitOutputDType(const VivKernelInit* init, int32_t i) {
  const bool found =
      Alive(init) && i >= 0 && i < static_cast<int32_t>(init->init.output_types.size());
  return found ? viv::c_api::FromDType(init->init.output_types[i]) : VIV_INVALID;
}
int32_t VivKernelInitInputShape(const VivKernelInit* init, int32_t i, int64_t dims[VIV_MAX_RANK]) {
  if (!HasInput(init, i) || dims == nullptr) return -1;
  return viv::c_api::FromShape(init->init.input_shapes[i], dims);
}
const VivTensor* VivKernelInitConstant(const VivKernelInit* init, int32_t i) {
  return HasInput(init, i) ? init->constants[i].get() : nullptr;
}

int32_t VivKernelInputs(const VivKernelContext* context) {
  return Alive(context) ? static_cast<int32_t>(context->inputs.size()) : 0;
}
int32_t VivKernelOutputs(const VivKernelContext* context) {
  return Alive(context) ? static_cast<int32_t>(context->outputs.size()) : 0;
}
const VivTensor* VivKernelInput(const VivKernelContext* context, int32_t i) {
  return HasInput(context, i) ? &context->inputs[i] : nullptr;
}
VivTensor* VivKernelOutput(VivKernelContext* context, int32_t i) {
  return i >= 0 && i < VivKernelOutputs(context) ? &context->outputs[i] : nullptr;
}
VivTensor* VivKernelAllocate(VivKernelContext* context, int32_t i, const int64_t* dims,
                             int32_t rank, VivStatus* status) {
  VivTensor* made = nullptr;
  Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(context, "the context"));
    if (i < 0 || i >= VivKernelOutputs(context)) {
      return absl::OutOfRangeError(absl::StrCat("the op has no output ", i));
    }
    ASSIGN_OR_RETURN(const viv::Shape shape, viv::c_api::ToShape(dims, rank));
    viv::Tensor& output = context->context.output(i);
    if (output.buffer() != nullptr) {  // the plan made it: its shape was known before
      if (output.shape() == shape) return made = &context->outputs[i], absl::OkStatus();
      return absl::FailedPreconditionError(
          absl::StrCat("output ", i, " is known to be of shape ", output.shape().ToString()));
    }
    RETURN_IF_ERROR(context->context.AllocateOutput(i, shape));
    context->outputs[i].tensor = output;
    made = &context->outputs[i];
    return absl::OkStatus();
  });
  return made;
}
void* VivKernelScratch(const VivKernelContext* context) {
  return Alive(context) ? context->context.scratch() : nullptr;
}
uint64_t VivKernelSeed(const VivKernelContext* context) {
  return Alive(context) ? context->context.step().seed : 0;
}
uint64_t VivKernelStep(const VivKernelContext* context) {
  return Alive(context) ? context->context.step().step : 0;
}
uint64_t VivKernelLoopIndex(const VivKernelContext* context) {
  return Alive(context) ? context->context.step().loop_index : 0;
}

void VivParallelFor(int64_t n, int64_t grain, void (*body)(int64_t begin, int64_t end, void* user),
                    void* user) {
  if (n <= 0 || body == nullptr) return;
  viv::ParallelFor(n, std::max<int64_t>(grain, 1),
                   [body, user](int64_t begin, int64_t end) { body(begin, end, user); });
}

VivCode VivRegisterKernel(const VivKernelSpec* spec, VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    if (spec == nullptr) return absl::InvalidArgumentError("the kernel's spec is NULL");
    RETURN_IF_ERROR(CheckText(spec->op, "the op's name"));
    const std::string where = absl::StrCat("kernel of op '", spec->op, "'");
    if (spec->compute == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": its compute function is NULL"));
    }
    RETURN_IF_ERROR(
        viv::Annotate(CheckArray(spec->type_variables, spec->num_types, "type variables"), where));
    RETURN_IF_ERROR(viv::Annotate(CheckArray(spec->types, spec->num_types, "types"), where));
    viv::KernelDef def = {.op = spec->op, .device = spec->device == nullptr ? "cpu" : spec->device};
    for (int32_t i = 0; i < spec->num_types; ++i) {
      RETURN_IF_ERROR(viv::Annotate(CheckText(spec->type_variables[i], "a type variable"), where));
      absl::StatusOr<viv::DType> type = viv::c_api::ToDType(spec->types[i]);
      if (!type.ok()) return viv::Annotate(type.status(), where);
      def.types.emplace_back(spec->type_variables[i], *type);
    }
    // What the spec points to is the caller's.
    VivKernelSpec functions = *spec;
    functions.op = functions.device = nullptr;
    functions.type_variables = nullptr;
    functions.types = nullptr;
    return viv::Annotate(
        viv::c_api::RegisterKernel(
            std::move(def), [&functions](bool dynamic) { return Factory(functions, dynamic); }),
        where);
  });
}
