// The text that says what Einsum computes.
#ifndef VIV_CORE_OPS_EINSUM_EQUATION_H_
#define VIV_CORE_OPS_EINSUM_EQUATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/tensor/shape.h"

namespace viv {

// The labels of the operands' axes and of the result's, one letter each.
struct EinsumEquation {
  std::vector<std::string> operands;
  std::string result;
};

// InvalidArgument where the text makes no sense or does not fit operands of these shapes.
absl::StatusOr<EinsumEquation> ParseEinsum(const std::string& text,
                                           absl::Span<const PartialShape> shapes);

}  // namespace viv

#endif  // VIV_CORE_OPS_EINSUM_EQUATION_H_
