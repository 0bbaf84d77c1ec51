// Gather, GatherNd and GatherElements take blocks out of a tensor, ScatterAdd, ScatterNd and
// ScatterElements add blocks into one. They differ only in where block i lies: in their Places.
#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/sums.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 15;  // elements
constexpr int64_t kNone = -1;        // there is no block: zeros
constexpr int64_t kOutside = -2;

absl::Status Outside(int64_t index, int64_t position, int64_t extent) {
  return absl::OutOfRangeError(
      absl::StrCat("index ", index, " at position ", position, " is outside [0, ", extent, ")"));
}

int Axis(const AttrMap& attrs, const char* name, int rank) {
  const int64_t axis = attrs.Int(name);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// Block i counts through [dims before the axis, indices of one batch entry].
struct AxisPlaces {
  AxisPlaces(const AttrMap& attrs, const Shape& x, const Shape& indices) {
    const int axis = Axis(attrs, "axis", x.rank());
    const int batch_dims = static_cast<int>(attrs.Int("batch_dims"));
    extent = x.dim(axis);
    block = x.Elements(axis + 1, x.rank());
    per_entry = indices.Elements(batch_dims, indices.rank());
    rows_per_entry = x.Elements(batch_dims, axis);
    count = x.Elements(0, axis) * per_entry;
  }
  int64_t IndexAt(int64_t i) const {
    return i / per_entry / rows_per_entry * per_entry + i % per_entry;
  }
  template <typename I>
  int64_t At(const I* indices, int64_t i) const {
    const int64_t index = indices[IndexAt(i)];
    return index < 0 || index >= extent ? kOutside : (i / per_entry * extent + index) * block;
  }
  template <typename I>
  absl::Status Complain(const I* indices, int64_t i) const {
    return Outside(indices[IndexAt(i)], IndexAt(i), extent);
  }

  int64_t extent, block, per_entry, rows_per_entry, count;
};

// Block i belongs to the i-th tuple of indices.
struct NdPlaces {
  NdPlaces(const AttrMap&, const Shape& x, const Shape& indices) {
    const int depth = static_cast<int>(indices.dim(indices.rank() - 1));
    block = x.Elements(depth, x.rank());
    count = indices.Elements(0, indices.rank() - 1);
    for (int d = 0; d < depth; ++d) {
      extents.push_back(x.dim(d));
      strides.push_back(x.Elements(d + 1, x.rank()));
    }
  }
  template <typename I>
  int64_t At(const I* indices, int64_t i) const {
    int64_t at = 0;
    for (size_t d = 0; d < extents.size(); ++d) {
      const int64_t index = indices[i * extents.size() + d];
      if (index < 0 || index >= extents[d]) return kOutside;
      at += index * strides[d];
    }
    return at;
  }
  template <typename I>
  absl::Status Complain(const I* indices, int64_t i) const {
    size_t position = i * extents.size(), d = 0;
    while (indices[position + d] >= 0 && indices[position + d] < extents[d]) ++d;
    return Outside(indices[position + d], static_cast<int64_t>(position + d), extents[d]);
  }

  int64_t block, count;
  Dims extents, strides;
};

// A block is an element; it moves along the axis only.
struct ElementPlaces {
  ElementPlaces(const AttrMap& attrs, const Shape& x, const Shape& indices) {
    const int axis = Axis(attrs, "axis", x.rank());
    extent = x.dim(axis);
    inner = x.Elements(axis + 1, x.rank());
    taken = indices.dim(axis);
    count = indices.num_elements();
  }
  template <typename I>
  int64_t At(const I* indices, int64_t i) const {
    const int64_t index = indices[i];
    if (index == -1) return kNone;
    if (index < 0 || index >= extent) return kOutside;
    return (i / (inner * taken) * extent + index) * inner + i % inner;
  }
  template <typename I>
  absl::Status Complain(const I* indices, int64_t i) const {
    return Outside(indices[i], i, extent);
  }

  static constexpr int64_t block = 1;
  int64_t extent, inner, taken, count;
};

// Calls run(const I* data) with the type of the indices.
template <typename F>
absl::Status WithIndices(const Tensor& indices, F run) {
  return indices.dtype() == kInt32 ? run(indices.data<int32_t>()) : run(indices.data<int64_t>());
}

template <typename P, typename I>
absl::Status Check(const P& places, const I* indices) {
  if (places.block == 0) return absl::OkStatus();
  for (int64_t i = 0; i < places.count; ++i) {
    if (places.At(indices, i) == kOutside) return places.Complain(indices, i);
  }
  return absl::OkStatus();
}

template <typename P>
class GatherKernel : public Kernel {
 public:
  explicit GatherKernel(const KernelInit& init)
      : places_(init.attrs, init.input_shapes[0], init.input_shapes[1]) {}

  absl::Status Compute(const KernelContext& c) const override {
    const DType dtype = c.input(0).dtype();
    if (dtype == kString) return Copy<std::string>(c, 1);
    switch (DTypeSize(dtype)) {
      case 4:
        return Copy<uint32_t>(c, 1);
      case 8:
        return Copy<uint64_t>(c, 1);
      default:
        return Copy<char>(c, static_cast<int64_t>(DTypeSize(dtype)));
    }
  }

 private:
  // An element is `size` Ts.
  template <typename T>
  absl::Status Copy(const KernelContext& c, int64_t size) const {
    const T* x = c.in<T>(0);
    T* y = c.out<T>();
    const int64_t run = places_.block * size;
    return WithIndices(c.input(1), [&](const auto* indices) -> absl::Status {
      RETURN_IF_ERROR(Check(places_, indices));
      if (run == 0) return absl::OkStatus();
      ParallelFor(places_.count, std::max<int64_t>(1, kGrain / run),
                  [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) {
                      const int64_t at = places_.At(indices, i);
                      if (at == kNone) {
                        std::fill_n(y + i * run, run, T());
                      } else {
                        std::copy_n(x + at * size, run, y + i * run);
                      }
                    }
                  });
      return absl::OkStatus();
    });
  }

  P places_;
};
const KernelRegistration kGather({.op = "Gather",
                                  .device = "cpu",
                                  .factory = MakeKernel<GatherKernel<AxisPlaces>>()});
const KernelRegistration kGatherNd({.op = "GatherNd",
                                    .device = "cpu",
                                    .factory = MakeKernel<GatherKernel<NdPlaces>>()});
const KernelRegistration kGatherElements({.op = "GatherElements",
                                          .device = "cpu",
                                          .factory = MakeKernel<GatherKernel<ElementPlaces>>()});

// Inputs: indices, values, shape.
template <typename P, typename T>
class ScatterKernel : public Kernel {
 public:
  explicit ScatterKernel(const KernelInit& init)
      : places_(init.attrs, init.output_shapes[0].ToShape(), init.input_shapes[0]),
        elements_(init.output_shapes[0].num_elements()) {}

  size_t scratch_bytes() const override { return Sums<T>::ScratchBytes(elements_); }

  absl::Status Compute(const KernelContext& c) const override {
    const Sums<T> sums(c);
    return WithIndices(c.input(0), [&](const auto* indices) -> absl::Status {
      RETURN_IF_ERROR(Check(places_, indices));
      const int64_t block = places_.block;
      for (int64_t i = 0; i < places_.count && block > 0; ++i) {
        const int64_t at = places_.At(indices, i);
        if (at == kNone) continue;
        const T* from = c.in<T>(1) + i * block;
        for (int64_t j = 0; j < block; ++j) AddTo(sums.data()[at + j], from[j]);
      }
      sums.Finish();
      return absl::OkStatus();
    });
  }

 private:
  P places_;
  int64_t elements_;
};

template <typename P>
bool RegisterScatter(const char* op) {
  return RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t>(
      op, []<typename T>() { return MakeKernel<ScatterKernel<P, T>>(); });
}
const bool kScatterAdd = RegisterScatter<AxisPlaces>("ScatterAdd");
const bool kScatterNd = RegisterScatter<NdPlaces>("ScatterNd");
const bool kScatterElements = RegisterScatter<ElementPlaces>("ScatterElements");

// x with some rows replaced. Scratch: which rows were.
class ScatterUpdateKernel : public Kernel {
 public:
  explicit ScatterUpdateKernel(const KernelInit& init) : rows_(init.input_shapes[0].dim(0)) {}
  size_t scratch_bytes() const override { return rows_; }

  absl::Status Compute(const KernelContext& c) const override {
    const Tensor& x = c.input(0);
    const Tensor& indices = c.input(1);
    c.output(0).CopyFrom(x);
    bool* seen = static_cast<bool*>(c.scratch());
    std::fill_n(seen, rows_, false);
    for (int64_t i = 0; i < indices.num_elements(); ++i) {
      const int64_t index = indices.ElementAsInt(i);
      if (index < 0 || index >= rows_) return Outside(index, i, rows_);
      if (seen[index]) {
        return absl::InvalidArgumentError(absl::StrCat("row ", index, " is given twice"));
      }
      seen[index] = true;
      c.output(0).Rows(index, index + 1).CopyFrom(c.input(2).Rows(i, i + 1));
    }
    return absl::OkStatus();
  }

 private:
  int64_t rows_;
};
const KernelRegistration kScatterUpdate({.op = "ScatterUpdate",
                                         .device = "cpu",
                                         .factory = MakeKernel<ScatterUpdateKernel>()});

}  // namespace
}  // namespace viv
