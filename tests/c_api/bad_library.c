// Libraries of ops that are wrong in one way each, chosen when they are compiled.
#include "vivarium_op.h"

static VivCode Nothing(VivKernelContext* context, const void* state, void* user,
                       VivStatus* status) {
  (void)context;
  (void)state;
  (void)user;
  (void)status;
  return VIV_OK;
}

static VivCode RegisterOne(const char* name, const char* type, VivStatus* status) {
  VivOpDef* def = VivOpDefNew(name, "For tests.");
  VivOpDefInput(def, "x", type, 0);
  VivOpDefShape(def, VivShapeUnknown, NULL);
  return VivRegisterOp(def, status);
}

#if defined(NO_ENTRY)
VivCode SomethingElse(void);
VivCode SomethingElse(void) { return VIV_OK; }
#elif defined(WRONG_VERSION)
uint32_t VivLibraryAbiVersion(void) { return VIV_ABI_VERSION + 1; }
VivCode VivLibraryRegister(VivStatus* status) { return RegisterOne("BadOp", "float", status); }
#else
VIV_OP_LIBRARY(status) {
  VivKernelSpec kernel = {0};
  // A good op first: none of the library's ops may stay.
  if (RegisterOne("BadOp", "float", status) != VIV_OK) return VivStatusCode(status);
  kernel.op = "BadOp";
  kernel.compute = Nothing;
  (void)kernel;
#if defined(DUPLICATE_OF_THE_HOUSE)
  return RegisterOne("MatMul", "float", status);
#elif defined(DUPLICATE_OF_ITSELF)
  return RegisterOne("BadOp", "float", status);
#elif defined(DUPLICATE_KERNEL)
  if (VivRegisterKernel(&kernel, status) != VIV_OK) return VivStatusCode(status);
  return VivRegisterKernel(&kernel, status);
#elif defined(KERNEL_WITHOUT_OP)
  kernel.op = "NoSuchOp";
  return VivRegisterKernel(&kernel, status);
#elif defined(KERNEL_OF_UNKNOWN_TYPE)
  static const char* const kVariable[1] = {"U"};
  static const VivDType kType[1] = {VIV_FLOAT};
  kernel.type_variables = kVariable;
  kernel.types = kType;
  kernel.num_types = 1;
  return VivRegisterKernel(&kernel, status);
#elif defined(NO_COMPUTE)
  kernel.compute = NULL;
  return VivRegisterKernel(&kernel, status);
#elif defined(NO_SHAPE)
  VivOpDef* def = VivOpDefNew("BadOp2", "For tests.");
  return VivRegisterOp(def, status);
#elif defined(UNCOUNTED_OUTPUTS)
  VivOpDef* def = VivOpDefNew("BadOp2", "For tests.");
  VivOpDefOutput(def, "y", "float", "count");
  VivOpDefShape(def, VivShapeUnknown, NULL);
  return VivRegisterOp(def, status);
#elif defined(VARIABLE_INPUT)
  return RegisterOne("BadOp2", "resource", status);
#elif defined(FAILS)
  return VivStatusSet(status, VIV_UNAVAILABLE, "the licence server is away");
#elif defined(FAILS_SILENTLY)
  return VIV_INTERNAL;
#endif
}
#endif
