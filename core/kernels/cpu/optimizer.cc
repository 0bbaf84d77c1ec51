// Updates by the rules of optimizers, of whole variables and of rows. They run in the commit phase,
// under the session's lock, in place.
#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/optimizer_rows.h"
#include "core/kernels/cpu/prepare_update.h"
#include "core/kernels/cpu/register.h"
#include "core/kernels/cpu/row_table.h"

namespace viv {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements

// A rule: how many variables it writes (the trained one first), how many scalars it reads, and
// Step(), which reads those of a run, the first of them input `scalar`, and gives what is done to
// `n` elements.
struct Sgd {
  static constexpr int kVariables = 1, kScalars = 1;
  explicit Sgd(const AttrMap&) {}
  auto Step(const KernelContext& c, int scalar) const {
    return [rate = c.input(scalar).scalar<float>()](float* const* v, const float* g, int64_t n) {
      VIV_CALL_ISA(SgdRow)(rate, v[0], g, n);
    };
  }
};

struct Momentum {
  static constexpr int kVariables = 2, kScalars = 1;
  explicit Momentum(const AttrMap& attrs)
      : by{.momentum = static_cast<float>(attrs.Float("momentum")),
           .nesterov = attrs.Bool("nesterov")} {}
  auto Step(const KernelContext& c, int scalar) const {
    MomentumNumbers now = by;
    now.rate = c.input(scalar).scalar<float>();
    return [now](float* const* v, const float* g, int64_t n) {
      VIV_CALL_ISA(MomentumRow)(now, v[0], v[1], g, n);
    };
  }
  MomentumNumbers by;
};

// Adagrad and RMSProp.
struct Scaled {
  static constexpr int kVariables = 2, kScalars = 1;
  auto Step(const KernelContext& c, int scalar) const {
    ScaledNumbers now = by;
    now.rate = c.input(scalar).scalar<float>();
    return [now](float* const* v, const float* g, int64_t n) {
      VIV_CALL_ISA(ScaledRow)(now, v[0], v[1], g, n);
    };
  }
  ScaledNumbers by;
};
struct Adagrad : Scaled {
  explicit Adagrad(const AttrMap& attrs)
      : Scaled{{.decay = 1, .share = 1, .epsilon = static_cast<float>(attrs.Float("epsilon"))}} {}
};
struct RmsProp : Scaled {
  explicit RmsProp(const AttrMap& attrs)
      : Scaled{{.decay = static_cast<float>(attrs.Float("decay")),
                .share = 1 - static_cast<float>(attrs.Float("decay")),
                .epsilon = static_cast<float>(attrs.Float("epsilon"))}} {}
};

struct Adam {
  static constexpr int kVariables = 3, kScalars = 2;
  explicit Adam(const AttrMap& attrs)
      : by{.beta1 = static_cast<float>(attrs.Float("beta1")),
           .beta2 = static_cast<float>(attrs.Float("beta2")),
           .epsilon = static_cast<float>(attrs.Float("epsilon"))},
        weight_decay(static_cast<float>(attrs.Float("weight_decay"))) {}
  auto Step(const KernelContext& c, int scalar) const {
    const float rate = c.input(scalar).scalar<float>();
    const float step = c.input(scalar + 1).scalar<float>();
    AdamNumbers now = by;
    now.rate = rate / (1 - std::pow(by.beta1, step));
    now.correction = 1 / std::sqrt(1 - std::pow(by.beta2, step));
    now.kept = 1 - rate * weight_decay;
    return [now](float* const* v, const float* g, int64_t n) {
      VIV_CALL_ISA(AdamRow)(now, v[0], v[1], v[2], g, n);
    };
  }
  AdamNumbers by;
  float weight_decay;
};

template <int kVariables>
using Pointers = std::array<float*, kVariables>;

// The values of the variables, for writing.
template <int kVariables>
absl::StatusOr<Pointers<kVariables>> Values(const KernelContext& c) {
  Pointers<kVariables> values;
  for (int i = 0; i < kVariables; ++i) {
    ASSIGN_OR_RETURN(Tensor * tensor, c.variable(i).Mutable());
    values[i] = tensor->mutable_data<float>();
    c.variable(i).BumpVersion();
  }
  return values;
}
template <int kVariables>
Pointers<kVariables> Behind(Pointers<kVariables> values, int64_t elements) {
  for (float*& value : values) value += elements;
  return values;
}

// Whether the condition behind the scalars, input `i`, says that nothing is to be done.
bool IsOff(const KernelContext& c, int i) { return c.num_inputs() > i && !*c.in<bool>(i); }

// Inputs: variables, gradient, scalars, perhaps a condition.
template <typename Rule>
class DenseKernel : public Kernel {
 public:
  explicit DenseKernel(const KernelInit& init) : rule_(init.attrs) {}

  absl::Status PrepareUpdate(const KernelContext& c) const override {
    if (IsOff(c, Rule::kVariables + 1 + Rule::kScalars)) return absl::OkStatus();
    for (int i = 0; i < Rule::kVariables; ++i) {
      RETURN_IF_ERROR(PrepareWhole(c, i, c.input(Rule::kVariables)));
    }
    return absl::OkStatus();
  }

  absl::Status Compute(const KernelContext& c) const override {
    constexpr int kGradient = Rule::kVariables;
    if (IsOff(c, kGradient + 1 + Rule::kScalars)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto values, Values<Rule::kVariables>(c));
    const auto step = rule_.Step(c, kGradient + 1);
    const float* gradient = c.in<float>(kGradient);
    ParallelFor(c.input(kGradient).num_elements(), kGrain, [&](int64_t begin, int64_t end) {
      step(Behind<Rule::kVariables>(values, begin).data(), gradient + begin, end - begin);
    });
    return absl::OkStatus();
  }

 private:
  Rule rule_;
};

// Inputs: variables, indices, values, scalars, perhaps a condition.
template <typename Rule>
class RowsKernel : public Kernel {
 public:
  explicit RowsKernel(const KernelInit& init)
      : rule_(init.attrs),
        rows_(init.input_shapes[kIndices].dim(0)),
        width_(
            init.input_shapes[kIndices + 1].Elements(1, init.input_shapes[kIndices + 1].rank())) {}

  size_t scratch_bytes() const override { return RowTable::ScratchBytes(rows_); }

  absl::Status PrepareUpdate(const KernelContext& c) const override {
    if (IsOff(c, kIndices + 2 + Rule::kScalars)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Tensor* const first, c.variable(0).PrepareMutable(kFloat));
    const Shape& shape = first->shape();
    const Shape& values = c.input(kIndices + 1).shape();
    Shape wanted = shape;
    if (wanted.rank() > 0) wanted.set_dim(0, rows_);
    if (wanted.rank() == 0 || !(wanted == values)) {
      return VariableMismatch(c, 0, shape, absl::StrCat(rows_, " rows of it are"), values);
    }
    for (int i = 1; i < Rule::kVariables; ++i) {
      RETURN_IF_ERROR(PrepareWhole(c, i, *first));
    }
    return c.input(kIndices).dtype() == kInt32 ? CheckRows<int32_t>(c, shape.dim(0))
                                               : CheckRows<int64_t>(c, shape.dim(0));
  }

  absl::Status Compute(const KernelContext& c) const override {
    if (IsOff(c, kIndices + 2 + Rule::kScalars)) return absl::OkStatus();
    return c.input(kIndices).dtype() == kInt32 ? Update<int32_t>(c) : Update<int64_t>(c);
  }

 private:
  static constexpr int kIndices = Rule::kVariables;

  template <typename I>
  absl::Status Update(const KernelContext& c) const {
    const I* indices = c.in<I>(kIndices);
    ASSIGN_OR_RETURN(const auto values, Values<Rule::kVariables>(c));
    const auto step = rule_.Step(c, kIndices + 2);
    const float* gradient = c.in<float>(kIndices + 1);
    ParallelFor(rows_, std::max<int64_t>(1, kGrain / std::max<int64_t>(width_, 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    if (indices[i] < 0) continue;
                    step(Behind<Rule::kVariables>(values, indices[i] * width_).data(),
                         gradient + i * width_, width_);
                  }
                });
    return absl::OkStatus();
  }

  template <typename I>
  absl::Status CheckRows(const KernelContext& c, int64_t extent) const {
    const I* indices = c.in<I>(kIndices);
    RowTable table(c.scratch(), rows_);
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t index = indices[i];
      if (index == -1) continue;
      if (index < -1 || index >= extent) {
        return absl::OutOfRangeError(
            absl::StrCat("index ", index, " at position ", i, " is outside [0, ", extent, ")"));
      }
      if (table.Claim(index, i) != i) {
        return absl::InvalidArgumentError(
            absl::StrCat("row ", index, " is given twice; CombineRows sums rows"));
      }
    }
    return absl::OkStatus();
  }

  Rule rule_;
  int64_t rows_, width_;
};

template <typename Rule>
bool Register(const std::string& op) {
  KernelRegistration({.op = op, .device = "cpu", .factory = MakeKernel<DenseKernel<Rule>>()});
  KernelRegistration(
      {.op = op + "Rows", .device = "cpu", .factory = MakeKernel<RowsKernel<Rule>>()});
  return true;
}
const bool kSgd = Register<Sgd>("ApplySgd");
const bool kMomentum = Register<Momentum>("ApplyMomentum");
const bool kAdagrad = Register<Adagrad>("ApplyAdagrad");
const bool kRmsProp = Register<RmsProp>("ApplyRmsProp");
const bool kAdam = Register<Adam>("ApplyAdam");

}  // namespace
}  // namespace viv
