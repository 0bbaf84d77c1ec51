// Int8MatMul: z = x op(y) with the rows of x and the columns of op(y) rounded to 8 bits. With
// s(v) = max |v| / 127 and q(v) = round(v / s(v)):
//   z[i, j] = s(x[i, :]) s(y[:, j]) sum_k q(x[i, :])[k] q(y[:, j])[k].
// The pass for 8 bits makes it of a MatMul with a variable, for inference. M. Junczys-Dowmunt et
// al., "Marian: cost-effective high-quality neural machine translation in C++", 2018.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

const OpRegistration kInt8MatMul({
    .name = "Int8MatMul",
    .doc = "The product of two matrices, of terms in 8 bits.",
    .inputs = {{"x", kFloat}, {"y", kFloat}},
    .outputs = {{"z", kFloat}},
    .attrs = {{"transpose_b", AttrValue(false)}},
    .shape = [](ShapeContext& c) -> absl::Status {
      RETURN_IF_ERROR(WithRank(c, 0, 2));
      RETURN_IF_ERROR(WithRank(c, 1, 2));
      const int transpose = c.attrs().Bool("transpose_b");
      const int64_t k = c.input(0).dim(1), k2 = c.input(1).dim(transpose);
      if (k >= 0 && k2 >= 0 && k != k2) {
        return absl::InvalidArgumentError(absl::StrCat("inner extents ", k, " and ", k2, " of ",
                                                       c.input(0).ToString(), " and ",
                                                       c.input(1).ToString(), " differ"));
      }
      // More of them may not fit into the 32 bits of a sum.
      constexpr int64_t kMostTerms = 32768;
      if (k > kMostTerms) {
        return absl::InvalidArgumentError(
            absl::StrCat("sums of ", k, " terms: at most ", kMostTerms));
      }
      c.set_output(0, {c.input(0).dim(0), c.input(1).dim(1 - transpose)});
      return absl::OkStatus();
    },
});

}  // namespace
}  // namespace viv
