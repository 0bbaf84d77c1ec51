// Shapes: checks, merging and printing.
#include "core/tensor/shape.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace viv {

absl::StatusOr<Shape> Shape::Checked(absl::Span<const int64_t> dims) {
  if (dims.size() > kMaxRank) {
    return absl::InvalidArgumentError(
        absl::StrCat("rank ", dims.size(), " is above the limit of ", kMaxRank));
  }
  // Zero extents do not excuse the others: strides are products too.
  int64_t elements = 1;
  for (int64_t d : dims) {
    if (d < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("negative extent in shape [", absl::StrJoin(dims, ", "), "]"));
    }
    if (d > 0 && __builtin_mul_overflow(elements, d, &elements)) elements = INT64_MAX;
    if (elements > (int64_t{1} << 62)) {
      return absl::InvalidArgumentError(
          absl::StrCat("shape [", absl::StrJoin(dims, ", "), "] has too many elements"));
    }
  }
  return Shape(dims);
}

std::string Shape::ToString() const { return absl::StrCat("[", absl::StrJoin(dims_, ", "), "]"); }

PartialShape PartialShape::OfRank(int rank) {
  PartialShape shape;
  shape.known_rank_ = true;
  shape.dims_.assign(rank, kUnknown);
  return shape;
}

bool PartialShape::fully_defined() const {
  if (!known_rank_) return false;
  for (int64_t d : dims_) {
    if (d < 0) return false;
  }
  return true;
}

int64_t PartialShape::num_elements() const {
  return fully_defined() ? ToShape().num_elements() : kUnknown;
}

absl::Status PartialShape::Validate() const {
  Dims known;
  for (const int64_t extent : dims_) known.push_back(extent == kUnknown ? 1 : extent);
  return Shape::Checked(known).status();
}

bool PartialShape::Compatible(const PartialShape& other) const { return Merge(other).ok(); }

absl::StatusOr<PartialShape> PartialShape::Merge(const PartialShape& other) const {
  if (!known_rank_) return other;
  if (!other.known_rank_) return *this;
  const auto conflict = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("shapes ", ToString(), " and ", other.ToString(), " differ"));
  };
  if (dims_.size() != other.dims_.size()) return conflict();
  PartialShape merged = *this;
  for (size_t i = 0; i < dims_.size(); ++i) {
    if (dims_[i] == kUnknown) {
      merged.dims_[i] = other.dims_[i];
    } else if (other.dims_[i] != kUnknown && other.dims_[i] != dims_[i]) {
      return conflict();
    }
  }
  return merged;
}

std::string PartialShape::ToString() const {
  if (!known_rank_) return "?";
  return absl::StrCat("[",
                      absl::StrJoin(dims_, ", ",
                                    [](std::string* out, int64_t d) {
                                      d < 0 ? absl::StrAppend(out, "?") : absl::StrAppend(out, d);
                                    }),
                      "]");
}

}  // namespace viv
