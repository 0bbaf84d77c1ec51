// The C API of Vivarium: tensors, graphs, gradients, sessions, checkpoints, and ops from outside of
// the tree. It carries bindings for other languages; no C++ type crosses it.
//
//   cc program.c -I core/c_api -L build/lib -lviv -Wl,-rpath,$PWD/build/lib
//
// Rules that hold everywhere:
// - Errors. A function that can fail takes a VivStatus last, which may be NULL where only the fact
//   matters. It returns a VivCode, a handle (NULL on an error) or a node (VIV_NONE on an error),
//   and leaves in the status the code and a message that names what was wrong and where. A status
//   that is passed again is overwritten; VIV_OK empties it.
// - Handles. What a function named ...New, ...Load or ...Get returns is freed with the ...Free of
//   its type, which takes NULL. Text and bytes (char*) are freed with VivFree. A `const` pointer
//   that is returned belongs to the handle that it was asked of. NULL and handles of another type
//   are errors (INVALID_ARGUMENT), not crashes; a function that has no status then returns 0, NULL
//   or VIV_NONE.
// - Text is UTF-8 and ends with a zero byte; it is copied.
// - Threads. A session may be run by several threads at once. Other handles: one thread at a time.
//   A graph may grow between the runs of its sessions, not during one.
// - Structs never change: what needs more gets a struct and a function of another name.
#ifndef VIV_CORE_C_API_VIVARIUM_H_
#define VIV_CORE_C_API_VIVARIUM_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------- versions

// Grows with every change that programs and op libraries compiled against an older header notice.
#define VIV_ABI_VERSION 1
// Of the library that is loaded.
uint32_t VivAbiVersion(void);
// "0.1.0"
const char* VivVersion(void);

// ------------------------------------------------------------------------------------ status

// The numbers are those of gRPC and Abseil.
typedef enum VivCode {
  VIV_OK = 0,
  VIV_CANCELLED = 1,
  VIV_UNKNOWN = 2,
  VIV_INVALID_ARGUMENT = 3,
  VIV_DEADLINE_EXCEEDED = 4,
  VIV_NOT_FOUND = 5,
  VIV_ALREADY_EXISTS = 6,
  VIV_PERMISSION_DENIED = 7,
  VIV_RESOURCE_EXHAUSTED = 8,
  VIV_FAILED_PRECONDITION = 9,
  VIV_ABORTED = 10,
  VIV_OUT_OF_RANGE = 11,
  VIV_UNIMPLEMENTED = 12,
  VIV_INTERNAL = 13,
  VIV_UNAVAILABLE = 14,
  VIV_DATA_LOSS = 15,
  VIV_UNAUTHENTICATED = 16
} VivCode;

typedef struct VivStatus VivStatus;
VivStatus* VivStatusNew(void);
void VivStatusFree(VivStatus* status);
VivCode VivStatusCode(const VivStatus* status);
// "" for VIV_OK.
const char* VivStatusMessage(const VivStatus* status);
// For functions that are called back. Returns `code`.
VivCode VivStatusSet(VivStatus* status, VivCode code, const char* message);
// "INVALID_ARGUMENT"
const char* VivCodeName(VivCode code);

// Frees what was returned as char*.
void VivFree(char* text);

// A list of texts.
typedef struct VivNames VivNames;
int32_t VivNamesCount(const VivNames* names);
// NULL outside of the list.
const char* VivNamesAt(const VivNames* names, int32_t i);
void VivNamesFree(VivNames* names);

// ----------------------------------------------------------------------------------- tensors

typedef enum VivDType {
  VIV_INVALID = 0,
  VIV_FLOAT = 1,
  VIV_DOUBLE = 2,
  VIV_BFLOAT16 = 3,  // the upper half of a float
  VIV_HALF = 4,      // IEEE 754 binary16
  VIV_INT8 = 5,
  VIV_UINT8 = 6,
  VIV_INT32 = 7,
  VIV_INT64 = 8,
  VIV_BOOL = 9,  // one byte, 0 or 1
  VIV_STRING = 10,
  VIV_RESOURCE = 11  // no tensor: the edge from a variable to its updates
} VivDType;

#define VIV_MAX_RANK 16

// "float", "int64", ...; "unknown" for other numbers.
const char* VivDTypeName(VivDType dtype);
// Bytes of an element; 0 for strings and what is no type of elements.
size_t VivDTypeSize(VivDType dtype);

// Elements lie row-major without gaps. A rank of 0 is a scalar; then `dims` may be NULL.
typedef struct VivTensor VivTensor;
// Zeros, or empty strings.
VivTensor* VivTensorNew(VivDType dtype, const int64_t* dims, int32_t rank, VivStatus* status);
// A copy of `bytes` bytes, which must be as many as the elements take. Not for strings.
VivTensor* VivTensorFromMemory(VivDType dtype, const int64_t* dims, int32_t rank, const void* data,
                               size_t bytes, VivStatus* status);
// Uses the memory without a copy. It is not written to, must not change, and stays until `release`
// (may be NULL) is called with `argument`, by any thread, when nobody uses the tensor any more. On
// an error `release` is not called. `data` is aligned as its elements are.
VivTensor* VivTensorBorrow(VivDType dtype, const int64_t* dims, int32_t rank, void* data,
                           size_t bytes, void (*release)(void* argument), void* argument,
                           VivStatus* status);
// As many strings as the shape has elements; `lengths` NULL: each ends with a zero byte.
VivTensor* VivTensorFromStrings(const int64_t* dims, int32_t rank, const char* const* strings,
                                const size_t* lengths, VivStatus* status);
// Another handle for the same memory.
VivTensor* VivTensorShare(const VivTensor* tensor, VivStatus* status);
void VivTensorFree(VivTensor* tensor);

VivDType VivTensorDType(const VivTensor* tensor);
int32_t VivTensorRank(const VivTensor* tensor);
// -1 outside of the rank.
int64_t VivTensorDim(const VivTensor* tensor, int32_t i);
int64_t VivTensorElements(const VivTensor* tensor);
// Of the elements; 0 for strings.
size_t VivTensorBytes(const VivTensor* tensor);
// NULL for strings.
const void* VivTensorData(const VivTensor* tensor);
// For writing; copies before where somebody else uses the memory. NULL for strings, for inputs of
// kernels, and where memory is short.
void* VivTensorMutableData(VivTensor* tensor, VivStatus* status);
// Element i of a tensor of strings, and its length (`length` may be NULL). A zero byte follows.
const char* VivTensorString(const VivTensor* tensor, int64_t i, size_t* length, VivStatus* status);
VivCode VivTensorSetString(VivTensor* tensor, int64_t i, const char* data, size_t length,
                           VivStatus* status);
// "float[2, 3] {1, 2, 3, ...}" with at most so many elements.
char* VivTensorToText(const VivTensor* tensor, int64_t max_elements);

// -------------------------------------------------------------------------------- attributes

typedef enum VivAttrType {
  VIV_ATTR_NONE = 0,
  VIV_ATTR_BOOL = 1,
  VIV_ATTR_INT = 2,
  VIV_ATTR_FLOAT = 3,
  VIV_ATTR_STRING = 4,
  VIV_ATTR_TYPE = 5,
  VIV_ATTR_SHAPE = 6,
  VIV_ATTR_INTS = 7,
  VIV_ATTR_FLOATS = 8,
  VIV_ATTR_STRINGS = 9,
  VIV_ATTR_TYPES = 10,
  VIV_ATTR_SHAPES = 11,
  VIV_ATTR_TENSOR = 12
} VivAttrType;

// Constants that a node is configured with, by name. The first wrong use of a setter is kept and
// reported by the function that the attributes are passed to. In shapes, an extent of -1 is
// unknown; a rank of -1 is an unknown rank.
typedef struct VivAttrs VivAttrs;
VivAttrs* VivAttrsNew(void);
void VivAttrsFree(VivAttrs* attrs);
void VivAttrsSetBool(VivAttrs* attrs, const char* name, int value);
void VivAttrsSetInt(VivAttrs* attrs, const char* name, int64_t value);
void VivAttrsSetFloat(VivAttrs* attrs, const char* name, double value);
void VivAttrsSetString(VivAttrs* attrs, const char* name, const char* value);
void VivAttrsSetType(VivAttrs* attrs, const char* name, VivDType value);
void VivAttrsSetShape(VivAttrs* attrs, const char* name, const int64_t* dims, int32_t rank);
void VivAttrsSetInts(VivAttrs* attrs, const char* name, const int64_t* values, int32_t count);
void VivAttrsSetFloats(VivAttrs* attrs, const char* name, const double* values, int32_t count);
void VivAttrsSetStrings(VivAttrs* attrs, const char* name, const char* const* values,
                        int32_t count);
void VivAttrsSetTypes(VivAttrs* attrs, const char* name, const VivDType* values, int32_t count);
// `dims` and `ranks` of each shape.
void VivAttrsSetShapes(VivAttrs* attrs, const char* name, const int64_t* const* dims,
                       const int32_t* ranks, int32_t count);
void VivAttrsSetTensor(VivAttrs* attrs, const char* name, const VivTensor* value);

// The getters give 0, NULL or VIV_INVALID where there is no such attribute of that type.
VivAttrType VivAttrsTypeOf(const VivAttrs* attrs, const char* name);
int VivAttrsBool(const VivAttrs* attrs, const char* name);
int64_t VivAttrsInt(const VivAttrs* attrs, const char* name);
double VivAttrsFloat(const VivAttrs* attrs, const char* name);
const char* VivAttrsString(const VivAttrs* attrs, const char* name);
VivDType VivAttrsDType(const VivAttrs* attrs, const char* name);
// The elements (`*values` may be NULL to ask only) and their number.
int32_t VivAttrsInts(const VivAttrs* attrs, const char* name, const int64_t** values);
int32_t VivAttrsFloats(const VivAttrs* attrs, const char* name, const double** values);
// A handle of its own.
VivTensor* VivAttrsGetTensor(const VivAttrs* attrs, const char* name, VivStatus* status);
// All of them for people: "axis=-1, keep=true".
char* VivAttrsToText(const VivAttrs* attrs);

// ------------------------------------------------------------------------------------ graphs

// A node of a graph is its number, 0 and on in the order of their making.
typedef int32_t VivNode;
#define VIV_NONE (-1)

// Output `index` of a node. Index VIV_TARGET is the node itself: a target of a run, without a
// value.
typedef struct VivOutput {
  VivNode node;
  int32_t index;
} VivOutput;
#define VIV_TARGET (-1)

typedef struct VivGraph VivGraph;
VivGraph* VivGraphNew(void);
// A graph file, with its functions and signatures. Whatever the file holds, the result is a graph
// that passed every check or an error that names the node.
VivGraph* VivGraphLoad(const char* path, VivStatus* status);
VivGraph* VivGraphDecode(const void* data, size_t bytes, VivStatus* status);
VivCode VivGraphSave(const VivGraph* graph, const char* path, VivStatus* status);
// The bytes of a file.
char* VivGraphEncode(const VivGraph* graph, size_t* bytes, VivStatus* status);
// Sessions of the graph keep what they need of it.
void VivGraphFree(VivGraph* graph);
// A picture in the language of Graphviz.
char* VivGraphDot(const VivGraph* graph, VivStatus* status);

// All that makes a node. Fields that are 0 or NULL are left out.
typedef struct VivNodeSpec {
  const char* op;
  const char* name;  // made unique; NULL: the op's name
  const VivOutput* inputs;
  int32_t num_inputs;
  const VivNode* controls;  // nodes that run before
  int32_t num_controls;
  const VivAttrs* attrs;
  const char* device;  // "/device:cpu:1"
  const char* file;    // the line to blame in errors
  int32_t line;
} VivNodeSpec;
VivNode VivGraphAdd(VivGraph* graph, const VivNodeSpec* spec, VivStatus* status);

// Short forms of frequent nodes; each returns its output {VIV_NONE, 0} on an error.
VivOutput VivGraphPlaceholder(VivGraph* graph, const char* name, VivDType dtype,
                              const int64_t* dims, int32_t rank, VivStatus* status);
VivOutput VivGraphConst(VivGraph* graph, const char* name, const VivTensor* value,
                        VivStatus* status);
// A variable, its initial value (run by VivSessionInitialize) and its read. `handle` is the first
// input of updates (Assign, ApplySgd, ...), `read` the value at the start of a run.
typedef struct VivVariable {
  VivOutput handle;
  VivOutput read;
} VivVariable;
VivCode VivGraphVariable(VivGraph* graph, const char* name, VivOutput initial, int trainable,
                         VivVariable* variable, VivStatus* status);

// The gradients of sum(ys) with respect to each x, dense, zeros where nothing depends on it.
// `initial`: for each y the gradient that flows into it; NULL: ones.
VivCode VivGraphGradients(VivGraph* graph, const VivOutput* ys, int32_t num_ys, const VivOutput* xs,
                          int32_t num_xs, const VivOutput* initial, VivOutput* gradients,
                          VivStatus* status);

int32_t VivGraphNodes(const VivGraph* graph);
// "encoder/MatMul:1"; without a colon output 0, or the node itself where it has none.
VivOutput VivGraphFind(const VivGraph* graph, const char* name, VivStatus* status);
const char* VivNodeName(const VivGraph* graph, VivNode node);
const char* VivNodeOp(const VivGraph* graph, VivNode node);
const char* VivNodeDevice(const VivGraph* graph, VivNode node);
int32_t VivNodeInputs(const VivGraph* graph, VivNode node);
VivOutput VivNodeInput(const VivGraph* graph, VivNode node, int32_t i);
int32_t VivNodeOutputs(const VivGraph* graph, VivNode node);
// A copy.
VivAttrs* VivNodeGetAttrs(const VivGraph* graph, VivNode node, VivStatus* status);
VivDType VivOutputDType(const VivGraph* graph, VivOutput output);
// Puts the extents, -1 for unknown ones, into `dims` and returns the rank; -1 where it is unknown
// or there is no such output.
int32_t VivOutputShape(const VivGraph* graph, VivOutput output, int64_t dims[VIV_MAX_RANK]);
VivNames* VivGraphFunctions(const VivGraph* graph);

// Signatures: names for ways to use a graph. They are written into its file.
VivNames* VivGraphSignatures(const VivGraph* graph);
VivNames* VivSignatureFeeds(const VivGraph* graph, const char* signature, VivStatus* status);
VivNames* VivSignatureFetches(const VivGraph* graph, const char* signature, VivStatus* status);
VivOutput VivSignatureFeed(const VivGraph* graph, const char* signature, const char* name,
                           VivStatus* status);
VivOutput VivSignatureFetch(const VivGraph* graph, const char* signature, const char* name,
                            VivStatus* status);
VivCode VivSignatureSetFeed(VivGraph* graph, const char* signature, const char* name,
                            VivOutput output, VivStatus* status);
VivCode VivSignatureSetFetch(VivGraph* graph, const char* signature, const char* name,
                             VivOutput output, VivStatus* status);

// ---------------------------------------------------------------------------------- sessions

// All zeros are the defaults.
typedef struct VivSessionOptions {
  uint64_t seed;           // what random ops draw from
  int32_t cpu_devices;     // 0: one
  int32_t hard_placement;  // 1: a device that cannot be had is an error
  int32_t no_passes;       // 1: the graph runs as it is, without folding, merging and fusion
} VivSessionOptions;

// The values of a graph's variables, and runs of parts of it.
typedef struct VivSession VivSession;
VivSession* VivSessionNew(const VivGraph* graph, const VivSessionOptions* options,
                          VivStatus* status);
void VivSessionFree(VivSession* session);
// Gives every variable its initial value.
VivCode VivSessionInitialize(VivSession* session, VivStatus* status);
// Computes the fetches; results[i] gets a handle, NULL for targets. On an error all are NULL, and
// no variable has changed.
VivCode VivSessionRun(VivSession* session, const VivOutput* feeds,
                      const VivTensor* const* feed_values, int32_t num_feeds,
                      const VivOutput* fetches, VivTensor** results, int32_t num_fetches,
                      VivStatus* status);
// The same by names: those of a signature or, where `signature` is NULL, of nodes ("y:0").
VivCode VivSessionRunNamed(VivSession* session, const char* signature,
                           const char* const* feed_names, const VivTensor* const* feed_values,
                           int32_t num_feeds, const char* const* fetch_names, VivTensor** results,
                           int32_t num_fetches, VivStatus* status);

// Variables that have a value.
VivNames* VivSessionVariables(const VivSession* session);
// A snapshot.
VivTensor* VivSessionGetVariable(const VivSession* session, const char* name, VivStatus* status);
VivCode VivSessionSetVariable(VivSession* session, const char* name, const VivTensor* value,
                              VivStatus* status);

// A checkpoint of all variables in <directory>/step-<step>, written beside and renamed into place;
// the latest `keep` stay (at least 1). On an error the older ones are untouched.
VivCode VivSessionSave(VivSession* session, const char* directory, int64_t step, int32_t keep,
                       VivStatus* status);
// The latest checkpoint that is intact; `step` (may be NULL) gets its number.
VivCode VivSessionRestore(VivSession* session, const char* directory, int64_t* step,
                          VivStatus* status);

// A session with the graph and the weights of a model bundle (a folder such as
// pretrained/translate_en_fr), to be run by the names of its signatures. `graph` (may be NULL) gets
// the graph.
VivSession* VivSessionLoadBundle(const char* directory, const VivSessionOptions* options,
                                 VivGraph** graph, VivStatus* status);

// --------------------------------------------------------------------------------------- ops

// All ops, sorted.
VivNames* VivOpNames(void);
// Inputs, outputs, attributes and types of an op, as a JSON object, for programs that generate
// bindings.
char* VivOpDescribe(const char* op, VivStatus* status);

// Loads a library of ops and kernels (see vivarium_op.h). All of what it registers is there
// afterwards or, on an error, none. Loading one again does nothing.
VivCode VivLoadLibrary(const char* path, VivStatus* status);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // VIV_CORE_C_API_VIVARIUM_H_
