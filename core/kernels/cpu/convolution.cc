// Conv2D, Conv2DBackwardInput, Conv2DBackwardFilter and FusedConv2D: in double by plain loops.
#include "core/kernels/cpu/convolution.h"

#include <cstring>

#include "core/base/status.h"
#include "core/kernels/cpu/convolution_plan.h"
#include "core/kernels/cpu/register.h"

namespace viv {
namespace {

// Calls f(i, j, l) for every product: of element i of x and element j of the filter, for element l
// of y.
template <typename F>
void ForEachTerm(const ConvGeometry& g, F f) {
  const int64_t depth = g.c / g.groups, kernels = g.k / g.groups;
  const auto for_taps = [&](int64_t at_x, int64_t at_filter, int64_t at_y) {
    for (int64_t k = 0; k < g.k; ++k) {
      const int64_t first = k / kernels * depth;
      for (int64_t c = 0; c < depth; ++c) f(at_x + first + c, at_filter + c * g.k + k, at_y + k);
    }
  };
  // Calls visit(element of the image, of the window) for window i of an axis.
  const auto for_window = [](const WindowAxis& axis, int64_t i, auto visit) {
    for (int64_t a = 0; a < axis.size; ++a) {
      const int64_t at = i * axis.stride + a * axis.dilation - axis.before;
      if (at >= 0 && at < axis.extent) visit(at, a);
    }
  };
  const WindowAxis& h = g.height;
  const WindowAxis& w = g.width;
  for (int64_t place = 0; place < g.n * h.count * w.count; ++place) {
    const int64_t image = place / (h.count * w.count);
    for_window(h, place / w.count % h.count, [&](int64_t row, int64_t a) {
      for_window(w, place % w.count, [&](int64_t column, int64_t b) {
        for_taps(((image * h.extent + row) * w.extent + column) * g.c,
                 (a * w.size + b) * depth * g.k, place * g.k);
      });
    });
  }
}

// Which tensors x, the filter and y are: the index of an input, or -1 for the output.
struct Roles {
  int x, filter, y;
};
constexpr Roles RolesFor(ConvResult result) {
  switch (result) {
    case ConvResult::kOutput:
      return {0, 1, -1};
    case ConvResult::kInput:
      return {-1, 1, 0};
    case ConvResult::kFilter:
      return {0, -1, 1};
  }
}

ConvGeometry GeometryOf(const KernelInit& init, Roles roles) {
  const auto shape = [&](int i) {
    return i < 0 ? init.output_shapes[0].ToShape() : init.input_shapes[i];
  };
  return ConvGeometry(init.attrs, shape(roles.x), shape(roles.filter), shape(roles.y));
}

template <ConvResult kResult>
class DoubleConvKernel : public Kernel {
 public:
  explicit DoubleConvKernel(const KernelInit& init)
      : geometry_(GeometryOf(init, RolesFor(kResult))) {}

  absl::Status Compute(const KernelContext& c) const override {
    const double* const a = c.in<double>(0);
    const double* const b = c.in<double>(1);
    double* const out = c.out<double>();
    std::fill_n(out, c.output(0).num_elements(), 0.0);
    if (geometry_.empty()) return absl::OkStatus();
    ForEachTerm(geometry_, [=](int64_t x, int64_t filter, int64_t y) {
      if constexpr (kResult == ConvResult::kOutput) out[y] += a[x] * b[filter];
      if constexpr (kResult == ConvResult::kInput) out[x] += a[y] * b[filter];
      if constexpr (kResult == ConvResult::kFilter) out[filter] += a[x] * b[y];
    });
    return absl::OkStatus();
  }

 private:
  const ConvGeometry geometry_;
};

template <ConvResult kResult>
class ConvKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    const ConvGeometry geometry = GeometryOf(init, RolesFor(kResult));
    auto kernel = std::make_unique<ConvKernel>();
    if (!geometry.empty()) {
      ASSIGN_OR_RETURN(kernel->plan_, MakeConvPlan(geometry, kResult, init.input_types[0]));
    }
    return kernel;
  }

  size_t scratch_bytes() const override { return plan_ == nullptr ? 0 : plan_->scratch_bytes(); }

  absl::Status Compute(const KernelContext& c) const override {
    if (plan_ == nullptr) {
      if (c.output(0).bytes() > 0) std::memset(c.output(0).raw(), 0, c.output(0).bytes());
      return absl::OkStatus();
    }
    constexpr Roles kRoles = RolesFor(kResult);
    const auto data = [&](int i) { return i < 0 ? c.output(0).raw() : c.input(i).raw(); };
    ConvOperands operands = {
        .x = data(kRoles.x), .filter = data(kRoles.filter), .y = data(kRoles.y)};
    if (kRoles.filter >= 0) operands.filter_version = c.input_version(kRoles.filter);
    return plan_->Run(operands, c.scratch());
  }

 private:
  // Null where all is zeros.
  std::unique_ptr<ConvPlan> plan_;
};

// FusedConv2D.
class FusedConvKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    const ConvGeometry geometry = GeometryOf(init, RolesFor(ConvResult::kOutput));
    auto kernel = std::make_unique<FusedConvKernel>();
    kernel->relu_ = init.attrs.Bool("relu");
    if (geometry.empty()) return kernel;
    const ConvEpilogue epilogue = {
        .factor = init.input_shapes.size() > 3, .shift = true, .relu = kernel->relu_};
    ASSIGN_OR_RETURN(kernel->plan_,
                     MakeConvPlan(geometry, ConvResult::kOutput, init.input_types[0], epilogue));
    return kernel;
  }

  size_t scratch_bytes() const override { return plan_ == nullptr ? 0 : plan_->scratch_bytes(); }

  absl::Status Compute(const KernelContext& c) const override {
    if (plan_ == nullptr) {
      const float* const shift = c.in<float>(2);
      // The convolution is all zeros.
      const int64_t k = c.input(2).dim(0);
      for (int64_t i = 0; i < c.output(0).num_elements(); ++i) {
        const float y = relu_ && shift[i % k] < 0 ? 0 : shift[i % k];
        if (c.output(0).dtype() == kFloat) {
          c.out<float>()[i] = y;
        } else {
          c.out<BFloat16>()[i] = BFloat16(y);
        }
      }
      return absl::OkStatus();
    }
    return plan_->Run(FusedConvOperands(c), c.scratch());
  }

 private:
  bool relu_ = false;
  // Null where the convolution is all zeros.
  std::unique_ptr<ConvPlan> plan_;
};

template <ConvResult kResult>
bool Register(const std::string& op) {
  return RegisterFor<float, BFloat16>(
             op, []<typename T>() -> KernelFactory { return &ConvKernel<kResult>::Make; }) &&
         RegisterFor<double>(op,
                             []<typename T>() { return MakeKernel<DoubleConvKernel<kResult>>(); });
}
const bool kRegistered =
    Register<ConvResult::kOutput>("Conv2D") &&
    Register<ConvResult::kInput>("Conv2DBackwardInput") &&
    Register<ConvResult::kFilter>("Conv2DBackwardFilter") &&
    RegisterFor<float, BFloat16>(
        "FusedConv2D", []<typename T>() -> KernelFactory { return &FusedConvKernel::Make; });

}  // namespace
}  // namespace viv
