// Checks that carries stay what they are.
#include "core/ops/carry_shape.h"

#include "absl/strings/str_cat.h"

namespace viv {

absl::StatusOr<PartialShape> CarryShape(const ShapeContext& c, int i, const PartialShape& next,
                                        const std::string& what) {
  if (c.output_type(i) != c.input_type(i)) {
    return absl::InvalidArgumentError(absl::StrCat(what, " is ", DTypeName(c.input_type(i)),
                                                   ", but the body returns ",
                                                   DTypeName(c.output_type(i))));
  }
  absl::StatusOr<PartialShape> carry = c.input(i).Merge(next);
  if (carry.ok()) return carry;
  return absl::InvalidArgumentError(absl::StrCat(what, " has shape ", c.input(i).ToString(),
                                                 ", but the body returns ", next.ToString()));
}

}  // namespace viv
