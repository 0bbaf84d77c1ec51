// Reductions over axes, and the builder functions on top of them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "op_case.h"

namespace viv {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Fold = std::function<double(const std::vector<double>&)>;

// What `fold` makes of the elements that fall onto each element of the result.
Array Reduced(const Array& x, const std::vector<int64_t>& axes, bool keep, const Fold& fold) {
  std::vector<bool> reduced(x.shape.rank(), axes.empty());
  for (const int64_t axis : axes) reduced[axis < 0 ? axis + x.shape.rank() : axis] = true;
  const auto project = [&](absl::Span<const int64_t> index, int64_t of_reduced) {
    std::vector<int64_t> kept;
    for (size_t i = 0; i < index.size(); ++i) {
      if (!reduced[i]) kept.push_back(index[i]);
      if (reduced[i] && keep) kept.push_back(of_reduced);
    }
    return kept;
  };
  Array y{Shape(project(x.shape.dims(), 1))};
  std::vector<std::vector<double>> groups(y.values.size());
  ForEachIndex(x.shape, [&](absl::Span<const int64_t> i) {
    groups[y.Offset(project(i, 0))].push_back(x(i));
  });
  for (size_t i = 0; i < groups.size(); ++i) y.values[i] = fold(groups[i]);
  return y;
}

double SumOf(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum;
}
double ProductOf(const std::vector<double>& v) {
  double product = 1;
  for (const double x : v) product *= x;
  return product;
}
double MaxOf(const std::vector<double>& v) { return *std::max_element(v.begin(), v.end()); }
double MinOf(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }
double AnyOf(const std::vector<double>& v) {
  return std::any_of(v.begin(), v.end(), [](double x) { return x != 0; });
}
double AllOf(const std::vector<double>& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return x != 0; });
}
double LogSumExpOf(const std::vector<double>& v) {
  const double top = MaxOf(v);
  if (std::isinf(top)) return top;
  double sum = 0;
  for (const double x : v) sum += std::exp(x - top);
  return top + std::log(sum);
}
double VarianceOf(const std::vector<double>& v) {
  const double mean = SumOf(v) / static_cast<double>(v.size());
  double sum = 0;
  for (const double x : v) sum += (x - mean) * (x - mean);
  return sum / static_cast<double>(v.size());
}

AttrMap Over(std::vector<int64_t> axes, bool keep = false) {
  return {{"axes", std::move(axes)}, {"keep_dims", keep}};
}

// `low`, `high`: of elements, so that no integer overflows.
OpCases Reduction(const std::string& op, const Fold& fold, double low = -2, double high = 2) {
  const auto x = [&](const Shape& shape) { return Uniform(shape, low, high); };
  return {
      .op = op,
      .oracle =
          [fold](const OpCall& call) {
            return std::vector<Array>{
                Reduced(call[0], call.attrs.Ints("axes"), call.attrs.Bool("keep_dims"), fold)};
          },
      .tolerance = 16,
      .gradient = GradientKind::kTwice,
      .cases = {{"all", {x({2, 3})}, Over({})},
                {"all kept", {x({3, 2})}, Over({}, true)},
                {"rows", {x({19, 5})}, Over({-1})},
                {"columns", {x({5, 67})}, Over({0})},
                {"middle kept", {x({2, 5, 3})}, Over({1}, true)},
                {"outer and inner", {x({2, 7, 3})}, Over({2, 0})},
                {"every other", {x({2, 3, 2, 5, 1, 3})}, Over({1, 3})},
                {"of ones", {x({3, 1, 2})}, Over({1})},
                {"one", {x({1})}, Over({0})},
                {"scalar", {x({})}, Over({})},
                {"empty", {x({0, 3})}, Over({1})},
                {"empty kept", {x({3, 0})}, Over({0}, true)}},
      .bad = {{"axis", {x({2, 3})}, "axis", Over({2})},
              {"twice", {x({2, 3})}, "given twice", Over({1, -1})}},
  };
}
// With long runs, which loops take several elements at a time of.
OpCases Long(OpCases cases) {
  const OpInput& x = cases.cases[0].inputs[0];
  for (const Shape& shape : {Shape({5, 77}), Shape({77, 5})}) {
    cases.cases.push_back({"long", {Uniform(shape, x.low, x.high)}, Over({})});
    cases.cases.push_back({"long rows", {Uniform(shape, x.low, x.high)}, Over({1})});
    cases.cases.push_back({"long columns", {Uniform(shape, x.low, x.high)}, Over({0})});
  }
  return cases;
}
// Nothing has a sum and a product.
OpCases OfNothing(OpCases cases) {
  cases.cases.push_back({"nothing", {Uniform({3, 0})}, Over({1})});
  cases.cases.push_back({"nothing at all", {Uniform({0})}, Over({})});
  return cases;
}

const OpCaseRegistration kReductions({
    OfNothing(Long(Reduction("Sum", SumOf, -1, 1))),
    OfNothing(Reduction("Prod", ProductOf, 0.5, 1.5)),
    Long(Reduction("Max", MaxOf, -99, 99)),
    Long(Reduction("Min", MinOf, -99, 99)),
    OfNothing(Long(Reduction("Any", AnyOf))),
    OfNothing(Long(Reduction("All", AllOf))),
});

// Large enough for several jobs.
OpCases Parallel(const std::string& op, const Fold& fold, double low, double high) {
  OpCases cases = Reduction(op, fold, low, high);
  cases.build = [op](const GraphBuilder& b, const std::vector<Output>& in) {
    std::vector<Output> y;
    for (const std::vector<int64_t>& axes : std::vector<std::vector<int64_t>>{{}, {0}, {1}}) {
      y.push_back(BuilderRef(b).Add(op, {StopGradient(b, in[0])}, {{"axes", axes}}));
    }
    return y;
  };
  cases.oracle = [fold](const OpCall& call) {
    std::vector<Array> y;
    for (const std::vector<int64_t>& axes : std::vector<std::vector<int64_t>>{{}, {0}, {1}}) {
      y.push_back(Reduced(call[0], axes, false, fold));
    }
    return y;
  };
  cases.op = op + "OfMany";
  cases.tolerance = 256;
  cases.gradient = GradientKind::kZero;
  cases.cases = {{"square", {Uniform({401, 399}, low, high)}},
                 {"wide", {Uniform({3, 40001}, low, high)}},
                 {"high", {Uniform({40001, 3}, low, high)}}};
  cases.bad = {};
  return cases;
}
const OpCaseRegistration kParallel({Parallel("Sum", SumOf, -0.1, 0.1),
                                    Parallel("Max", MaxOf, -1, 1),
                                    Parallel("Prod", ProductOf, 0.9999, 1.0001)});

// Builder functions, over axes {0, 2}, kept or not.
OpCases Built(const std::string& name, const Fold& fold,
              Output (*f)(BuilderRef, Output, const std::vector<int64_t>&, bool)) {
  return {.op = name,
          .oracle =
              [fold](const OpCall& call) {
                return std::vector<Array>{Reduced(call[0], {0, 2}, false, fold),
                                          Reduced(call[0], {0, 2}, true, fold)};
              },
          .build =
              [f](const GraphBuilder& b, const std::vector<Output>& in) {
                return std::vector<Output>{f(b, in[0], {0, 2}, false), f(b, in[0], {0, 2}, true)};
              },
          .tolerance = 16,
          .gradient = GradientKind::kTwice,
          .cases = {{"odd", {Uniform({3, 2, 17})}}, {"one", {Uniform({1, 1, 1})}}}};
}
const OpCaseRegistration kBuilt({
    Built(
        "Mean", [](const auto& v) { return SumOf(v) / static_cast<double>(v.size()); }, &Mean),
    Built("LogSumExp", LogSumExpOf, &LogSumExp),
    Built("Variance", VarianceOf, &Variance),
});

// The sum is beyond what a half can be.
const OpCaseRegistration kMeanOfHalves({
    .op = "MeanOfHalves",
    .oracle =
        [](const OpCall& call) {
          return std::vector<Array>{Array(Shape(), SumOf(call[0].values) / 301)};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          const Output half = StopGradient(b, Cast(b, in[0], kHalf));
          return std::vector<Output>{Cast(b, Mean(b, half), in[0].dtype())};
        },
    .gradient = GradientKind::kZero,
    .cases = {{"large", {Uniform({301}, 1000, 1000)}}},
});

// Central differences see the mean of both slopes where two elements are equal.
const OpCaseRegistration kTies({
    .op = "ExtremaOfEqualElements",
    .oracle =
        [](const OpCall& call) {
          return std::vector<Array>{Reduced(call[0], {1}, false, MaxOf),
                                    Reduced(call[0], {0}, false, MinOf)};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          return std::vector<Output>{Max(b, in[0], {1}), Min(b, in[0], {0})};
        },
    .cases = {{"pairs", {Given({2, 3}, {2, 1, 2, 3, 3, 1})}}},
});

// The product of the others flows to the only zero, nothing where there are two.
const OpCaseRegistration kZeros({
    .op = "ProdOfZeros",
    .oracle =
        [](const OpCall& call) {
          return std::vector<Array>{Reduced(call[0], {1}, false, ProductOf)};
        },
    .build = [](const GraphBuilder& b,
                const std::vector<Output>& in) { return std::vector<Output>{Prod(b, in[0], {1})}; },
    .cases = {{"none, one, two", {Given({3, 3}, {2, 3, -4, 5, 0, 2, 0, 3, 0})}}},
});

// In runs that vectors take and in what is left of them.
const OpCaseRegistration kSpecialValues({
    {.op = "ExtremaOfNan",
     .oracle =
         [](const OpCall& call) {
           Array y(Shape({call[0].dim(0)}), 1);
           return std::vector<Array>{y, y, y, y};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           const Output across = Transpose(b, in[0], {1, 0});
           return std::vector<Output>{IsNan(b, Max(b, in[0], {1})), IsNan(b, Min(b, in[0], {1})),
                                      IsNan(b, Max(b, across, {0})), IsNan(b, Min(b, across, {0}))};
         },
     .cases = {{"odd", {Given({3, 3}, {kNan, 1, 2, 1, kNan, 2, 1, 2, kNan})}},
               {"vectors",
                {Given({1, 67},
                       [] {
                         std::vector<double> v(67, 1.0);
                         v[30] = kNan;
                         return v;
                       }())}}}},
    {.op = "ExtremaOfNothing",
     .oracle =
         [](const OpCall&) {
           return std::vector<Array>{Array(Shape({3}), -kInf), Array(Shape({3}), kInf),
                                     Array(Shape({3}), -kInf)};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           const Output x = StopGradient(b, in[0]);
           return std::vector<Output>{Max(b, x, {1}), Min(b, x, {1}), LogSumExp(b, x, {1})};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"empty rows", {Uniform({3, 0})}}}},
    {.op = "LogSumExpOfLargeNumbers",
     .oracle =
         [](const OpCall& call) {
           return std::vector<Array>{Reduced(call[0], {1}, false, LogSumExpOf),
                                     Reduced(call[1], {1}, false, LogSumExpOf)};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           const Output infinite = StopGradient(b, in[1]);
           return std::vector<Output>{LogSumExp(b, in[0], {1}), LogSumExp(b, infinite, {1})};
         },
     .loss_outputs = {0},
     .gradient_inputs = {0},
     .cases = {{"pairs",
                {Given({2, 2}, {1000, 1000, -1000, -1001}),
                 Given({2, 2}, {kInf, 0, -kInf, -kInf})}}}},
});

// The place of the first element that `better` puts before all others.
Oracle Arg(bool greatest) {
  return [greatest](const OpCall& call) {
    const Array& x = call[0];
    const int64_t axis = call.attrs.Int("axis");
    const int along = static_cast<int>(axis < 0 ? axis + x.shape.rank() : axis);
    Shape kept = x.shape;
    kept.set_dim(along, 1);
    Array y(kept);
    ForEachIndex(kept, [&](absl::Span<const int64_t> i) {
      std::vector<int64_t> at(i.begin(), i.end()), best = at;
      for (at[along] = 0; at[along] < x.dim(along); ++at[along]) {
        if (greatest ? x(at) > x(best) : x(at) < x(best)) best = at;
      }
      y(i) = static_cast<double>(best[along]);
    });
    if (!call.attrs.Bool("keep_dims")) {
      std::vector<int64_t> dims(kept.dims().begin(), kept.dims().end());
      dims.erase(dims.begin() + along);
      y.shape = Shape(dims);
    }
    return std::vector<Array>{y};
  };
}
OpCases ArgCases(const std::string& op, bool greatest) {
  const auto along = [](int64_t axis, bool keep = false) {
    return AttrMap{{"axis", axis}, {"keep_dims", keep}};
  };
  return {.op = op,
          .oracle = Arg(greatest),
          .gradient = GradientKind::kZero,
          .cases = {{"rows", {Uniform({5, 67}, -99, 99)}, along(-1)},
                    {"equal", {Given({2, 4}, {1, 0, 1, 0, 0, 0, 1, 1})}, along(1)},
                    {"columns", {Uniform({5, 301}, -99, 99)}, along(0)},
                    {"middle kept", {Uniform({3, 4, 5}, -99, 99)}, along(1, true)},
                    {"rows kept", {Uniform({3, 4})}, along(-1, true)},
                    {"one", {Uniform({1})}, along(0)},
                    {"empty", {Uniform({0, 3})}, along(1)},
                    {"no columns", {Uniform({3, 0})}, along(0)}},
          .bad = {{"axis", {Uniform({2, 3})}, "axis", along(2)},
                  {"scalar", {Uniform({})}, "of rank 0", along(0)},
                  {"nothing", {Uniform({3, 0})}, "has no elements", along(1)}}};
}
const OpCaseRegistration kArg({ArgCases("ArgMax", true), ArgCases("ArgMin", false)});

const OpCaseRegistration kArgOfNan({
    .op = "ArgExtremaOfNan",
    .oracle =
        [](const OpCall&) {
          const Array y(Shape({3}), 1);
          return std::vector<Array>{y, y, y, y};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          const Output across = Transpose(b, in[0], {1, 0});
          return std::vector<Output>{ArgMax(b, in[0]), ArgMin(b, in[0]), ArgMax(b, across, 0),
                                     ArgMin(b, across, 0)};
        },
    .gradient = GradientKind::kZero,
    .cases = {{"rows", {Given({3, 3}, {9, kNan, kNan, -9, kNan, 9, 0, kNan, 0})}}},
});

}  // namespace
}  // namespace viv
