// WithGradient: builds both functions of a CustomGradient and checks what they return.
#include "absl/strings/str_cat.h"
#include "core/ops/control.h"

namespace viv {
namespace {

// What `backward` returned, but for the inputs in which no gradient flows, which `gradient_of`
// leaves out. The builder's error is set where a gradient does not fit its input.
std::vector<Output> CheckGradients(const GraphBuilder& b, const CallSite& site,
                                   const std::vector<ArgumentSpec>& inputs,
                                   const Outputs& gradients, std::vector<int64_t>& gradient_of) {
  std::vector<Output> given;
  if (!b.ok()) return given;
  const auto fail = [&](const std::string& why) {
    b.SetError(absl::InvalidArgumentError("WithGradient: the backward function returns " + why),
               site);
    return std::vector<Output>();
  };
  if (gradients.size() != inputs.size()) {
    return fail(
        absl::StrCat(gradients.size(), " gradients, not ", inputs.size(), ", one for each input"));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Output& gradient = gradients[i];
    if (!gradient.valid()) continue;
    const auto& [dtype, shape] = inputs[i];
    if (!IsFloating(dtype)) {
      return fail(absl::StrCat("a gradient in input ", i, ", which is ", DTypeName(dtype)));
    }
    if (gradient.dtype() != dtype || !gradient.shape().Compatible(shape)) {
      return fail(absl::StrCat(DTypeName(gradient.dtype()), gradient.shape().ToString(),
                               " as the gradient in input ", i, ", which is ", DTypeName(dtype),
                               shape.ToString()));
    }
    given.push_back(gradient);
    gradient_of.push_back(static_cast<int64_t>(i));
  }
  return given;
}

}  // namespace

Outputs WithGradient(BuilderRef b, const std::vector<Output>& inputs, const ForwardBody& forward,
                     const BackwardBody& backward) {
  std::vector<ArgumentSpec> values;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].valid() || inputs[i].index < 0) {
      b.SetError(
          absl::InvalidArgumentError(absl::StrCat("WithGradient: input ", i, " is missing")));
      return {};
    }
    values.push_back({inputs[i].dtype(), inputs[i].shape()});
  }
  const BuiltFunction f = BuildFunction(
      b, "forward", values, [&](const GraphBuilder& inner, const std::vector<Output>& x) {
        const Outputs y = forward(inner, x);
        return std::vector<Output>(y.begin(), y.end());
      });
  // The arguments of the backward function: inputs, results, gradients of floating-point results.
  std::vector<ArgumentSpec> arguments = values;
  for (size_t i = 0; i < f.result_types.size(); ++i) {
    arguments.push_back({f.result_types[i], f.result_shapes[i]});
  }
  for (size_t i = 0; i < f.result_types.size(); ++i) {
    if (IsFloating(f.result_types[i])) arguments.push_back(arguments[values.size() + i]);
  }
  std::vector<int64_t> gradient_of;
  const BuiltFunction g = BuildFunction(
      b, "backward", arguments, [&](const GraphBuilder& inner, const std::vector<Output>& all) {
        const auto x = all.begin(), y = x + values.size(), dy = y + f.result_types.size();
        // Integers have none.
        std::vector<Output> gradients;
        auto next = dy;
        for (const DType dtype : f.result_types) {
          gradients.push_back(IsFloating(dtype) ? *next++ : Output());
        }
        const Outputs dx =
            backward(inner, {std::vector<Output>(x, y)}, {std::vector<Output>(y, dy)}, gradients);
        return CheckGradients(inner, b.site(), values, dx, gradient_of);
      });
  std::vector<Output> all = inputs;
  all.insert(all.end(), f.captures.begin(), f.captures.end());
  const auto forward_inputs = static_cast<int64_t>(all.size());
  all.insert(all.end(), g.captures.begin(), g.captures.end());
  const std::vector<Output> results = b.AddMany("CustomGradient", all,
                                                {{"forward", f.name},
                                                 {"backward", g.name},
                                                 {"values", static_cast<int64_t>(inputs.size())},
                                                 {"forward_inputs", forward_inputs},
                                                 {"gradient_of", gradient_of},
                                                 {"types", f.result_types}},
                                                static_cast<int>(f.result_types.size()));
  if (!b.builder().ok()) return {};
  return results;
}

}  // namespace viv
