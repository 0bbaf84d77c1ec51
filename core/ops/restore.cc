// Restore: tensors from a file that Save wrote.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/io.h"

namespace viv {
namespace {

// The outputs are views of the mapped file, which only the kernel can make: where their shapes were
// known before, they would be copies. The kernel checks the attribute.
absl::Status RestoreShape(ShapeContext& c) {
  RETURN_IF_ERROR(WithRank(c, 0, 0));
  RETURN_IF_ERROR(WithRank(c, 1, 0));
  const auto& shapes = c.attrs().Get<std::vector<PartialShape>>("shapes");
  const size_t names = c.attrs().Strings("names").size();
  const auto outputs = static_cast<size_t>(c.num_outputs());
  if (names != outputs || shapes.size() != outputs) {
    return absl::InvalidArgumentError(
        absl::StrCat(names, " names and ", shapes.size(), " shapes for ", outputs, " tensors"));
  }
  for (int i = 0; i < c.num_outputs(); ++i) {
    if (DTypeSize(c.output_type(i)) == 0 || c.output_type(i) == kString) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", i, " is of a type that the file format does not hold"));
    }
  }
  return absl::OkStatus();
}

const OpRegistration kRestore({
    .name = "Restore",
    .doc = "Reads tensors from a file that Save wrote.",
    .inputs = {{.name = "path", .type = kString, .host = true},
               {.name = "crc32", .type = kInt64, .host = true}},
    .outputs = {{.name = "tensors", .type = "any", .arity = Arity::kMany, .count = "dtypes"}},
    .attrs = {{"names", AttrType::kStrings},
              {"dtypes", AttrType::kTypes},
              {"shapes", AttrType::kShapes}},
    .shape = RestoreShape,
    .gradient = NotDifferentiable(),
    .stateful = true,
    .dynamic_output = true,
});

}  // namespace

std::vector<Output> Restore(BuilderRef b, Output path, Output crc32,
                            const std::vector<SavedTensor>& tensors) {
  std::vector<std::string> names;
  std::vector<DType> dtypes;
  std::vector<PartialShape> shapes;
  for (const SavedTensor& tensor : tensors) {
    names.push_back(tensor.name);
    dtypes.push_back(tensor.dtype);
    shapes.push_back(tensor.shape);
  }
  return b.AddMany("Restore", {path, crc32},
                   {{"names", names}, {"dtypes", dtypes}, {"shapes", shapes}},
                   static_cast<int>(tensors.size()));
}

}  // namespace viv
