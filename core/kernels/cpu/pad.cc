// Pad and PadGrad: for each axis a table says which element of x a place of y is made of.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/sums.h"

namespace viv {
namespace {

// The index in [0, extent) that place `at` of a padded axis shows; -1: none.
int64_t SourceOf(const std::string& mode, int64_t at, int64_t extent) {
  if (at >= 0 && at < extent) return at;
  if (mode == "edge") return at < 0 ? 0 : extent - 1;
  if (mode == "reflect") return at < 0 ? -at : 2 * extent - 2 - at;
  if (mode == "symmetric") return at < 0 ? -at - 1 : 2 * extent - 1 - at;
  return -1;
}

class PadPlaces {
 public:
  PadPlaces(const AttrMap& attrs, const Shape& x) {
    const std::vector<int64_t>& paddings = attrs.Ints("paddings");
    // Trailing axes that are not padded are copied as one run.
    int last = x.rank();
    while (last > 0 && paddings[2 * last - 2] == 0 && paddings[2 * last - 1] == 0) --last;
    run_ = x.Elements(last, x.rank());
    const auto padded = [&](int i) { return paddings[2 * i] + x.dim(i) + paddings[2 * i + 1]; };
    bool empty = run_ == 0;
    for (int i = 0; i < last; ++i) empty |= padded(i) == 0;
    if (empty) {
      // No run: and the other extents may be beyond all memory.
      offsets_.emplace_back();
      return;
    }
    for (int i = 0; i < last; ++i) {
      const int64_t stride = x.Elements(i + 1, x.rank());
      std::vector<int64_t> offsets;
      offsets.reserve(padded(i));  // what cannot be had is known at once
      for (int64_t k = 0; k < padded(i); ++k) {
        const int64_t from = SourceOf(attrs.String("mode"), k - paddings[2 * i], x.dim(i));
        offsets.push_back(from < 0 ? -1 : from * stride);
      }
      offsets_.push_back(std::move(offsets));
    }
  }

  int64_t run() const { return run_; }
  // Calls visit(offset in y, offset in x or -1) for the start of every run.
  template <typename F>
  void ForEach(F visit) const {
    int64_t at = 0;
    Walk(0, 0, at, visit);
  }

 private:
  template <typename F>
  void Walk(size_t axis, int64_t from, int64_t& at, F& visit) const {
    if (axis == offsets_.size()) {
      visit(at, from);
      at += run_;
      return;
    }
    for (const int64_t offset : offsets_[axis]) {
      Walk(axis + 1, from < 0 || offset < 0 ? -1 : from + offset, at, visit);
    }
  }

  int64_t run_;
  std::vector<std::vector<int64_t>> offsets_;
};

template <typename T>
T FromDouble(double value) {
  if constexpr (kIs16BitFloat<T>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    // The plain cast would be undefined outside of the type's range.
    const double low = static_cast<double>(std::numeric_limits<T>::lowest());
    const double high = static_cast<double>(std::numeric_limits<T>::max());
    if (!(value > low)) return std::numeric_limits<T>::lowest();
    return value >= high ? std::numeric_limits<T>::max() : static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

template <typename T>
class PadKernel : public Kernel {
 public:
  explicit PadKernel(const KernelInit& init)
      : places_(init.attrs, init.input_shapes[0]),
        value_(FromDouble<T>(init.attrs.Float("value"))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const int64_t run = places_.run();
    places_.ForEach([&](int64_t at, int64_t from) {
      if (from < 0) {
        std::fill_n(c.out<T>() + at, run, value_);
      } else {
        std::copy_n(c.in<T>(0) + from, run, c.out<T>() + at);
      }
    });
    return absl::OkStatus();
  }

 private:
  PadPlaces places_;
  T value_;
};
const bool kPad =
    RegisterFor<float, double, BFloat16, Half, int8_t, uint8_t, int32_t, int64_t, bool>(
        "Pad", []<typename T>() { return MakeKernel<PadKernel<T>>(); });

template <typename T>
class PadGradKernel : public Kernel {
 public:
  explicit PadGradKernel(const KernelInit& init)
      : places_(init.attrs, init.output_shapes[0].ToShape()),
        elements_(init.output_shapes[0].num_elements()) {}

  size_t scratch_bytes() const override { return Sums<T>::ScratchBytes(elements_); }

  absl::Status Compute(const KernelContext& c) const override {
    const Sums<T> sums(c);
    places_.ForEach([&](int64_t at, int64_t from) {
      for (int64_t i = 0; i < places_.run() && from >= 0; ++i) {
        AddTo(sums.data()[from + i], c.in<T>(0)[at + i]);
      }
    });
    sums.Finish();
    return absl::OkStatus();
  }

 private:
  PadPlaces places_;
  int64_t elements_;
};
const bool kPadGrad = RegisterFor<float, double, BFloat16, Half>(
    "PadGrad", []<typename T>() { return MakeKernel<PadGradKernel<T>>(); });

}  // namespace
}  // namespace viv
