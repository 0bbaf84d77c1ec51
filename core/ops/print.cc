// Print: x itself, and a line about it on standard error.
#include "absl/strings/str_cat.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/debug.h"

namespace viv {
namespace {

const OpRegistration kPrint({
    .name = "Print",
    .doc = "The input itself, which is also printed.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {{"message", AttrValue("")}, {"max_elements", AttrValue(8)}},
    .types = {{"T", kAllTypes}},
    .shape =
        [](ShapeContext& c) {
          const int64_t n = c.attrs().Int("max_elements");
          if (n < 0) {
            return absl::InvalidArgumentError(absl::StrCat("cannot print ", n, " elements"));
          }
          return UnchangedShape(c);
        },
    .gradient = UnchangedGradient,
    .stateful = true,
});

}  // namespace

Output Print(BuilderRef b, Output x, const std::string& message, int64_t max_elements) {
  return b.Add("Print", {x}, {{"message", message}, {"max_elements", max_elements}});
}

}  // namespace viv
