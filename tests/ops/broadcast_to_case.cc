// BroadcastTo and its inverse, SumTo.
#include "op_case.h"

namespace viv {
namespace {

Shape AsShape(const Array& extents) {
  return Shape(std::vector<int64_t>(extents.values.begin(), extents.values.end()));
}

const OpCaseRegistration kBroadcastTo({
    .op = "BroadcastTo",
    .oracle =
        [](const OpCall& call) {
          Array y(AsShape(call[1]));
          ForEachIndex(y.shape,
                       [&](absl::Span<const int64_t> i) { y(i) = BroadcastAt(call[0], i); });
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({17}), GivenShape({3, 17})}},
              {"columns", {Uniform({5, 1}), GivenShape({5, 19})}},
              {"middle", {Uniform({2, 1, 3}), GivenShape({4, 2, 5, 3})}},
              {"scalar", {Uniform({}), GivenShape({3, 5})}},
              {"one", {Uniform({1}), GivenShape({1})}},
              {"same", {Uniform({3, 2}), GivenShape({3, 2})}},
              {"to nothing", {Uniform({1, 3}), GivenShape({0, 3})}},
              {"of nothing", {Uniform({0}), GivenShape({3, 0})}}},
    .bad = {{"extents", {Uniform({3}), GivenShape({4})}, "broadcast"}},
});

const OpCaseRegistration kSumTo({
    .op = "SumTo",
    .oracle =
        [](const OpCall& call) {
          Array y(AsShape(call[1]));
          ForEachIndex(call[0].shape, [&](absl::Span<const int64_t> i) {
            std::vector<int64_t> to(i.end() - y.shape.rank(), i.end());
            for (int k = 0; k < y.shape.rank(); ++k) {
              if (y.dim(k) == 1) to[k] = 0;
            }
            y(to) += call[0](i);
          });
          return std::vector<Array>{y};
        },
    .tolerance = 16,
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({3, 17}), GivenShape({17})}},
              {"columns", {Uniform({5, 19}), GivenShape({5, 1})}},
              {"middle", {Uniform({4, 2, 5, 3}), GivenShape({2, 1, 3})}},
              {"scalar", {Uniform({3, 5}), GivenShape({})}},
              {"one", {Uniform({1}), GivenShape({1})}},
              {"same", {Uniform({3, 2}), GivenShape({3, 2})}},
              {"of nothing", {Uniform({0, 3}), GivenShape({1, 3})}},
              {"to nothing", {Uniform({3, 0}), GivenShape({0})}}},
    .bad = {{"extents", {Uniform({3, 4}), GivenShape({3})}, "broadcast"}},
});

}  // namespace
}  // namespace viv
