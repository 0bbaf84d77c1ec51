// Save: tensors into a file of the safetensors format (core/tensor/safetensors.h).
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/io.h"

namespace viv {
namespace {

absl::Status SaveShape(ShapeContext& c) {
  RETURN_IF_ERROR(WithRank(c, 0, 0));
  const std::vector<std::string>& names = c.attrs().Strings("names");
  const int tensors = c.num_inputs() - 1;
  if (static_cast<int>(names.size()) != tensors) {
    return absl::InvalidArgumentError(
        absl::StrCat(names.size(), " names for ", tensors, " tensors"));
  }
  std::set<std::string> seen;
  for (int i = 0; i < tensors; ++i) {
    if (!seen.insert(names[i]).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors '", names[i], "'"));
    }
    if (DTypeSize(c.input_type(i + 1)) == 0 || c.input_type(i + 1) == kString) {
      return absl::InvalidArgumentError(absl::StrCat("tensor '", names[i], "' is ",
                                                     DTypeName(c.input_type(i + 1)),
                                                     ", which the file format does not hold"));
    }
  }
  return ScalarShape(c);
}

const OpRegistration kSave({
    .name = "Save",
    .doc = "Writes tensors into a file; its size and checksum.",
    .inputs = {{.name = "path", .type = kString, .host = true},
               {.name = "tensors", .type = "any", .arity = Arity::kMany}},
    .outputs = {{"bytes", kInt64}, {"crc32", kInt64}},
    .attrs = {{"names", AttrType::kStrings}},
    .shape = SaveShape,
    .gradient = NotDifferentiable(),
    .stateful = true,
});

}  // namespace

SavedFile Save(BuilderRef b, Output path, const std::vector<std::string>& names,
               const std::vector<Output>& tensors) {
  std::vector<Output> inputs = {path};
  inputs.insert(inputs.end(), tensors.begin(), tensors.end());
  const std::vector<Output> outputs = b.AddMany("Save", inputs, {{"names", names}}, 2);
  return {outputs[0], outputs[1]};
}

}  // namespace viv
