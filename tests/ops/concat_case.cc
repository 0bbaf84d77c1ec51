// Concat and SliceAxis.
#include "op_case.h"

namespace viv {
namespace {

int Axis(const OpCall& call) {
  const int axis = static_cast<int>(call.attrs.Int("axis"));
  return axis < 0 ? axis + call[0].shape.rank() : axis;
}

std::vector<Array> Concat(const OpCall& call) {
  const int axis = Axis(call);
  Shape shape = call[0].shape;
  int64_t extent = 0;
  for (const Array& x : call.in) extent += x.dim(axis);
  shape.set_dim(axis, extent);
  Array y(shape);
  int64_t begin = 0;
  for (const Array& x : call.in) {
    ForEachIndex(x.shape, [&](absl::Span<const int64_t> i) {
      std::vector<int64_t> to(i.begin(), i.end());
      to[axis] += begin;
      y(to) = x(i);
    });
    begin += x.dim(axis);
  }
  return {y};
}

const OpCaseRegistration kConcat({
    .op = "Concat",
    .oracle = Concat,
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({3, 5}), Uniform({2, 5}), Uniform({1, 5})}, {{"axis", 0}}},
              {"columns", {Uniform({3, 17}), Uniform({3, 2})}, {{"axis", -1}}},
              {"middle", {Uniform({2, 3, 5}), Uniform({2, 1, 5})}, {{"axis", 1}}},
              {"alone", {Uniform({1})}, {{"axis", 0}}},
              {"empty part", {Uniform({3, 0}), Uniform({3, 2}), Uniform({3, 0})}, {{"axis", 1}}},
              {"all empty", {Uniform({0, 2}), Uniform({0, 3})}, {{"axis", 1}}}},
    .bad = {{"extents", {Uniform({2, 3}), Uniform({3, 3})}, "differ", {{"axis", 1}}},
            {"axis", {Uniform({2}), Uniform({2})}, "axis", {{"axis", 1}}}},
});

AttrMap Range(int axis, int begin, int end) {
  return {{"axis", axis}, {"begin", begin}, {"end", end}};
}

const OpCaseRegistration kSliceAxis({
    .op = "SliceAxis",
    .oracle =
        [](const OpCall& call) {
          const int axis = Axis(call);
          Shape shape = call[0].shape;
          shape.set_dim(axis, call.attrs.Int("end") - call.attrs.Int("begin"));
          Array y(shape);
          ForEachIndex(shape, [&](absl::Span<const int64_t> i) {
            std::vector<int64_t> from(i.begin(), i.end());
            from[axis] += call.attrs.Int("begin");
            y(i) = call[0](from);
          });
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({5, 3})}, Range(0, 1, 4)},
              {"columns", {Uniform({3, 19})}, Range(-1, 2, 19)},
              {"middle", {Uniform({2, 5, 3})}, Range(1, 0, 2)},
              {"all", {Uniform({1})}, Range(0, 0, 1)},
              {"nothing", {Uniform({4, 3})}, Range(0, 2, 2)},
              {"of nothing", {Uniform({0, 3})}, Range(1, 0, 2)}},
    .bad = {{"end", {Uniform({3})}, "is outside axis 0", Range(0, 1, 4)},
            {"order", {Uniform({3})}, "is outside axis 0", Range(0, 2, 1)}},
});

}  // namespace
}  // namespace viv
