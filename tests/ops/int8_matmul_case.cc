// Int8MatMul: what is rounded is rounded as floats, all else is exact.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

// The integers and the scale of elements at(0), ..., at(n - 1).
struct Quantized {
  std::vector<double> integers;
  double scale = 0;
};
template <typename At>
Quantized Quantize(int64_t n, At at) {
  float top = 0;
  for (int64_t i = 0; i < n; ++i) top = std::max(top, std::abs(static_cast<float>(at(i))));
  Quantized q = {.scale = top / 127.0};
  const float inverse = top > 0 ? 127 / top : 0;
  for (int64_t i = 0; i < n; ++i) {
    q.integers.push_back(std::round(static_cast<float>(at(i)) * inverse));
  }
  return q;
}

AttrMap Transposed(bool b) { return {{"transpose_b", b}}; }

const OpCaseRegistration kInt8MatMul({
    .op = "Int8MatMul",
    .oracle =
        [](const OpCall& call) {
          const bool tb = call.attrs.Bool("transpose_b");
          const int64_t m = call[0].dim(0), depth = call[0].dim(1), n = call[1].dim(1 - tb);
          Array z({m, n});
          for (int64_t j = 0; j < n; ++j) {
            const Quantized y = Quantize(depth, [&](int64_t k) {
              return tb ? call[1]({j, k}) : call[1]({k, j});
            });
            for (int64_t i = 0; i < m; ++i) {
              const Quantized x = Quantize(depth, [&](int64_t k) { return call[0]({i, k}); });
              double sum = 0;
              for (int64_t k = 0; k < depth; ++k) sum += x.integers[k] * y.integers[k];
              z({i, j}) = x.scale * y.scale * sum;
            }
          }
          return std::vector<Array>{z};
        },
    .tolerance = 16,
    .cases = {{"odd", {Uniform({3, 17}), Uniform({17, 19})}},
              {"second", {Uniform({3, 17}), Uniform({19, 17})}, Transposed(true)},
              // More than a block of rows and a panel of columns.
              {"blocks", {Uniform({97, 33}), Uniform({33, 131})}},
              {"blocks second", {Uniform({97, 34}), Uniform({131, 34})}, Transposed(true)},
              {"deep", {Uniform({7, 2307}), Uniform({2307, 65})}},
              {"great and small", {Uniform({5, 64}, -1e20, 1e20), Uniform({64, 3}, -1e-9, 1e-9)}},
              {"zeros", {Given({2, 3}, {0, 0, 0, 1, 2, 3}), Given({3, 1}, {0, 0, 0})}},
              {"one row", {Uniform({1, 33}), Uniform({33, 65})}},
              {"one", {Uniform({1, 1}), Uniform({1, 1})}},
              {"no rows", {Uniform({0, 3}), Uniform({3, 2})}},
              {"no depth", {Uniform({2, 0}), Uniform({0, 3})}},
              {"no columns", {Uniform({2, 3}), Uniform({3, 0})}}},
    .bad = {{"depth", {Uniform({2, 3}), Uniform({2, 3})}, "inner extents 3 and 2"},
            {"too deep", {Uniform({1, 32769}), Uniform({32769, 1})}, "at most 32768"},
            {"rank", {Uniform({2, 3, 1}), Uniform({3, 1})}, "rank 3"}},
});

}  // namespace
}  // namespace viv
