// Send and Receive: a tensor passes from one device to another within a run, under a key. The
// partitioner puts them into programs; they have no builder functions.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

const OpRegistration kSend({
    .name = "Send",
    .doc = "Hands x to the Receive of the same key.",
    .inputs = {{"x", "T"}},
    .attrs = {{"key", AttrType::kString}},
    .types = {{"T", kAllTypes}},
    .shape = NoOutputs,
    .gradient = NotDifferentiable(),
    .stateful = true,
});

// The tensor brings its shape.
const OpRegistration kReceive({
    .name = "Receive",
    .doc = "Waits for the Send of the same key.",
    .outputs = {{"y", "dtype"}},
    .attrs = {{"key", AttrType::kString}, {"dtype", AttrType::kType}},
    .types = {{"dtype", kAllTypes}},
    .shape = UnknownShape,
    .gradient = NotDifferentiable(),
    .stateful = true,
    .dynamic_output = true,
});

}  // namespace
}  // namespace viv
