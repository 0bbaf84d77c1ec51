// By the bits: a number is finite unless all bits of its exponent are set.
#include "core/tensor/finite.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/tensor/float16.h"

namespace viv {
namespace {

template <typename Bits>
constexpr Bits ExponentMask(DType dtype) {
  return static_cast<Bits>(dtype == kDouble     ? 0x7ff0000000000000u
                           : dtype == kFloat    ? 0x7f800000u
                           : dtype == kBFloat16 ? 0x7f80u
                                                : 0x7c00u);
}

template <typename Bits>
int64_t CountNonFinite(const Tensor& tensor, int64_t* first) {
  const Bits mask = ExponentMask<Bits>(tensor.dtype());
  const auto* bits = static_cast<const Bits*>(tensor.raw());
  const int64_t n = tensor.num_elements();
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += (bits[i] & mask) == mask;
  for (*first = 0; count > 0 && (bits[*first] & mask) != mask; ++*first) {
  }
  return count;
}

std::string Place(const Shape& shape, int64_t offset) {
  std::vector<int64_t> index(shape.rank());
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[i] = offset % shape.dim(i);
    offset /= shape.dim(i);
  }
  return absl::StrCat("[", absl::StrJoin(index, ", "), "]");
}

}  // namespace

std::string DescribeNonFinite(const Tensor& tensor) {
  int64_t count = 0, first = 0;
  switch (tensor.dtype()) {
    case kFloat:
      count = CountNonFinite<uint32_t>(tensor, &first);
      break;
    case kDouble:
      count = CountNonFinite<uint64_t>(tensor, &first);
      break;
    case kBFloat16:
    case kHalf:
      count = CountNonFinite<uint16_t>(tensor, &first);
      break;
    default:
      return "";
  }
  if (count == 0) return "";
  const double value = tensor.ElementAsDouble(first);
  std::string text = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (tensor.rank() > 0) absl::StrAppend(&text, " at ", Place(tensor.shape(), first));
  const std::string type = absl::StrCat(DTypeName(tensor.dtype()), tensor.shape().ToString());
  if (count == 1) return absl::StrCat(text, " of ", type);
  return absl::StrCat(text, ", the first of ", count, " elements of ", type,
                      " that are not finite");
}

}  // namespace viv
