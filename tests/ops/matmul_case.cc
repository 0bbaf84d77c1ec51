// MatMul, with and without transposing.
#include "op_case.h"

namespace viv {
namespace {

AttrMap Transposing(bool a, bool b) { return {{"transpose_a", a}, {"transpose_b", b}}; }

double Exact(double x) { return x; }
double InBFloat16(double x) { return static_cast<float>(BFloat16(static_cast<float>(x))); }

// The products of factors rounded by `round`.
Oracle Products(double (*round)(double)) {
  return [round](const OpCall& call) {
    const bool ta = call.attrs.Bool("transpose_a"), tb = call.attrs.Bool("transpose_b");
    const int64_t m = call[0].dim(ta), depth = call[0].dim(1 - ta), n = call[1].dim(1 - tb);
    Array z({m, n});
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        for (int64_t k = 0; k < depth; ++k) {
          z({i, j}) += round(ta ? call[0]({k, i}) : call[0]({i, k})) *
                       round(tb ? call[1]({j, k}) : call[1]({k, j}));
        }
      }
    }
    return std::vector<Array>{z};
  };
}

OpCase Wide(const std::string& name, int64_t m, int64_t k, int64_t n, bool ta, bool tb) {
  const Shape x = ta ? Shape({k, m}) : Shape({m, k}), y = tb ? Shape({n, k}) : Shape({k, n});
  return {name, {Uniform(x, -0.1, 0.1), Uniform(y, -0.1, 0.1)}, Transposing(ta, tb)};
}

const OpCaseRegistration kMatMul({
    .op = "MatMul",
    .oracle = Products(&Exact),
    .tolerance = 16,
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

const OpCaseRegistration kMixedMatMul({
    .op = "MixedMatMul",
    .oracle = Products(&InBFloat16),
    .tolerance = 16,
    .cases = {{"odd", {Uniform({3, 17}), Uniform({17, 19})}, Transposing(false, false)},
              // More than a block of rows, a panel of columns, what is summed up at a time.
              Wide("blocks", 97, 33, 131, false, false),
              Wide("first", 97, 33, 131, true, false),
              Wide("second", 97, 33, 131, false, true),
              Wide("both", 97, 33, 131, true, true),
              Wide("deep", 7, 2307, 65, false, false),
              Wide("deep both", 7, 2307, 65, true, true),
              {"even depth", {Uniform({13, 64}), Uniform({64, 129})}},
              {"one row", {Uniform({1, 33}), Uniform({33, 65})}},
              {"one", {Uniform({1, 1}), Uniform({1, 1})}},
              {"no rows", {Uniform({0, 3}), Uniform({3, 2})}},
              {"no depth", {Uniform({2, 0}), Uniform({0, 3})}},
              {"no columns", {Uniform({2, 3}), Uniform({3, 0})}}},
    .bad = {{"depth", {Uniform({2, 3}), Uniform({2, 3})}, "inner extents 3 and 2"}},
});

}  // namespace
}  // namespace viv
