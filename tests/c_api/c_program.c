// The C API from C: a program that is compiled as C99 with the public header alone. It builds a
// graph, writes it to a file, loads and runs that file, trains it, saves and restores, and gives
// every kind of wrong handle. It prints the checks that failed; exit code 1 if any.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vivarium.h"

static int failures = 0;
static VivStatus* status = NULL;

static void Fail(int line, const char* what) {
  ++failures;
  printf("c_program.c:%d: %s [%s: %s]\n", line, what, VivCodeName(VivStatusCode(status)),
         VivStatusMessage(status));
}
#define CHECK(condition)                          \
  do {                                            \
    if (!(condition)) Fail(__LINE__, #condition); \
  } while (0)
// Fails, with this code and this part of the message.
#define CHECK_ERROR(call, wanted, part)                                       \
  do {                                                                        \
    (void)(call);                                                             \
    if (VivStatusCode(status) != (wanted)) Fail(__LINE__, #call " " #wanted); \
    if (strstr(VivStatusMessage(status), part) == NULL) Fail(__LINE__, part); \
  } while (0)

static VivTensor* Floats(const int64_t* dims, int32_t rank, const float* values) {
  size_t bytes = sizeof(float);
  for (int32_t i = 0; i < rank; ++i) bytes *= (size_t)dims[i];
  return VivTensorFromMemory(VIV_FLOAT, dims, rank, values, bytes, status);
}
static VivTensor* Scalar(float value) { return Floats(NULL, 0, &value); }

static VivOutput Add(VivGraph* graph, const char* op, const VivOutput* inputs, int32_t count,
                     const VivAttrs* attrs) {
  VivNodeSpec spec = {0};
  spec.op = op;
  spec.inputs = inputs;
  spec.num_inputs = count;
  spec.attrs = attrs;
  VivOutput output = {VIV_NONE, 0};
  output.node = VivGraphAdd(graph, &spec, status);
  return output;
}

static void CountRelease(void* argument) { ++*(int*)argument; }

static void TestTensors(void) {
  const int64_t dims[2] = {2, 3};
  const float values[6] = {1, 2, 3, 4, 5, 6};
  VivTensor* tensor = Floats(dims, 2, values);
  CHECK(VivTensorDType(tensor) == VIV_FLOAT && VivTensorRank(tensor) == 2);
  CHECK(VivTensorDim(tensor, 1) == 3 && VivTensorDim(tensor, 2) == -1);
  CHECK(VivTensorElements(tensor) == 6 && VivTensorBytes(tensor) == 24);
  CHECK(memcmp(VivTensorData(tensor), values, sizeof values) == 0);
  char* text = VivTensorToText(tensor, 2);
  CHECK(text != NULL && strstr(text, "float[2, 3]") != NULL);
  VivFree(text);

  // Writing copies what another handle sees.
  VivTensor* shared = VivTensorShare(tensor, status);
  CHECK(VivTensorData(shared) == VivTensorData(tensor));
  ((float*)VivTensorMutableData(shared, status))[0] = 7;
  CHECK(((const float*)VivTensorData(tensor))[0] == 1);
  CHECK(((const float*)VivTensorData(shared))[0] == 7);
  VivTensorFree(shared);
  VivTensorFree(tensor);

  int released = 0;
  float memory[6] = {0};
  tensor =
      VivTensorBorrow(VIV_FLOAT, dims, 2, memory, sizeof memory, CountRelease, &released, status);
  CHECK(VivTensorData(tensor) == memory && released == 0);
  VivTensorFree(tensor);
  CHECK(released == 1);
  CHECK_ERROR(VivTensorBorrow(VIV_FLOAT, dims, 2, memory, 23, CountRelease, &released, status),
              VIV_INVALID_ARGUMENT, "takes 24 bytes, not 23");
  CHECK_ERROR(VivTensorBorrow(VIV_FLOAT, dims, 1, (char*)memory + 1, 8, NULL, NULL, status),
              VIV_INVALID_ARGUMENT, "not aligned");
  CHECK(released == 1);
}

static void TestStrings(void) {
  const char* words[2] = {"zwei", "W\xc3\xb6rter"};
  const int64_t two[1] = {2};
  VivTensor* tensor = VivTensorFromStrings(two, 1, words, NULL, status);
  size_t length = 0;
  CHECK(strcmp(VivTensorString(tensor, 1, &length, status), words[1]) == 0 && length == 7);
  CHECK(VivTensorSetString(tensor, 0, "a\0b", 3, status) == VIV_OK);
  CHECK(VivTensorString(tensor, 0, &length, status)[2] == 'b' && length == 3);
  CHECK(VivTensorData(tensor) == NULL && VivTensorBytes(tensor) == 0);
  CHECK_ERROR(VivTensorString(tensor, 2, NULL, status), VIV_OUT_OF_RANGE, "no element 2 of 2");
  CHECK_ERROR(VivTensorMutableData(tensor, status), VIV_INVALID_ARGUMENT, "plain memory");
  VivTensorFree(tensor);
}

static void TestShapesAndTypes(void) {
  for (int type = VIV_FLOAT; type <= VIV_STRING; ++type) {
    const int64_t empty[2] = {0, 3};
    VivTensor* tensor = VivTensorNew((VivDType)type, empty, 2, status);
    CHECK(tensor != NULL && VivTensorElements(tensor) == 0);
    VivTensorFree(tensor);
    tensor = VivTensorNew((VivDType)type, NULL, 0, status);
    CHECK(VivTensorElements(tensor) == 1 && VivTensorBytes(tensor) == VivDTypeSize((VivDType)type));
    VivTensorFree(tensor);
  }
  const int64_t dims[2] = {2, 3};
  const uint8_t no_bool = 2;
  CHECK_ERROR(VivTensorFromMemory(VIV_BOOL, NULL, 0, &no_bool, 1, status), VIV_INVALID_ARGUMENT,
              "neither 0 nor 1");
  const int64_t huge[3] = {INT64_MAX, INT64_MAX, 2}, negative[1] = {-2}, unknown[1] = {-1};
  const int64_t beyond[1] = {INT64_C(1) << 58};
  CHECK_ERROR(VivTensorNew(VIV_FLOAT, huge, 3, status), VIV_INVALID_ARGUMENT, "elements");
  CHECK_ERROR(VivTensorNew(VIV_FLOAT, negative, 1, status), VIV_INVALID_ARGUMENT, "-2");
  CHECK_ERROR(VivTensorNew(VIV_FLOAT, unknown, 1, status), VIV_INVALID_ARGUMENT, "not known");
  CHECK_ERROR(VivTensorNew(VIV_FLOAT, beyond, 1, status), VIV_RESOURCE_EXHAUSTED, "");
  CHECK_ERROR(VivTensorNew(VIV_STRING, beyond, 1, status), VIV_RESOURCE_EXHAUSTED, "");
  CHECK_ERROR(VivTensorNew(VIV_FLOAT, NULL, 2, status), VIV_INVALID_ARGUMENT, "NULL");
  CHECK_ERROR(VivTensorNew(VIV_FLOAT, dims, 17, status), VIV_INVALID_ARGUMENT, "rank of 17");
  CHECK_ERROR(VivTensorNew(VIV_RESOURCE, dims, 2, status), VIV_INVALID_ARGUMENT, "no type");
  CHECK_ERROR(VivTensorNew((VivDType)99, dims, 2, status), VIV_INVALID_ARGUMENT, "no type");
}

// The target "step", which moves both variables against the gradient of the loss.
static VivOutput Descend(VivGraph* graph, VivOutput loss, VivVariable w, VivVariable b) {
  VivTensor* rate_value = Scalar(0.1f);
  const VivOutput rate = VivGraphConst(graph, "rate", rate_value, status);
  VivTensorFree(rate_value);
  const VivOutput variables[2] = {w.read, b.read};
  VivOutput gradients[2];
  CHECK(VivGraphGradients(graph, &loss, 1, variables, 2, NULL, gradients, status) == VIV_OK);
  VivNode steps[2];
  const VivOutput handles[2] = {w.handle, b.handle};
  for (int i = 0; i < 2; ++i) {
    const VivOutput inputs[3] = {handles[i], gradients[i], rate};
    steps[i] = Add(graph, "ApplySgd", inputs, 3, NULL).node;
  }
  VivNodeSpec group = {0};
  group.op = "Group";
  group.name = "step";
  group.controls = steps;
  group.num_controls = 2;
  VivOutput step = {VIV_NONE, VIV_TARGET};
  step.node = VivGraphAdd(graph, &group, status);
  CHECK(step.node != VIV_NONE);
  return step;
}

// y = x w + b, its mean squared distance from t, and a step of gradient descent.
static VivGraph* Regression(void) {
  VivGraph* graph = VivGraphNew();
  const int64_t x_dims[2] = {-1, 2}, t_dims[2] = {-1, 1}, w_dims[2] = {2, 1}, b_dims[1] = {1};
  const float zeros[2] = {0, 0};
  const VivOutput x = VivGraphPlaceholder(graph, "x", VIV_FLOAT, x_dims, 2, status);
  const VivOutput t = VivGraphPlaceholder(graph, "t", VIV_FLOAT, t_dims, 2, status);
  VivTensor* w_zero = Floats(w_dims, 2, zeros);
  VivTensor* b_zero = Floats(b_dims, 1, zeros);
  VivVariable w, b;
  CHECK(VivGraphVariable(graph, "w", VivGraphConst(graph, NULL, w_zero, status), 1, &w, status) ==
        VIV_OK);
  CHECK(VivGraphVariable(graph, "b", VivGraphConst(graph, NULL, b_zero, status), 1, &b, status) ==
        VIV_OK);
  VivTensorFree(w_zero);
  VivTensorFree(b_zero);

  const VivOutput xw[2] = {x, w.read};
  const VivOutput product[2] = {Add(graph, "MatMul", xw, 2, NULL), b.read};
  const VivOutput y = Add(graph, "Add", product, 2, NULL);
  const VivOutput yt[2] = {y, t};
  const VivOutput difference = Add(graph, "Sub", yt, 2, NULL);
  const VivOutput twice[2] = {difference, difference};
  const VivOutput squares = Add(graph, "Mul", twice, 2, NULL);
  VivAttrs* axes = VivAttrsNew();
  const int64_t both[2] = {0, 1};
  VivAttrsSetInts(axes, "axes", both, 2);
  const VivOutput loss = Add(graph, "Sum", &squares, 1, axes);
  VivAttrsFree(axes);
  CHECK(loss.node != VIV_NONE);
  const VivOutput step = Descend(graph, loss, w, b);

  CHECK(VivSignatureSetFeed(graph, "train", "x", x, status) == VIV_OK);
  CHECK(VivSignatureSetFeed(graph, "train", "t", t, status) == VIV_OK);
  CHECK(VivSignatureSetFetch(graph, "train", "loss", loss, status) == VIV_OK);
  CHECK(VivSignatureSetFetch(graph, "train", "step", step, status) == VIV_OK);
  CHECK(VivSignatureSetFeed(graph, "predict", "x", x, status) == VIV_OK);
  CHECK(VivSignatureSetFetch(graph, "predict", "y", y, status) == VIV_OK);
  CHECK_ERROR(VivSignatureSetFeed(graph, "train", "step", step, status), VIV_INVALID_ARGUMENT,
              "cannot be fed");
  return graph;
}

static void TestIntrospection(const VivGraph* graph) {
  VivNames* signatures = VivGraphSignatures(graph);
  CHECK(VivNamesCount(signatures) == 2 && strcmp(VivNamesAt(signatures, 1), "train") == 0);
  CHECK(VivNamesAt(signatures, 2) == NULL && VivNamesAt(signatures, -1) == NULL);
  VivNamesFree(signatures);
  VivNames* fetches = VivSignatureFetches(graph, "train", status);
  CHECK(VivNamesCount(fetches) == 2 && strcmp(VivNamesAt(fetches, 0), "loss") == 0);
  VivNamesFree(fetches);
  CHECK_ERROR(VivSignatureFeeds(graph, "serve", status), VIV_NOT_FOUND, "it has: predict, train");
  CHECK_ERROR(VivSignatureFeed(graph, "train", "z", status), VIV_NOT_FOUND, "it has: t, x");

  const VivOutput x = VivGraphFind(graph, "x", status);
  CHECK(strcmp(VivNodeOp(graph, x.node), "Placeholder") == 0);
  CHECK(strcmp(VivNodeName(graph, x.node), "x") == 0 && VivNodeDevice(graph, x.node)[0] == '\0');
  CHECK(VivOutputDType(graph, x) == VIV_FLOAT && VivNodeOutputs(graph, x.node) == 1);
  int64_t dims[VIV_MAX_RANK];
  CHECK(VivOutputShape(graph, x, dims) == 2 && dims[0] == -1 && dims[1] == 2);
  const VivOutput product = VivGraphFind(graph, "MatMul:0", status);
  CHECK(VivNodeInputs(graph, product.node) == 2);
  CHECK(VivNodeInput(graph, product.node, 0).node == x.node);
  CHECK(VivNodeInput(graph, product.node, 2).node == VIV_NONE);
  VivAttrs* attrs = VivNodeGetAttrs(graph, product.node, status);
  CHECK(VivAttrsTypeOf(attrs, "transpose_a") == VIV_ATTR_BOOL);
  CHECK(VivAttrsBool(attrs, "transpose_a") == 0 && VivAttrsInt(attrs, "transpose_a") == 0);
  CHECK(VivAttrsTypeOf(attrs, "none") == VIV_ATTR_NONE && VivAttrsString(attrs, "none") == NULL);
  char* text = VivAttrsToText(attrs);
  CHECK(strstr(text, "transpose_a=false") != NULL);
  VivFree(text);
  VivAttrsFree(attrs);
  text = VivGraphDot(graph, status);
  CHECK(text != NULL && strstr(text, "digraph") != NULL);
  VivFree(text);
  CHECK_ERROR(VivGraphFind(graph, "nowhere", status), VIV_NOT_FOUND, "no node 'nowhere'");
  VivNames* functions = VivGraphFunctions(graph);
  CHECK(functions != NULL && VivNamesCount(functions) == 0);
  VivNamesFree(functions);
}

// Four examples of t = 3 x0 - 2 x1 + 1, as feeds of the signatures.
static const char* const kFeeds[2] = {"x", "t"};
static const char* const kLossAndStep[2] = {"loss", "step"};
static const char* const kY[1] = {"y"};
static const float kT[4] = {1, -1, 4, 2};
static VivTensor* NewX(void) {
  const int64_t dims[2] = {4, 2};
  const float values[8] = {0, 0, 0, 1, 1, 0, 1, 1};
  return Floats(dims, 2, values);
}
static VivTensor* NewT(void) {
  const int64_t dims[2] = {4, 1};
  return Floats(dims, 2, kT);
}

// Trains the loaded graph by the names of its signature.
static void TestTraining(VivSession* session, const VivTensor* const values[2]) {
  VivTensor* results[2];
  CHECK_ERROR(
      VivSessionRunNamed(session, "train", kFeeds, values, 2, kLossAndStep, results, 2, status),
      VIV_FAILED_PRECONDITION, "w");
  CHECK(results[0] == NULL && results[1] == NULL);
  CHECK(VivSessionInitialize(session, status) == VIV_OK);
  float first = 0, last = 0;
  for (int i = 0; i < 300; ++i) {
    CHECK(VivSessionRunNamed(session, "train", kFeeds, values, 2, kLossAndStep, results, 2,
                             status) == VIV_OK);
    CHECK(results[0] != NULL && results[1] == NULL);
    last = *(const float*)VivTensorData(results[0]);
    if (i == 0) first = last;
    VivTensorFree(results[0]);
  }
  CHECK(fabsf(first - 22) < 1e-4f && last < 1e-4f);
  CHECK(VivSessionRunNamed(session, "predict", kFeeds, values, 1, kY, results, 1, status) ==
        VIV_OK);
  CHECK(VivTensorDim(results[0], 0) == 4);
  for (int i = 0; i < 4; ++i) {
    CHECK(fabsf(((const float*)VivTensorData(results[0]))[i] - kT[i]) < 0.02f);
  }
  VivTensorFree(results[0]);
}

// What is wrong with a run is said with the name of who is wrong.
static void TestRunErrors(VivSession* session, const VivTensor* const values[2]) {
  VivTensor* result;
  const char* wrong_feed[1] = {"z"};
  CHECK_ERROR(VivSessionRunNamed(session, "predict", wrong_feed, values, 1, kY, &result, 1, status),
              VIV_NOT_FOUND, "feed 'z'");
  CHECK_ERROR(VivSessionRunNamed(session, "predict", kFeeds, &values[1], 1, kY, &result, 1, status),
              VIV_INVALID_ARGUMENT, "takes float[?, 2], but is fed float[4, 1]");
  CHECK_ERROR(VivSessionRunNamed(session, NULL, NULL, NULL, 0, kY, &result, 1, status),
              VIV_NOT_FOUND, "no node 'y'");
}

// A checkpoint, and another session that goes on from it.
static void TestCheckpoint(const VivGraph* graph, VivSession* trained, const char* directory) {
  CHECK(VivSessionSave(trained, directory, 300, 2, status) == VIV_OK);
  VivTensor* w = VivSessionGetVariable(trained, "w", status);
  const VivSessionOptions options = {7, 0, 0, 1};
  VivSession* session = VivSessionNew(graph, &options, status);
  int64_t step = 0;
  CHECK(VivSessionRestore(session, directory, &step, status) == VIV_OK && step == 300);
  VivTensor* restored = VivSessionGetVariable(session, "w", status);
  CHECK(memcmp(VivTensorData(w), VivTensorData(restored), 8) == 0);
  VivNames* names = VivSessionVariables(session);
  CHECK(VivNamesCount(names) == 2 && strcmp(VivNamesAt(names, 0), "b") == 0);
  VivNamesFree(names);
  CHECK(VivSessionSetVariable(session, "w", w, status) == VIV_OK);
  VivTensor* x = NewX();
  CHECK_ERROR(VivSessionSetVariable(session, "w", x, status), VIV_INVALID_ARGUMENT, "w");
  CHECK_ERROR(VivSessionSetVariable(session, "v", x, status), VIV_NOT_FOUND, "no variable 'v'");
  CHECK_ERROR(VivSessionGetVariable(session, "v", status), VIV_NOT_FOUND, "no variable 'v'");
  CHECK_ERROR(VivSessionRestore(session, "/no/such/folder", NULL, status), VIV_NOT_FOUND,
              "no checkpoint in /no/such/folder");
  CHECK_ERROR(VivSessionSave(session, "/proc/never", 1, 1, status), VivStatusCode(status),
              "was not saved");
  CHECK(VivStatusCode(status) != VIV_OK);
  VivTensorFree(x);
  VivTensorFree(w);
  VivTensorFree(restored);
  VivSessionFree(session);
}

static void TestSessions(const VivGraph* graph, const char* directory) {
  VivSession* session = VivSessionNew(graph, NULL, status);
  CHECK_ERROR(VivSessionSave(session, directory, 1, 1, status), VIV_FAILED_PRECONDITION,
              "initialize the session");
  VivTensor *x = NewX(), *t = NewT();
  const VivTensor* values[2] = {x, t};
  TestTraining(session, values);
  TestRunErrors(session, values);
  TestCheckpoint(graph, session, directory);
  const VivSessionOptions too_many = {0, 100000, 0, 0};
  CHECK_ERROR(VivSessionNew(graph, &too_many, status), VIV_INVALID_ARGUMENT, "100000 CPU devices");
  VivTensorFree(x);
  VivTensorFree(t);
  VivSessionFree(session);
}

static void TestBuildingErrors(void) {
  VivGraph* graph = VivGraphNew();
  const int64_t dims[2] = {2, 3};
  const VivOutput x = VivGraphPlaceholder(graph, "x", VIV_FLOAT, dims, 2, status);
  const VivOutput xx[2] = {x, x}, beyond = {77, 0}, no_output = {x.node, 1};
  VivNodeSpec spec = {0};
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT, "the op's name is NULL");
  spec.op = "Mystery";
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_NOT_FOUND, "no op of this name");
  spec.op = "MatMul";
  spec.name = "product";
  spec.inputs = xx;
  spec.num_inputs = 2;
  spec.file = "net.py";
  spec.line = 12;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT,
              "net.py:12: MatMul 'product'");
  spec.num_inputs = 1;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT, "takes 2 inputs, got 1");
  spec.inputs = NULL;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT, "array of inputs is NULL");
  spec.op = "Neg";
  spec.inputs = &beyond;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT, "no node 77");
  spec.inputs = &no_output;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT, "has no output 1");
  spec.inputs = &x;
  VivAttrs* attrs = VivAttrsNew();
  VivAttrsSetType(attrs, "dtype", (VivDType)99);
  VivAttrsSetInt(attrs, "later", 1);
  spec.attrs = attrs;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT,
              "attribute 'dtype': 99 is no type");
  VivAttrsFree(attrs);
  attrs = VivAttrsNew();
  VivAttrsSetFloat(attrs, "axis", 1.5);
  spec.attrs = attrs;
  CHECK_ERROR(VivGraphAdd(graph, &spec, status), VIV_INVALID_ARGUMENT, "no attribute 'axis'");
  spec.attrs = NULL;
  // An error leaves the graph as it was: the next node is made.
  CHECK(VivGraphAdd(graph, &spec, status) != VIV_NONE);
  CHECK(VivStatusCode(status) == VIV_OK && VivStatusMessage(status)[0] == '\0');
  CHECK(VivGraphNodes(graph) == 2);

  VivOutput gradient;
  const VivOutput unrelated = VivGraphPlaceholder(graph, "i", VIV_INT32, dims, 2, status);
  CHECK_ERROR(VivGraphGradients(graph, &unrelated, 1, &x, 1, NULL, &gradient, status),
              VIV_INVALID_ARGUMENT, "int32, which has no gradient");

  CHECK_ERROR(VivGraphLoad("/no/graph.pb", status), VIV_NOT_FOUND, "/no/graph.pb");
  CHECK_ERROR(VivGraphDecode("no graph at all", 15, status), VIV_DATA_LOSS, "no graph");
  VivGraphFree(graph);
}

static void TestWrongHandles(void) {
  VivGraph* graph = VivGraphNew();
  VivTensor* tensor = Scalar(1);
  // NULL, and a handle of another type, where the C compiler cannot see it (as in bindings).
  VivGraph* no_graph = (VivGraph*)(void*)tensor;
  VivSession* no_session = (VivSession*)(void*)graph;
  VivTensor* no_tensor = (VivTensor*)(void*)graph;
  VivNodeSpec spec = {0};
  spec.op = "Group";
  CHECK_ERROR(VivGraphAdd(NULL, &spec, status), VIV_INVALID_ARGUMENT, "the graph is NULL");
  CHECK_ERROR(VivGraphAdd(no_graph, &spec, status), VIV_INVALID_ARGUMENT, "no such handle");
  CHECK_ERROR(VivGraphAdd(graph, NULL, status), VIV_INVALID_ARGUMENT, "NULL");
  CHECK_ERROR(VivGraphSave(NULL, "/tmp/x", status), VIV_INVALID_ARGUMENT, "graph is NULL");
  CHECK_ERROR(VivGraphSave(graph, NULL, status), VIV_INVALID_ARGUMENT, "path is NULL");
  CHECK_ERROR(VivGraphLoad(NULL, status), VIV_INVALID_ARGUMENT, "path is NULL");
  CHECK_ERROR(VivGraphConst(graph, NULL, no_tensor, status), VIV_INVALID_ARGUMENT,
              "no such handle");
  CHECK_ERROR(VivSessionNew(no_graph, NULL, status), VIV_INVALID_ARGUMENT, "no such handle");
  CHECK_ERROR(VivSessionInitialize(no_session, status), VIV_INVALID_ARGUMENT, "no such handle");
  VivTensor* result = tensor;
  const VivOutput none = {VIV_NONE, 0};
  CHECK_ERROR(VivSessionRun(NULL, NULL, NULL, 0, &none, &result, 1, status), VIV_INVALID_ARGUMENT,
              "session is NULL");
  CHECK(result == NULL);
  VivSession* session = VivSessionNew(graph, NULL, status);
  CHECK_ERROR(VivSessionRun(session, NULL, NULL, 0, &none, &result, 1, status),
              VIV_INVALID_ARGUMENT, "no node -1");
  CHECK_ERROR(VivSessionRun(session, NULL, NULL, 0, &none, NULL, 1, status), VIV_INVALID_ARGUMENT,
              "array of results is NULL");
  CHECK_ERROR(VivSessionRun(session, NULL, NULL, -1, NULL, NULL, 0, status), VIV_INVALID_ARGUMENT,
              "-1");
  CHECK_ERROR(VivTensorShare(NULL, status), VIV_INVALID_ARGUMENT, "NULL");
  CHECK_ERROR(VivTensorString(tensor, 0, NULL, status), VIV_INVALID_ARGUMENT, "no strings");
  CHECK_ERROR(VivOpDescribe("Mystery", status), VIV_NOT_FOUND, "no op 'Mystery'");
  CHECK_ERROR(VivLoadLibrary(NULL, status), VIV_INVALID_ARGUMENT, "path is NULL");

  // Functions without a status answer with nothing.
  CHECK(VivTensorElements(NULL) == 0 && VivTensorData(NULL) == NULL);
  CHECK(VivTensorDType(no_tensor) == VIV_INVALID && VivTensorToText(NULL, 1) == NULL);
  CHECK(VivGraphNodes(NULL) == 0 && VivNodeName(graph, 0) == NULL && VivNodeOp(NULL, 0) == NULL);
  CHECK(VivGraphSignatures(NULL) == NULL && VivNamesCount(NULL) == 0);
  CHECK(VivSessionVariables(NULL) == NULL && VivAttrsInt(NULL, "a") == 0);
  VivAttrsSetInt(NULL, "a", 1);
  VivTensorFree(NULL);
  VivGraphFree(NULL);
  VivSessionFree(NULL);
  VivAttrsFree(NULL);
  VivNamesFree(NULL);
  VivStatusFree(NULL);
  VivFree(NULL);
  // Without a status the code remains.
  CHECK(VivGraphSave(NULL, "/tmp/x", NULL) == VIV_INVALID_ARGUMENT);
  VivSessionFree(session);
  VivGraphFree(graph);
  VivTensorFree(tensor);
}

// The translator that is shipped, by the names of its signatures.
static void TestBundle(const char* directory) {
  VivGraph* graph = NULL;
  VivSession* session = VivSessionLoadBundle(directory, NULL, &graph, status);
  CHECK(session != NULL && graph != NULL);
  VivNames* signatures = VivGraphSignatures(graph);
  CHECK(VivNamesCount(signatures) == 2 && strcmp(VivNamesAt(signatures, 0), "encode") == 0);
  VivNamesFree(signatures);
  const int64_t dims[2] = {2, 1};
  const int32_t pieces[2] = {5, 2}, length = 2;
  VivTensor* source = VivTensorFromMemory(VIV_INT32, dims, 2, pieces, sizeof pieces, status);
  VivTensor* lengths = VivTensorFromMemory(VIV_INT32, &dims[1], 1, &length, sizeof length, status);
  const VivTensor* values[2] = {source, lengths};
  const char* feeds[2] = {"source", "source_lengths"};
  const char* fetches[1] = {"initial"};
  VivTensor* initial = NULL;
  CHECK(VivSessionRunNamed(session, "encode", feeds, values, 2, fetches, &initial, 1, status) ==
        VIV_OK);
  CHECK(VivTensorRank(initial) == 2 && VivTensorDim(initial, 0) == 1);
  VivTensorFree(initial);
  VivTensorFree(source);
  VivTensorFree(lengths);
  VivSessionFree(session);
  VivGraphFree(graph);
  CHECK_ERROR(VivSessionLoadBundle("/nowhere", NULL, &graph, status), VIV_NOT_FOUND,
              "/nowhere is no model bundle");
  CHECK(graph == NULL);
}

static void TestOps(void) {
  VivNames* ops = VivOpNames();
  CHECK(VivNamesCount(ops) > 50);
  for (int32_t i = 0; i < VivNamesCount(ops); ++i) {
    char* json = VivOpDescribe(VivNamesAt(ops, i), status);
    CHECK(json != NULL && json[0] == '{');
    VivFree(json);
  }
  VivNamesFree(ops);
  char* json = VivOpDescribe("MatMul", status);
  CHECK(strstr(json, "\"name\":\"transpose_a\",\"type\":\"bool\",\"default\":false") != NULL);
  VivFree(json);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: c_program FOLDER BUNDLE\n");
    return 2;
  }
  char path[4096], checkpoints[4096];
  snprintf(path, sizeof path, "%s/c_program.pb", argv[1]);
  snprintf(checkpoints, sizeof checkpoints, "%s/c_program_checkpoints", argv[1]);
  status = VivStatusNew();
  CHECK(VivAbiVersion() == VIV_ABI_VERSION && VivVersion()[0] != '\0');
  TestTensors();
  TestStrings();
  TestShapesAndTypes();
  VivGraph* built = Regression();
  CHECK(VivGraphSave(built, path, status) == VIV_OK);
  size_t bytes = 0;
  char* encoded = VivGraphEncode(built, &bytes, status);
  VivGraph* decoded = VivGraphDecode(encoded, bytes, status);
  CHECK(VivGraphNodes(decoded) == VivGraphNodes(built));
  VivFree(encoded);
  VivGraphFree(decoded);
  VivGraphFree(built);
  VivGraph* loaded = VivGraphLoad(path, status);
  CHECK(loaded != NULL);
  if (loaded != NULL) {
    TestIntrospection(loaded);
    TestSessions(loaded, checkpoints);
  }
  VivGraphFree(loaded);
  TestBuildingErrors();
  TestWrongHandles();
  TestBundle(argv[2]);
  TestOps();
  VivStatusFree(status);
  if (failures == 0) printf("all is well\n");
  return failures == 0 ? 0 : 1;
}
