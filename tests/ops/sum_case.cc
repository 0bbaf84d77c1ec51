// Sum over axes, and the builder function Mean.
#include <algorithm>

#include "core/ops/math.h"
#include "op_case.h"

namespace viv {
namespace {

Array SumOver(const Array& x, const std::vector<int64_t>& axes, bool keep) {
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
  ForEachIndex(x.shape, [&](absl::Span<const int64_t> i) { y(project(i, 0)) += x(i); });
  return y;
}

AttrMap Over(std::vector<int64_t> axes, bool keep = false) {
  return {{"axes", std::move(axes)}, {"keep_dims", keep}};
}

const OpCaseRegistration kSum({
    .op = "Sum",
    .oracle =
        [](const OpCall& call) {
          return std::vector<Array>{
              SumOver(call[0], call.attrs.Ints("axes"), call.attrs.Bool("keep_dims"))};
        },
    .tolerance = 16,
    .gradient = GradientKind::kTwice,
    .cases = {{"all", {Uniform({3, 17})}, Over({})},
              {"all kept", {Uniform({3, 17})}, Over({}, true)},
              {"rows", {Uniform({5, 19})}, Over({-1})},
              {"columns", {Uniform({5, 19})}, Over({0})},
              {"middle kept", {Uniform({2, 5, 3})}, Over({1}, true)},
              {"outer and inner", {Uniform({2, 5, 3})}, Over({0, 2})},
              {"one", {Uniform({1})}, Over({0})},
              {"scalar", {Uniform({})}, Over({})},
              {"nothing", {Uniform({3, 0})}, Over({1})},
              {"empty", {Uniform({0, 3})}, Over({1})}},
    .bad = {{"axis", {Uniform({2, 3})}, "axis", Over({2})},
            {"twice", {Uniform({2, 3})}, "given twice", Over({1, -1})}},
});

const OpCaseRegistration kMean({
    .op = "Mean",
    .oracle =
        [](const OpCall& call) {
          Array y = SumOver(call[0], {0, 2}, false);
          for (double& v : y.values) v /= static_cast<double>(call[0].dim(0) * call[0].dim(2));
          return std::vector<Array>{y};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          return std::vector<Output>{Mean(b, in[0], {0, 2})};
        },
    .cases = {{"odd", {Uniform({3, 2, 17})}}, {"one", {Uniform({1, 1, 1})}}},
});

}  // namespace
}  // namespace viv
