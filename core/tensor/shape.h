// Shapes of tensors: fully known (Shape) and as far as known (PartialShape).
#ifndef VIV_CORE_TENSOR_SHAPE_H_
#define VIV_CORE_TENSOR_SHAPE_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace viv {

using Dims = absl::InlinedVector<int64_t, 6>;

// The extents of a tensor, outermost first. Every extent is >= 0; a scalar has rank 0 and one
// element.
class Shape {
 public:
  static constexpr int kMaxRank = 16;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(absl::Span<const int64_t> dims) : dims_(dims.begin(), dims.end()) {}

  // For dims from outside: fails on a negative extent, a rank above kMaxRank or a number of
  // elements that does not fit 62 bits.
  static absl::StatusOr<Shape> Checked(absl::Span<const int64_t> dims);

  int rank() const { return static_cast<int>(dims_.size()); }
  int64_t dim(int i) const { return dims_[i]; }
  absl::Span<const int64_t> dims() const { return dims_; }
  int64_t num_elements() const {
    int64_t n = 1;
    for (int64_t d : dims_) n *= d;
    return n;
  }
  // The product of the extents [begin, end).
  int64_t Elements(int begin, int end) const {
    int64_t n = 1;
    for (int i = begin; i < end; ++i) n *= dims_[i];
    return n;
  }
  void set_dim(int i, int64_t extent) { dims_[i] = extent; }
  void Append(int64_t extent) { dims_.push_back(extent); }

  // "[2, 3]"; "[]" for a scalar.
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b) { return a.dims_ == b.dims_; }

 private:
  Dims dims_;
};

// A shape whose rank, or some of whose extents (kUnknown), may not be known yet.
class PartialShape {
 public:
  static constexpr int64_t kUnknown = -1;

  // Unknown rank.
  PartialShape() = default;
  PartialShape(std::initializer_list<int64_t> dims) : known_rank_(true), dims_(dims) {}
  explicit PartialShape(absl::Span<const int64_t> dims)
      : known_rank_(true), dims_(dims.begin(), dims.end()) {}
  PartialShape(const Shape& shape)  // NOLINT: every Shape is a PartialShape
      : known_rank_(true), dims_(shape.dims().begin(), shape.dims().end()) {}

  static PartialShape Scalar() { return PartialShape(absl::Span<const int64_t>()); }
  static PartialShape OfRank(int rank);

  bool known_rank() const { return known_rank_; }
  // -1 where the rank is not known.
  int rank() const { return known_rank_ ? static_cast<int>(dims_.size()) : -1; }
  // kUnknown where the rank or the extent is not known.
  int64_t dim(int i) const { return known_rank_ ? dims_[i] : kUnknown; }
  absl::Span<const int64_t> dims() const { return dims_; }
  void set_dim(int i, int64_t extent) { dims_[i] = extent; }
  void Append(int64_t extent) { dims_.push_back(extent); }
  bool fully_defined() const;
  // The number of elements, or kUnknown.
  int64_t num_elements() const;
  // Needs fully_defined().
  Shape ToShape() const { return Shape(absl::Span<const int64_t>(dims_)); }

  // For shapes from outside: fails on an extent below -1, a rank above Shape::kMaxRank or known
  // extents with too many elements (see Shape::Checked).
  absl::Status Validate() const;

  // Whether one concrete shape could be both.
  bool Compatible(const PartialShape& other) const;
  // All that both know; an error where they contradict each other.
  absl::StatusOr<PartialShape> Merge(const PartialShape& other) const;

  // "[?, 3]"; "?" for unknown rank.
  std::string ToString() const;

  friend bool operator==(const PartialShape& a, const PartialShape& b) {
    return a.known_rank_ == b.known_rank_ && a.dims_ == b.dims_;
  }

 private:
  bool known_rank_ = false;
  Dims dims_;
};

}  // namespace viv

#endif  // VIV_CORE_TENSOR_SHAPE_H_
