// MatMul, with and without transposing.
#include "op_case.h"

namespace viv {
namespace {

AttrMap Transposing(bool a, bool b) { return {{"transpose_a", a}, {"transpose_b", b}}; }

const OpCaseRegistration kMatMul({
    .op = "MatMul",
    .oracle =
        [](const OpCall& call) {
          const bool ta = call.attrs.Bool("transpose_a"), tb = call.attrs.Bool("transpose_b");
          const int64_t m = call[0].dim(ta), depth = call[0].dim(1 - ta), n = call[1].dim(1 - tb);
          Array z({m, n});
          for (int64_t i = 0; i < m; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              for (int64_t k = 0; k < depth; ++k) {
                z({i, j}) += (ta ? call[0]({k, i}) : call[0]({i, k})) *
                             (tb ? call[1]({j, k}) : call[1]({k, j}));
              }
            }
          }
          return std::vector<Array>{z};
        },
    .tolerance = 64,
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 17}), Uniform({17, 19})}, Transposing(false, false)},
              {"first", {Uniform({17, 3}), Uniform({17, 19})}, Transposing(true, false)},
              {"second", {Uniform({3, 17}), Uniform({19, 17})}, Transposing(false, true)},
              {"both", {Uniform({17, 3}), Uniform({19, 17})}, Transposing(true, true)},
              {"one row", {Uniform({1, 33}), Uniform({33, 65})}},
              {"one column", {Uniform({33, 5}), Uniform({5, 1})}},
              {"one", {Uniform({1, 1}), Uniform({1, 1})}},
              {"no rows", {Uniform({0, 3}), Uniform({3, 2})}},
              {"no depth", {Uniform({2, 0}), Uniform({0, 3})}},
              {"no columns", {Uniform({2, 3}), Uniform({3, 0})}}},
    .bad = {{"depth", {Uniform({2, 3}), Uniform({2, 3})}, "inner extents 3 and 2"},
            {"rank", {Uniform({2, 3}), Uniform({3})}, "rank 1"}},
});

}  // namespace
}  // namespace viv
