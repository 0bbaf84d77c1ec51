// A library of ops as somebody outside of the tree writes it: three ops with their kernels.
#include <ctype.h>
#include <stdlib.h>

#include "vivarium_op.h"

// y = scale x^2, for float and double, with a gradient.

typedef struct SquareState {
  double scale;
} SquareState;

static VivCode CreateSquare(const VivKernelInit* init, void* user, void** state,
                            VivStatus* status) {
  SquareState* made = malloc(sizeof *made);
  (void)user;
  if (made == NULL) return VivStatusSet(status, VIV_RESOURCE_EXHAUSTED, "out of memory");
  made->scale = VivAttrsFloat(VivKernelInitAttrs(init), "scale");
  *state = made;
  return VIV_OK;
}

typedef struct Part {
  const void* x;
  void* y;
  double scale;
} Part;

#define SQUARE_PART(name, type)                              \
  static void name(int64_t begin, int64_t end, void* user) { \
    const Part* part = user;                                 \
    for (int64_t i = begin; i < end; ++i) {                  \
      const type v = ((const type*)part->x)[i];              \
      ((type*)part->y)[i] = (type)part->scale * v * v;       \
    }                                                        \
  }
SQUARE_PART(SquareFloat, float)
SQUARE_PART(SquareDouble, double)

static VivCode ComputeSquare(VivKernelContext* context, const void* state, void* user,
                             VivStatus* status) {
  const VivTensor* x = VivKernelInput(context, 0);
  Part part;
  (void)user;
  part.x = VivTensorData(x);
  part.y = VivTensorMutableData(VivKernelOutput(context, 0), status);
  part.scale = ((const SquareState*)state)->scale;
  VivParallelFor(VivTensorElements(x), 10000,
                 VivTensorDType(x) == VIV_FLOAT ? SquareFloat : SquareDouble, &part);
  return VIV_OK;
}

static VivNode AddNode(VivGraph* graph, const char* op, const VivOutput* inputs, int32_t count,
                       const VivAttrs* attrs, VivStatus* status) {
  VivNodeSpec spec = {0};
  spec.op = op;
  spec.inputs = inputs;
  spec.num_inputs = count;
  spec.attrs = attrs;
  return VivGraphAdd(graph, &spec, status);
}

// dx = 2 scale x dy, written with the op's own kin: x dy, times the constant 2 scale.
static VivCode SquareGradient(VivGradientContext* context, void* user, VivStatus* status) {
  VivGraph* graph = VivGradientGraph(context);
  const VivOutput x = VivGradientInput(context, 0), dy = VivGradientIncoming(context, 0);
  const double twice = 2 * VivAttrsFloat(VivGradientAttrs(context), "scale");
  VivOutput product[2], scaled = {VIV_NONE, 0};
  VivAttrs* attrs = VivAttrsNew();
  VivTensor* value;
  (void)user;
  product[0] = x;
  product[1] = dy;
  scaled.node = AddNode(graph, "Mul", product, 2, NULL, status);
  value = VivTensorFromMemory(VIV_DOUBLE, NULL, 0, &twice, sizeof twice, status);
  product[0] = VivGraphConst(graph, NULL, value, status);
  VivAttrsSetType(attrs, "dtype", VivOutputDType(graph, x));
  product[0].node = AddNode(graph, "Cast", product, 1, attrs, status);
  product[1] = scaled;
  scaled.node = AddNode(graph, "Mul", product, 2, NULL, status);
  VivTensorFree(value);
  VivAttrsFree(attrs);
  if (scaled.node == VIV_NONE) return VivStatusCode(status);
  return VivGradientSet(context, 0, scaled, status);
}

static VivCode RegisterSquare(VivStatus* status) {
  static const VivDType kTypes[2] = {VIV_FLOAT, VIV_DOUBLE};
  static const char* const kVariable[1] = {"T"};
  VivOpDef* def = VivOpDefNew("OutsideSquare", "scale x^2.");
  VivAttrs* defaults = VivAttrsNew();
  VivAttrsSetFloat(defaults, "scale", 1);
  VivOpDefInput(def, "x", "T", 0);
  VivOpDefOutput(def, "y", "T", NULL);
  VivOpDefType(def, "T", kTypes, 2);
  VivOpDefDefaults(def, defaults);
  VivOpDefShape(def, VivShapeUnchanged, NULL);
  VivOpDefGradient(def, SquareGradient, NULL);
  VivAttrsFree(defaults);
  if (VivRegisterOp(def, status) != VIV_OK) return VivStatusCode(status);
  for (int i = 0; i < 2; ++i) {
    VivKernelSpec kernel = {0};
    kernel.op = "OutsideSquare";
    kernel.type_variables = kVariable;
    kernel.types = &kTypes[i];
    kernel.num_types = 1;
    kernel.create = CreateSquare;
    kernel.compute = ComputeSquare;
    kernel.destroy = free;
    if (VivRegisterKernel(&kernel, status) != VIV_OK) return VivStatusCode(status);
  }
  return VIV_OK;
}

// The positive elements of a vector: how many there are is known when the kernel has run. It
// refuses what is no number.

static VivCode PositiveShape(VivShapeContext* context, void* user, VivStatus* status) {
  const int64_t unknown = -1;
  const int32_t rank = VivShapeInputRank(context, 0);
  (void)user;
  if (rank != -1 && rank != 1) {
    return VivStatusSet(status, VIV_INVALID_ARGUMENT, "x is no vector");
  }
  return VivShapeSetOutput(context, 0, &unknown, 1, status);
}

static VivCode ComputePositive(VivKernelContext* context, const void* state, void* user,
                               VivStatus* status) {
  const VivTensor* x = VivKernelInput(context, 0);
  const float* values = VivTensorData(x);
  int64_t count = 0, at = 0;
  VivTensor* y;
  float* out;
  (void)state;
  (void)user;
  for (int64_t i = 0; i < VivTensorElements(x); ++i) {
    if (values[i] != values[i]) {
      return VivStatusSet(status, VIV_INVALID_ARGUMENT, "x holds what is no number");
    }
    count += values[i] > 0;
  }
  y = VivKernelAllocate(context, 0, &count, 1, status);
  if (y == NULL) return VivStatusCode(status);
  out = VivTensorMutableData(y, status);
  for (int64_t i = 0; i < VivTensorElements(x); ++i) {
    if (values[i] > 0) out[at++] = values[i];
  }
  return VIV_OK;
}

static VivCode RegisterPositive(VivStatus* status) {
  VivOpDef* def = VivOpDefNew("OutsidePositive", "The positive elements of a vector.");
  VivKernelSpec kernel = {0};
  VivOpDefInput(def, "x", "float", 0);
  VivOpDefOutput(def, "y", "float", NULL);
  VivOpDefFlags(def, VIV_OP_DYNAMIC_OUTPUT);
  VivOpDefShape(def, PositiveShape, NULL);
  if (VivRegisterOp(def, status) != VIV_OK) return VivStatusCode(status);
  kernel.op = "OutsidePositive";
  kernel.compute = ComputePositive;
  return VivRegisterKernel(&kernel, status);
}

// Joins the elements of all inputs, with capitals.

static VivCode ComputeCapitals(VivKernelContext* context, const void* state, void* user,
                               VivStatus* status) {
  VivTensor* y = VivKernelOutput(context, 0);
  (void)state;
  (void)user;
  for (int64_t i = 0; i < VivTensorElements(y); ++i) {
    char text[256];
    size_t used = 0;
    for (int32_t k = 0; k < VivKernelInputs(context); ++k) {
      size_t length = 0;
      const char* part = VivTensorString(VivKernelInput(context, k), i, &length, status);
      for (size_t c = 0; c < length && used < sizeof text; ++c) {
        text[used++] = (char)toupper((unsigned char)part[c]);
      }
    }
    if (VivTensorSetString(y, i, text, used, status) != VIV_OK) return VivStatusCode(status);
  }
  return VIV_OK;
}

static VivCode RegisterCapitals(VivStatus* status) {
  VivOpDef* def = VivOpDefNew("OutsideCapitals", "All inputs joined, with capitals.");
  VivKernelSpec kernel = {0};
  VivOpDefInput(def, "texts", "string", VIV_INPUT_MANY);
  VivOpDefOutput(def, "y", "string", NULL);
  VivOpDefShape(def, VivShapeUnchanged, NULL);
  VivOpDefNotDifferentiable(def);
  if (VivRegisterOp(def, status) != VIV_OK) return VivStatusCode(status);
  kernel.op = "OutsideCapitals";
  kernel.compute = ComputeCapitals;
  return VivRegisterKernel(&kernel, status);
}

VIV_OP_LIBRARY(status) {
  if (RegisterSquare(status) != VIV_OK) return VivStatusCode(status);
  if (RegisterPositive(status) != VIV_OK) return VivStatusCode(status);
  return RegisterCapitals(status);
}
