// Examples put on top of each other, padded or not.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/data/dataset.h"

namespace viv {
namespace {

template <typename T>
void FillWith(Tensor& out, double value) {
  for (T& element : out.mutable_flat<T>()) element = static_cast<T>(value);
}

absl::Status FillNumbers(Tensor& out, double value) {
  switch (out.dtype()) {
    case kFloat:
      FillWith<float>(out, value);
      break;
    case kDouble:
      FillWith<double>(out, value);
      break;
    case kBFloat16:
      for (BFloat16& e : out.mutable_flat<BFloat16>()) e = BFloat16(static_cast<float>(value));
      break;
    case kHalf:
      for (Half& e : out.mutable_flat<Half>()) e = Half(static_cast<float>(value));
      break;
    case kInt8:
      FillWith<int8_t>(out, value);
      break;
    case kUInt8:
      FillWith<uint8_t>(out, value);
      break;
    case kInt32:
      FillWith<int32_t>(out, value);
      break;
    case kInt64:
      FillWith<int64_t>(out, value);
      break;
    case kBool:
      FillWith<bool>(out, value);
      break;
    case kString:  // made empty
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("tensors of type ", DTypeName(out.dtype()), " cannot be padded"));
  }
  return absl::OkStatus();
}

void CopyElements(const Tensor& from, int64_t begin, Tensor& to, int64_t offset, int64_t count) {
  if (count == 0) return;
  if (from.dtype() == kString) {
    std::copy_n(from.data<std::string>() + begin, count, to.mutable_data<std::string>() + offset);
    return;
  }
  const size_t size = DTypeSize(from.dtype());
  std::memcpy(static_cast<char*>(to.raw()) + offset * size,
              static_cast<const char*>(from.raw()) + begin * size, count * size);
}

// Copies `from` into the corner of row `row` of `to`, whose other dimensions are at least as large.
void CopyIntoCorner(const Tensor& from, Tensor& to, int64_t row) {
  const int rank = from.rank();
  const int64_t size = to.shape().Elements(1, rank + 1);
  if (from.num_elements() == size) return CopyElements(from, 0, to, row * size, size);
  const int64_t line = rank == 0 ? 1 : from.dim(rank - 1);
  const int64_t lines = rank == 0 ? 1 : from.shape().Elements(0, rank - 1);
  for (int64_t i = 0; i < lines; ++i) {
    // The line's place in `to`, from the innermost outer dimension outwards.
    int64_t rest = i;
    int64_t stride = rank == 0 ? 1 : to.dim(rank);
    int64_t offset = 0;
    for (int d = rank - 2; d >= 0; --d) {
      offset += rest % from.dim(d) * stride;
      rest /= from.dim(d);
      stride *= to.dim(d + 1);
    }
    CopyElements(from, i * line, to, row * size + offset, line);
  }
}

// The stacked shape of field `f`; grows where `pad` is set, else all shapes must be equal.
absl::StatusOr<Shape> StackedShape(const std::vector<Example>& examples, size_t f, bool pad) {
  const Tensor& first = examples[0][f];
  std::vector<int64_t> dims = {static_cast<int64_t>(examples.size())};
  dims.insert(dims.end(), first.shape().dims().begin(), first.shape().dims().end());
  for (size_t row = 1; row < examples.size(); ++row) {
    const Tensor& other = examples[row][f];
    const bool fits = other.dtype() == first.dtype() && other.rank() == first.rank() &&
                      (pad || other.shape() == first.shape());
    if (!fits) {
      return absl::InvalidArgumentError(
          absl::StrCat("field ", f, " is ", DTypeName(first.dtype()), first.shape().ToString(),
                       " in row 0 and ", DTypeName(other.dtype()), other.shape().ToString(),
                       " in row ", row, pad ? "" : " (PaddedBatch pads shapes that differ)"));
    }
    for (int d = 0; d < other.rank(); ++d) dims[d + 1] = std::max(dims[d + 1], other.dim(d));
  }
  return Shape::Checked(dims);
}

absl::StatusOr<Example> Stack(const std::vector<Example>& examples,
                              const std::vector<double>* pad_values) {
  if (examples.empty()) return absl::InvalidArgumentError("there is no example to stack");
  for (size_t row = 1; row < examples.size(); ++row) {
    if (examples[row].size() != examples[0].size()) {
      return absl::InvalidArgumentError(absl::StrCat("row 0 has ", examples[0].size(),
                                                     " fields and row ", row, " has ",
                                                     examples[row].size()));
    }
  }
  Example out;
  for (size_t f = 0; f < examples[0].size(); ++f) {
    ASSIGN_OR_RETURN(const Shape shape, StackedShape(examples, f, pad_values != nullptr));
    ASSIGN_OR_RETURN(Tensor stacked, Tensor::Make(examples[0][f].dtype(), shape));
    int64_t filled = 0;
    for (const Example& example : examples) filled += example[f].num_elements();
    if (pad_values != nullptr && filled < shape.num_elements()) {
      RETURN_IF_ERROR(FillNumbers(stacked, f < pad_values->size() ? (*pad_values)[f] : 0.0));
    }
    for (size_t row = 0; row < examples.size(); ++row) {
      CopyIntoCorner(examples[row][f], stacked, static_cast<int64_t>(row));
    }
    out.push_back(std::move(stacked));
  }
  return out;
}

}  // namespace

absl::StatusOr<Example> StackExamples(const std::vector<Example>& examples) {
  return Stack(examples, nullptr);
}

absl::StatusOr<Example> PadAndStackExamples(const std::vector<Example>& examples,
                                            const std::vector<double>& pad_values) {
  return Stack(examples, &pad_values);
}

}  // namespace viv
