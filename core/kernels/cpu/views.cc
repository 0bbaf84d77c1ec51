// Ops whose output is their input's memory, and those that only read shapes.
#include "core/device/kernel.h"

namespace viv {
namespace {

KernelDef View(const char* op) { return {.op = op, .device = "cpu", .alias = true}; }

const KernelRegistration kIdentity(View("Identity"));
const KernelRegistration kDelay(View("Delay"));
const KernelRegistration kStopGradient(View("StopGradient"));
const KernelRegistration kOfShape(View("OfShape"));
const KernelRegistration kReshape(View("Reshape"));
const KernelRegistration kExpandDims(View("ExpandDims"));
const KernelRegistration kSqueeze(View("Squeeze"));

absl::Status ShapeOf(const KernelContext& c) {
  const Shape& shape = c.input(0).shape();
  std::copy(shape.dims().begin(), shape.dims().end(), c.out<int64_t>());
  return absl::OkStatus();
}
const KernelRegistration kShapeOf("ShapeOf", "cpu", {}, &ShapeOf);

absl::Status SizeOf(const KernelContext& c) {
  *c.out<int64_t>() = c.input(0).num_elements();
  return absl::OkStatus();
}
const KernelRegistration kSizeOf("SizeOf", "cpu", {}, &SizeOf);

}  // namespace
}  // namespace viv
