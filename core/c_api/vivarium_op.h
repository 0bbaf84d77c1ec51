// Ops and kernels from outside of the tree, in C. A library of them is compiled against this header
// and libviv and loaded at run time by VivLoadLibrary:
//
//   cc -fPIC -shared my_op.c -I core/c_api -L build/lib -lviv -o libmy_op.so
//
// It holds, once, the function that registers all:
//
//   VIV_OP_LIBRARY(status) {
//     VivOpDef* def = VivOpDefNew("Twice", "2 x.");
//     VivOpDefInput(def, "x", "T", 0);
//     VivOpDefOutput(def, "y", "T", NULL);
//     VivOpDefShape(def, VivShapeUnchanged, NULL);
//     ...
//     if (VivRegisterOp(def, status) != VIV_OK) return VivStatusCode(status);
//     return VivRegisterKernel(&(VivKernelSpec){.op = "Twice", ...}, status);
//   }
//
// A program may also register ops of its own, outside of a library.
//
// Contexts (VivShapeContext, VivGradientContext, VivKernelInit, VivKernelContext) and what they
// return are valid during the call that gets them. A function that is called back returns VIV_OK,
// or what VivStatusSet returned; the error then names the node beside the message.
#ifndef VIV_CORE_C_API_VIVARIUM_OP_H_
#define VIV_CORE_C_API_VIVARIUM_OP_H_

#include "vivarium.h"

#ifdef __cplusplus
extern "C" {
#endif

// The entry points of a library; VIV_OP_LIBRARY makes them, and `status` is the parameter's name.
#define VIV_EXPORT __attribute__((visibility("default")))
VIV_EXPORT uint32_t VivLibraryAbiVersion(void);
VIV_EXPORT VivCode VivLibraryRegister(VivStatus* status);
#define VIV_OP_LIBRARY(status)                                    \
  uint32_t VivLibraryAbiVersion(void) { return VIV_ABI_VERSION; } \
  VivCode VivLibraryRegister(VivStatus* status)

// ----------------------------------------------------------------------------- what an op is

typedef struct VivShapeContext VivShapeContext;
typedef struct VivGradientContext VivGradientContext;
typedef VivCode (*VivShapeFn)(VivShapeContext* context, void* user, VivStatus* status);
typedef VivCode (*VivGradientFn)(VivGradientContext* context, void* user, VivStatus* status);

#define VIV_INPUT_MANY 1  // takes all inputs that the others leave; at most one of an op
#define VIV_INPUT_HOST 2  // the shape function or the kernel reads the value on the host

#define VIV_OP_STATEFUL 1  // has an effect, or depends on more than its inputs: runs each time
#define VIV_OP_RANDOM 2    // draws random numbers: never merged or folded
#define VIV_OP_DYNAMIC_OUTPUT 4  // shapes of outputs are known when the kernel has run

// The first wrong use of a setter is kept and reported by VivRegisterOp.
typedef struct VivOpDef VivOpDef;
VivOpDef* VivOpDefNew(const char* name, const char* doc);
// For one that is not registered.
void VivOpDefFree(VivOpDef* def);
// `type`: "float", ... for a fixed type, "any", or the name of a type variable: one for all inputs
// and outputs that name it; where no input does, an attribute of that name says it.
void VivOpDefInput(VivOpDef* def, const char* name, const char* type, int flags);
// `count` NULL: one output. Else (the last output only) the attribute that says how many, or
// "inputs": as many as there are inputs of the VIV_INPUT_MANY input.
void VivOpDefOutput(VivOpDef* def, const char* name, const char* type, const char* count);
// What a type variable may be; without it anything.
void VivOpDefType(VivOpDef* def, const char* variable, const VivDType* allowed, int32_t count);
// An attribute that every node must give.
void VivOpDefAttr(VivOpDef* def, const char* name, VivAttrType type);
// One attribute for each of `defaults`, which nodes may leave out.
void VivOpDefDefaults(VivOpDef* def, const VivAttrs* defaults);
// A string attribute that is one of these; the first is the default.
void VivOpDefAttrOneOf(VivOpDef* def, const char* name, const char* const* allowed, int32_t count);
void VivOpDefFlags(VivOpDef* def, int flags);
// Needed. `user` is handed on, and lives as long as the process.
void VivOpDefShape(VivOpDef* def, VivShapeFn shape, void* user);
// Without one, asking for the gradient is an error.
void VivOpDefGradient(VivOpDef* def, VivGradientFn gradient, void* user);
// For ops through which no gradient flows.
void VivOpDefNotDifferentiable(VivOpDef* def);
// Takes the definition, also on an error. ALREADY_EXISTS where the name is taken.
VivCode VivRegisterOp(VivOpDef* def, VivStatus* status);

// --------------------------------------------------------------------------- shape functions

// Runs with what is known while the graph is built, and with all of it before kernels are launched:
// a rank or extent of -1 is not known.
int32_t VivShapeInputs(const VivShapeContext* context);
int32_t VivShapeOutputs(const VivShapeContext* context);
int32_t VivShapeInputRank(const VivShapeContext* context, int32_t i);
int64_t VivShapeInputDim(const VivShapeContext* context, int32_t i, int32_t axis);
VivDType VivShapeInputDType(const VivShapeContext* context, int32_t i);
const VivAttrs* VivShapeAttrs(const VivShapeContext* context);
// The value of an input where it is known, else NULL.
const VivTensor* VivShapeInputValue(VivShapeContext* context, int32_t i);
// An output that is not set stays unknown.
VivCode VivShapeSetOutput(VivShapeContext* context, int32_t i, const int64_t* dims, int32_t rank,
                          VivStatus* status);

// Ready-made: every output like input 0; like all inputs, broadcast; a scalar; nothing known.
VivCode VivShapeUnchanged(VivShapeContext* context, void* user, VivStatus* status);
VivCode VivShapeBroadcast(VivShapeContext* context, void* user, VivStatus* status);
VivCode VivShapeScalar(VivShapeContext* context, void* user, VivStatus* status);
VivCode VivShapeUnknown(VivShapeContext* context, void* user, VivStatus* status);

// ------------------------------------------------------------------------ gradient functions

// Only builds nodes, with VivGraphAdd and the like in this graph: the gradient is a graph like any
// other.
VivGraph* VivGradientGraph(const VivGradientContext* context);
VivOutput VivGradientInput(const VivGradientContext* context, int32_t i);
VivOutput VivGradientOutput(const VivGradientContext* context, int32_t i);
// The gradient with respect to output i; {VIV_NONE, 0} where none flows.
VivOutput VivGradientIncoming(const VivGradientContext* context, int32_t i);
// Whether anybody asks for the gradient of input i: what nobody needs is not built.
int VivGradientNeeded(const VivGradientContext* context, int32_t i);
const VivAttrs* VivGradientAttrs(const VivGradientContext* context);
// An input without one gets no gradient.
VivCode VivGradientSet(VivGradientContext* context, int32_t i, VivOutput gradient,
                       VivStatus* status);

// ----------------------------------------------------------------------------------- kernels

// What a kernel is made for.
typedef struct VivKernelInit VivKernelInit;
const char* VivKernelInitNode(const VivKernelInit* init);
const VivAttrs* VivKernelInitAttrs(const VivKernelInit* init);
int32_t VivKernelInitInputs(const VivKernelInit* init);
VivDType VivKernelInitInputDType(const VivKernelInit* init, int32_t i);
VivDType VivKernelInitOutputDType(const VivKernelInit* init, int32_t i);
// Concrete. Returns the rank; -1 outside of the inputs.
int32_t VivKernelInitInputShape(const VivKernelInit* init, int32_t i, int64_t dims[VIV_MAX_RANK]);
// The value of an input that is a constant, else NULL.
const VivTensor* VivKernelInitConstant(const VivKernelInit* init, int32_t i);

// One run of a kernel. Types and shapes were checked and outputs allocated before.
typedef struct VivKernelContext VivKernelContext;
int32_t VivKernelInputs(const VivKernelContext* context);
int32_t VivKernelOutputs(const VivKernelContext* context);
const VivTensor* VivKernelInput(const VivKernelContext* context, int32_t i);
// For writing, through VivTensorMutableData or VivTensorSetString.
VivTensor* VivKernelOutput(VivKernelContext* context, int32_t i);
// For ops with VIV_OP_DYNAMIC_OUTPUT: makes the output.
VivTensor* VivKernelAllocate(VivKernelContext* context, int32_t i, const int64_t* dims,
                             int32_t rank, VivStatus* status);
// Temporary memory, of as many bytes as the kernel's `scratch` said.
void* VivKernelScratch(const VivKernelContext* context);
// What random numbers are a function of, beside the node's name: the same run gives the same.
uint64_t VivKernelSeed(const VivKernelContext* context);
uint64_t VivKernelStep(const VivKernelContext* context);
uint64_t VivKernelLoopIndex(const VivKernelContext* context);

// Calls `body` on parts [begin, end) that together cover [0, n), by several threads where n exceeds
// `grain`: choose it worth about 20 us. The pool is the runtime's own; kernels start no threads.
void VivParallelFor(int64_t n, int64_t grain, void (*body)(int64_t begin, int64_t end, void* user),
                    void* user);

// Fields that are 0 or NULL are left out.
typedef struct VivKernelSpec {
  const char* op;
  const char* device;  // NULL: "cpu"
  // The types, by the op's type variables, that it computes; those left out may be anything.
  const char* const* type_variables;
  const VivDType* types;
  int32_t num_types;
  // Prepares for one node and one set of shapes; the state is handed to the others, which do not
  // change it: several threads run them at once. NULL: no state. May leave *state NULL.
  VivCode (*create)(const VivKernelInit* init, void* user, void** state, VivStatus* status);
  VivCode (*compute)(VivKernelContext* context, const void* state, void* user, VivStatus* status);
  void (*destroy)(void* state);
  // Bytes of temporary memory that a run needs.
  size_t (*scratch)(const void* state, void* user);
  void* user;
} VivKernelSpec;
VivCode VivRegisterKernel(const VivKernelSpec* spec, VivStatus* status);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // VIV_CORE_C_API_VIVARIUM_OP_H_
