// Slice as in NumPy, and SliceGrad, which puts a slice between zeros.
#include "op_case.h"

namespace viv {
namespace {

AttrMap Ranges(std::vector<int64_t> begins, std::vector<int64_t> ends, std::vector<int64_t> steps) {
  return {{"begins", std::move(begins)}, {"ends", std::move(ends)}, {"steps", std::move(steps)}};
}

// For each axis of x the places that the slice takes, walked one by one.
std::vector<std::vector<int64_t>> Places(const AttrMap& attrs, const Shape& x) {
  std::vector<std::vector<int64_t>> places(x.rank());
  const size_t ranges = attrs.Ints("steps").size();
  for (int k = 0; k < x.rank(); ++k) {
    const int64_t n = x.dim(k);
    const bool ranged = static_cast<size_t>(k) < ranges;
    const int64_t step = ranged ? attrs.Ints("steps")[k] : 1;
    int64_t begin = ranged ? attrs.Ints("begins")[k] : 0, end = ranged ? attrs.Ints("ends")[k] : n;
    if (begin < 0) begin += n;
    if (end < 0) end += n;
    for (int64_t i = begin; step > 0 ? i < end : i > end; i += step) {
      if (i >= 0 && i < n) places[k].push_back(i);
    }
  }
  return places;
}

Shape Extents(const std::vector<std::vector<int64_t>>& places) {
  std::vector<int64_t> extents;
  for (const auto& axis : places) extents.push_back(axis.size());
  return Shape(extents);
}

std::vector<int64_t> At(const std::vector<std::vector<int64_t>>& places,
                        absl::Span<const int64_t> index) {
  std::vector<int64_t> at;
  for (size_t k = 0; k < index.size(); ++k) at.push_back(places[k][index[k]]);
  return at;
}

const OpCaseRegistration kSlice({
    .op = "Slice",
    .oracle =
        [](const OpCall& call) {
          const auto places = Places(call.attrs, call[0].shape);
          Array y(Extents(places));
          ForEachIndex(y.shape,
                       [&](absl::Span<const int64_t> i) { y(i) = call[0](At(places, i)); });
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({5, 17})}, Ranges({1}, {4}, {1})},
              {"from the back", {Uniform({5, 19})}, Ranges({-3, 2}, {5, -1}, {1, 1})},
              {"steps", {Uniform({3, 19})}, Ranges({0, 1}, {3, 19}, {2, 3})},
              {"backwards", {Uniform({3, 17})}, Ranges({0, 15}, {3, 2}, {1, -4})},
              {"clamped", {Uniform({4, 3})}, Ranges({1}, {99}, {1})},
              {"one", {Uniform({1})}, Ranges({0}, {1}, {1})},
              {"nothing", {Uniform({4, 3})}, Ranges({2}, {2}, {1})},
              {"of nothing", {Uniform({0, 3})}, Ranges({0, 0}, {9, 2}, {1, 1})}},
    .bad = {{"step", {Uniform({3})}, "a step of 0", Ranges({0}, {1}, {0})},
            {"rank", {Uniform({3})}, "of rank 1", Ranges({0, 0}, {1, 1}, {1, 1})},
            {"lengths", {Uniform({3})}, "differ in length", Ranges({0}, {1, 1}, {1})}},
});

const OpCaseRegistration kSliceGrad({
    .op = "SliceGrad",
    .oracle =
        [](const OpCall& call) {
          Array x(Shape(std::vector<int64_t>(call[1].values.begin(), call[1].values.end())));
          const auto places = Places(call.attrs, x.shape);
          ForEachIndex(call[0].shape,
                       [&](absl::Span<const int64_t> i) { x(At(places, i)) = call[0](i); });
          return std::vector<Array>{x};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({3, 17}), GivenShape({5, 17})}, Ranges({1}, {4}, {1})},
              {"steps", {Uniform({2, 6}), GivenShape({3, 19})}, Ranges({0, 1}, {3, 19}, {2, 3})},
              {"backwards",
               {Uniform({3, 4}), GivenShape({3, 17})},
               Ranges({0, 15}, {3, 2}, {1, -4})},
              {"one", {Uniform({1}), GivenShape({1})}, Ranges({0}, {1}, {1})},
              {"nothing", {Uniform({0, 3}), GivenShape({4, 3})}, Ranges({2}, {2}, {1})}},
    .bad = {{"extents", {Uniform({2}), GivenShape({5})}, "the slice", Ranges({1}, {4}, {1})}},
});

}  // namespace
}  // namespace viv
