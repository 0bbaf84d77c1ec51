// use_op LIBRARY: loads a library of ops, and prints Cube of 1, 2 and 3 and its gradient.
#include <stdio.h>

#include "vivarium.h"

static int Failed(VivStatus* status) {
  fprintf(stderr, "error: %s\n", VivStatusMessage(status));
  return 1;
}

int main(int argc, char** argv) {
  VivStatus* status = VivStatusNew();
  if (argc != 2) return fprintf(stderr, "usage: use_op LIBRARY\n"), 2;
  if (VivLoadLibrary(argv[1], status) != VIV_OK) return Failed(status);

  VivGraph* graph = VivGraphNew();
  const int64_t any = -1;
  const VivOutput x = VivGraphPlaceholder(graph, "x", VIV_FLOAT, &any, 1, status);
  const VivNodeSpec cube = {.op = "Cube", .inputs = &x, .num_inputs = 1};
  const VivOutput y = {VivGraphAdd(graph, &cube, status), 0};
  if (y.node == VIV_NONE) return Failed(status);
  VivOutput fetches[2] = {y};
  if (VivGraphGradients(graph, &y, 1, &x, 1, NULL, &fetches[1], status) != VIV_OK) {
    return Failed(status);
  }

  VivSession* session = VivSessionNew(graph, NULL, status);
  const float values[3] = {1, 2, 3};
  const int64_t three = 3;
  VivTensor* fed = VivTensorFromMemory(VIV_FLOAT, &three, 1, values, sizeof values, status);
  const VivTensor* feeds[1] = {fed};
  VivTensor* results[2];
  if (VivSessionRun(session, &x, feeds, 1, fetches, results, 2, status) != VIV_OK) {
    return Failed(status);
  }
  for (int i = 0; i < 2; ++i) {
    char* text = VivTensorToText(results[i], 8);
    printf("%s\n", text);
    VivFree(text);
    VivTensorFree(results[i]);
  }
  VivTensorFree(fed);
  VivSessionFree(session);
  VivGraphFree(graph);
  VivStatusFree(status);
  return 0;
}
