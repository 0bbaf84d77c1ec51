// Attention over a padded memory, and its gradient.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

// The example of row b of the queries, which may share examples.
int64_t ExampleOf(const Array& q, const Array& memory, int64_t b) {
  return b / std::max<int64_t>(1, q.dim(1) / std::max<int64_t>(1, memory.dim(1)));
}

std::vector<Array> Attention(const OpCall& call) {
  const Array &q = call[0], &k = call[1], &v = call[2];
  Array context({q.dim(0), q.dim(1), v.dim(2)}), weights({q.dim(0), q.dim(1), k.dim(0)});
  for (int64_t t = 0; t < q.dim(0); ++t) {
    for (int64_t b = 0; b < q.dim(1); ++b) {
      const int64_t e = ExampleOf(q, k, b);
      double valid = call.in.size() > 3 ? call[3].values[e] : static_cast<double>(k.dim(0));
      if (call.attrs.Bool("causal")) valid = std::min(valid, static_cast<double>(t + 1));
      double sum = 0;
      for (int64_t s = 0; s < valid; ++s) {
        double score = 0;
        for (int64_t d = 0; d < q.dim(2); ++d) score += q({t, b, d}) * k({s, e, d});
        sum += weights({t, b, s}) = std::exp(score);
      }
      for (int64_t s = 0; s < valid; ++s) {
        weights({t, b, s}) /= sum;
        for (int64_t j = 0; j < v.dim(2); ++j) {
          context({t, b, j}) += weights({t, b, s}) * v({s, e, j});
        }
      }
    }
  }
  return {context, weights};
}

OpInput Cube(int64_t a, int64_t b, int64_t c) { return Uniform({a, b, c}, -1, 1); }

const OpCaseRegistration kAttention({
    .op = "Attention",
    .oracle = Attention,
    .tolerance = 32,
    .cases = {{"odd", {Cube(3, 2, 5), Cube(19, 2, 5), Cube(19, 2, 17)}},
              {"padded", {Cube(2, 3, 5), Cube(4, 3, 5), Cube(4, 3, 2), Given({3}, {4, 0, 1})}},
              {"causal", {Cube(17, 2, 5), Cube(17, 2, 5), Cube(17, 2, 3)}, {{"causal", true}}},
              {"causal, padded",
               {Cube(4, 3, 5), Cube(4, 3, 5), Cube(4, 3, 2), Given({3}, {4, 0, 2})},
               {{"causal", true}}},
              {"more queries than keys",
               {Cube(5, 2, 3), Cube(2, 2, 3), Cube(2, 2, 3)},
               {{"causal", true}}},
              {"one", {Cube(1, 1, 1), Cube(1, 1, 1), Cube(1, 1, 1)}},
              {"no step", {Cube(0, 2, 3), Cube(4, 2, 3), Cube(4, 2, 3)}},
              {"no example", {Cube(2, 0, 3), Cube(4, 0, 3), Cube(4, 0, 3)}},
              {"shared", {Cube(1, 6, 5), Cube(7, 2, 5), Cube(7, 2, 3), Given({2}, {7, 4})}},
              {"shared, causal", {Cube(1, 4, 5), Cube(3, 2, 5), Cube(3, 2, 3)}, {{"causal", true}}},
              {"no memory", {Cube(2, 1, 3), Cube(0, 1, 3), Cube(0, 1, 3)}}},
    .bad = {{"depth", {Cube(1, 2, 3), Cube(1, 2, 4), Cube(1, 2, 3)}, "queries and keys"},
            {"batch", {Cube(1, 2, 3), Cube(1, 1, 3), Cube(1, 2, 3)}, "the memory's batch"},
            {"share", {Cube(1, 3, 3), Cube(1, 2, 3), Cube(1, 2, 3)}, "3 for a memory of 2"},
            {"shared steps", {Cube(2, 4, 3), Cube(1, 2, 3), Cube(1, 2, 3)}, "in one step"},
            {"shared lengths",
             {Cube(1, 4, 3), Cube(2, 2, 3), Cube(2, 2, 3), Given({4}, {1, 1, 1, 1})},
             "the lengths"},
            {"length",
             {Cube(1, 1, 3), Cube(2, 1, 3), Cube(2, 1, 3), Given({1}, {3})},
             "length 3 of example 0"}},
});

// Inputs: queries, keys, values, weights, d_context, d_weights.
std::vector<Array> AttentionGrad(const OpCall& call) {
  const Array &q = call[0], &k = call[1], &v = call[2], &w = call[3], &dc = call[4];
  Array dq(q.shape), dk(k.shape), dv(v.shape);
  for (int64_t t = 0; t < q.dim(0); ++t) {
    for (int64_t b = 0; b < q.dim(1); ++b) {
      const int64_t e = ExampleOf(q, k, b);
      std::vector<double> dw(k.dim(0));
      double inner = 0;
      for (int64_t s = 0; s < k.dim(0); ++s) {
        dw[s] = call[5]({t, b, s});
        for (int64_t j = 0; j < v.dim(2); ++j) {
          dv({s, e, j}) += w({t, b, s}) * dc({t, b, j});
          dw[s] += dc({t, b, j}) * v({s, e, j});
        }
        inner += dw[s] * w({t, b, s});
      }
      for (int64_t s = 0; s < k.dim(0); ++s) {
        const double ds = w({t, b, s}) * (dw[s] - inner);
        for (int64_t d = 0; d < q.dim(2); ++d) {
          dq({t, b, d}) += ds * k({s, e, d});
          dk({s, e, d}) += ds * q({t, b, d});
        }
      }
    }
  }
  return {dq, dk, dv};
}

std::vector<OpInput> GradInputs(int64_t t, int64_t s, int64_t b, int64_t d, int64_t v,
                                int64_t share = 1) {
  const int64_t rows = b * share;
  return {Cube(t, rows, d), Cube(s, b, d),    Cube(s, b, v),
          Cube(t, rows, s), Cube(t, rows, v), Cube(t, rows, s)};
}

const OpCaseRegistration kAttentionGrad({
    .op = "AttentionGrad",
    .oracle = AttentionGrad,
    .tolerance = 128,
    .cases = {{"odd", GradInputs(3, 19, 2, 5, 17)},
              {"shared", GradInputs(1, 5, 2, 4, 3, 3)},
              {"one", GradInputs(1, 1, 1, 1, 1)},
              {"no step", GradInputs(0, 3, 2, 4, 2)},
              {"no memory", GradInputs(2, 0, 2, 4, 2)}},
});

}  // namespace
}  // namespace viv
