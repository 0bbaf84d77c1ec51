// ReverseSequence: a gather whose indices run backwards as far as each sequence is long.
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// Element t of row i: lengths[i] - 1 - t before the length, then t.
Output Backwards(const GraphBuilder& b, Output lengths, Output extent) {
  const Output t = Range(b, extent);
  const Output length = ExpandDims(b, Cast(b, lengths, kInt64), 1);
  const Output mirrored = Sub(b, Sub(b, length, Const(b, int64_t{1})), t);
  return Select(b, Less(b, t, length), mirrored, t);
}

}  // namespace

Output ReverseSequence(BuilderRef b, Output x, Output lengths, int64_t time_axis,
                       int64_t batch_axis) {
  if (!x.valid() || !lengths.valid()) return {};
  const GraphBuilder at = b.builder().At(b.site());
  const int rank = x.shape().rank();
  const absl::StatusOr<int> time = NormalizeAxis(time_axis, rank);
  const absl::StatusOr<int> batch = NormalizeAxis(batch_axis, rank);
  if (!time.ok() || !batch.ok() || *time == *batch) {
    b.SetError(absl::InvalidArgumentError(absl::StrCat("ReverseSequence: axes ", time_axis, " and ",
                                                       batch_axis, " of ", x.shape().ToString())));
    return {};
  }
  // Batch and time first; each swap undoes itself.
  std::vector<int64_t> first(rank), second(rank);
  std::iota(first.begin(), first.end(), 0);
  second = first;
  std::swap(first[0], first[*batch]);
  const int time_now = *time == 0 ? *batch : *time;
  std::swap(second[1], second[time_now]);
  const auto swap = [&](Output y, int i, const std::vector<int64_t>& perm) {
    return perm[i] == i ? y : Transpose(at, y, perm);
  };
  const Output batch_major = swap(swap(x, 0, first), 1, second);
  const Output indices = Backwards(at, lengths, DimOf(at, x, *time));
  return swap(swap(GatherAxis(at, batch_major, indices, 1, 1), 1, second), 0, first);
}

}  // namespace viv
