// An op from outside of the tree, y = x^3 on floats: its shape, its gradient and its kernel.
#include "vivarium_op.h"

// dx = 3 x^2 dy, of nodes like any other.
static VivCode Gradient(VivGradientContext* context, void* user, VivStatus* status) {
  (void)user;
  VivGraph* graph = VivGradientGraph(context);
  const VivOutput x = VivGradientInput(context, 0);
  const float three = 3;
  VivTensor* value = VivTensorFromMemory(VIV_FLOAT, NULL, 0, &three, sizeof three, status);
  VivOutput product = VivGraphConst(graph, NULL, value, status);
  VivTensorFree(value);
  const VivOutput factors[3] = {x, x, VivGradientIncoming(context, 0)};
  for (int i = 0; i < 3; ++i) {
    const VivOutput inputs[2] = {product, factors[i]};
    const VivNodeSpec spec = {.op = "Mul", .inputs = inputs, .num_inputs = 2};
    product.node = VivGraphAdd(graph, &spec, status);
    if (product.node == VIV_NONE) return VivStatusCode(status);
  }
  return VivGradientSet(context, 0, product, status);
}

static VivCode Compute(VivKernelContext* context, const void* state, void* user,
                       VivStatus* status) {
  (void)state;
  (void)user;
  const VivTensor* input = VivKernelInput(context, 0);
  const float* x = VivTensorData(input);
  float* y = VivTensorMutableData(VivKernelOutput(context, 0), status);
  for (int64_t i = 0; i < VivTensorElements(input); ++i) y[i] = x[i] * x[i] * x[i];
  return VIV_OK;
}

VIV_OP_LIBRARY(status) {
  VivOpDef* def = VivOpDefNew("Cube", "x^3.");
  VivOpDefInput(def, "x", "float", 0);
  VivOpDefOutput(def, "y", "float", NULL);
  VivOpDefShape(def, VivShapeUnchanged, NULL);
  VivOpDefGradient(def, Gradient, NULL);
  if (VivRegisterOp(def, status) != VIV_OK) return VivStatusCode(status);
  const VivKernelSpec kernel = {.op = "Cube", .compute = Compute};
  return VivRegisterKernel(&kernel, status);
}
