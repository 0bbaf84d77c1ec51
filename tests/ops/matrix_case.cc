// Builder functions over the last two axes, sequences in reverse; ops that find elements.
#include <algorithm>
#include <map>

#include "core/ops/array.h"
#include "core/ops/find.h"
#include "op_case.h"

namespace viv {
namespace {

// One output, element by element of the shape of input 0, by its index.
Oracle Masked(std::function<bool(absl::Span<const int64_t>)> keep) {
  return [keep](const OpCall& call) {
    Array y = call[0];
    ForEachIndex(y.shape, [&](absl::Span<const int64_t> i) {
      if (!keep(i)) y(i) = 0;
    });
    return std::vector<Array>{y};
  };
}

const OpCaseRegistration kMatrix({
    {.op = "Diag",
     .oracle =
         [](const OpCall& call) {
           Shape shape = call[0].shape;
           shape.Append(shape.dim(shape.rank() - 1));
           Array y(shape);
           ForEachIndex(call[0].shape, [&](absl::Span<const int64_t> i) {
             std::vector<int64_t> at(i.begin(), i.end());
             at.push_back(at.back());
             y(at) = call[0](i);
           });
           return std::vector<Array>{y};
         },
     .build = [](const GraphBuilder& b,
                 const std::vector<Output>& in) { return std::vector<Output>{Diag(b, in[0])}; },
     .gradient = GradientKind::kTwice,
     .cases = {{"vector", {Uniform({17})}}, {"rows", {Uniform({2, 3})}}, {"empty", {Uniform({0})}}},
     .bad = {{"scalar", {Uniform({})}, "Diag"}}},
    {.op = "DiagPart",
     .oracle =
         [](const OpCall& call) {
           const int rank = call[0].shape.rank();
           const int64_t n = std::min(call[0].dim(rank - 2), call[0].dim(rank - 1));
           Shape shape(call[0].shape.dims().subspan(0, rank - 2));
           shape.Append(n);
           Array y(shape);
           ForEachIndex(shape, [&](absl::Span<const int64_t> i) {
             std::vector<int64_t> at(i.begin(), i.end());
             at.push_back(at.back());
             y(i) = call[0](at);
           });
           return std::vector<Array>{y};
         },
     .build = [](const GraphBuilder& b,
                 const std::vector<Output>& in) { return std::vector<Output>{DiagPart(b, in[0])}; },
     .gradient = GradientKind::kTwice,
     .cases = {{"square", {Uniform({17, 17})}},
               {"wide", {Uniform({2, 3, 5})}},
               {"high", {Uniform({5, 3})}},
               {"one", {Uniform({1, 1})}},
               {"empty", {Uniform({2, 0, 3})}}},
     .bad = {{"vector", {Uniform({3})}, "DiagPart"}}},
    {.op = "BandPart",
     .oracle = Masked([](absl::Span<const int64_t> i) {
       const int64_t diagonal = i[i.size() - 1] - i[i.size() - 2];
       return diagonal >= -1 && diagonal <= 2;
     }),
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{BandPart(b, in[0], 1, 2)};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"odd", {Uniform({17, 19})}}, {"batch", {Uniform({2, 5, 3})}}}},
    {.op = "UpperTriangle",
     .oracle = Masked([](absl::Span<const int64_t> i) {
       return i[i.size() - 1] >= i[i.size() - 2];
     }),
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{BandPart(b, in[0], 0, -1)};
         },
     .cases = {{"square", {Uniform({4, 4})}}, {"empty", {Uniform({0, 3})}}}},
    {.op = "CausalMask",
     .oracle =
         [](const OpCall& call) {
           const int64_t n = call[0].dim(0);
           Array y({n, n});
           ForEachIndex(y.shape, [&](absl::Span<const int64_t> i) { y(i) = i[1] <= i[0]; });
           return std::vector<Array>{y};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{CausalMask(b, DimOf(b, in[0], 0))};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({17})}}, {"one", {Uniform({1})}}, {"none", {Uniform({0})}}}},
});

// x: time and batch at any two axes; lengths: [batch].
OpCases Reversed(const std::string& name, int time, int batch, std::vector<OpCase> cases) {
  return {.op = name,
          .oracle =
              [time, batch](const OpCall& call) {
                Array y = call[0];
                ForEachIndex(y.shape, [&](absl::Span<const int64_t> i) {
                  std::vector<int64_t> from(i.begin(), i.end());
                  const auto length = static_cast<int64_t>(call[1].values[i[batch]]);
                  if (i[time] < length) from[time] = length - 1 - i[time];
                  y(i) = call[0](from);
                });
                return std::vector<Array>{y};
              },
          .build =
              [time, batch](const GraphBuilder& b, const std::vector<Output>& in) {
                return std::vector<Output>{ReverseSequence(b, in[0], in[1], time, batch)};
              },
          .gradient = GradientKind::kTwice,
          .gradient_inputs = {0},
          .cases = std::move(cases)};
}
const OpInput kLengths = Given({3}, {4, 0, 2}, kInt32);
OpCases WithBadLength(OpCases cases) {
  cases.bad = {{"length", {Uniform({2, 3}), Given({2}, {4, 1}, kInt32)}, "index 3"}};
  return cases;
}
const OpCaseRegistration kReverse({
    WithBadLength(Reversed("ReverseSequence", 1, 0,
                           {{"batch first", {Uniform({3, 5}), kLengths}},
                            {"odd", {Uniform({3, 17, 2}), kLengths}},
                            {"empty", {Uniform({0, 4}), Given({0}, {}, kInt64)}}})),
    Reversed("ReverseSequenceTimeFirst", 0, 1, {{"odd", {Uniform({17, 3, 2}), kLengths}}}),
    Reversed("ReverseSequenceInside", 2, 1, {{"odd", {Uniform({2, 3, 5, 2}), kLengths}}}),
    Reversed("ReverseSequenceLast", 0, 2, {{"odd", {Uniform({5, 2, 3}), kLengths}}}),
});

const OpCaseRegistration kNonZero({
    {.op = "NonZero",
     .oracle =
         [](const OpCall& call) {
           std::vector<double> found;
           int64_t count = 0;
           ForEachIndex(call[0].shape, [&](absl::Span<const int64_t> i) {
             if (call[0](i) == 0) return;
             ++count;
             found.insert(found.end(), i.begin(), i.end());
           });
           Array y({count, call[0].shape.rank()});
           y.values = found;
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Given({2, 3}, {1, 0, 0, 2, 3, 0})}},
               {"long", {Uniform({67}, -1, 1)}},
               {"one", {Given({1}, {1})}},
               {"none", {Given({2}, {0, 0})}},
               {"scalar", {Given({}, {1})}},
               {"empty", {Uniform({0, 3})}}}},
    {.op = "BooleanMask",
     .oracle =
         [](const OpCall& call) {
           const int64_t block = call[0].shape.Elements(call[1].shape.rank(), call[0].shape.rank());
           std::vector<double> kept;
           int64_t count = 0;
           for (size_t i = 0; i < call[1].values.size(); ++i) {
             if (call[1].values[i] == 0) continue;
             ++count;
             const auto first = call[0].values.begin() + static_cast<int64_t>(i) * block;
             kept.insert(kept.end(), first, first + block);
           }
           Shape shape({count});
           for (int i = call[1].shape.rank(); i < call[0].shape.rank(); ++i) {
             shape.Append(call[0].dim(i));
           }
           Array y(shape);
           y.values = kept;
           return std::vector<Array>{y};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{BooleanMask(b, in[0], in[1])};
         },
     .gradient = GradientKind::kTwice,
     .gradient_inputs = {0},
     .dynamic = true,
     .cases = {{"rows", {Uniform({4, 17}), Given({4}, {1, 0, 0, 1}, kBool)}},
               {"elements", {Uniform({2, 3}), Given({2, 3}, {1, 0, 1, 0, 1, 1}, kBool)}},
               {"blocks", {Uniform({2, 2, 3}), Given({2, 2}, {0, 1, 1, 0}, kBool)}}},
     .bad = {{"mask", {Uniform({4}), Given({3}, {1, 0, 1}, kBool)}, "[3]"}}},
});

// In the order in which they come.
std::vector<double> DistinctOf(const Array& x) {
  std::vector<double> distinct;
  for (const double v : x.values) {
    if (std::count(distinct.begin(), distinct.end(), v) == 0) distinct.push_back(v);
  }
  return distinct;
}
Array VectorOf(std::vector<double> values) {
  Array y(Shape({static_cast<int64_t>(values.size())}));
  y.values = std::move(values);
  return y;
}
const OpCaseRegistration kUnique({
    {.op = "Unique",
     .oracle =
         [](const OpCall& call) {
           const auto& x = call[0].values;
           std::vector<double> first, inverse, counts;
           const std::vector<double> distinct = DistinctOf(call[0]);
           for (const double v : distinct) {
             first.push_back(static_cast<double>(std::find(x.begin(), x.end(), v) - x.begin()));
             counts.push_back(static_cast<double>(std::count(x.begin(), x.end(), v)));
           }
           for (const double v : x) {
             const auto at = std::find(distinct.begin(), distinct.end(), v);
             inverse.push_back(static_cast<double>(at - distinct.begin()));
           }
           return std::vector<Array>{VectorOf(first), VectorOf(inverse), VectorOf(counts)};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({17}, 0, 4)}},
               {"repeated", {Given({5}, {3, 1, 3, 3, 1})}},
               {"one", {Given({1}, {1})}},
               {"empty", {Given({0}, {})}}},
     .bad = {{"matrix", {Uniform({2, 3})}, "of rank 2"}}},
    {.op = "UniqueValues",
     .oracle = [](const OpCall& call) { return std::vector<Array>{VectorOf(DistinctOf(call[0]))}; },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{Unique(b, in[0]).values};
         },
     .dynamic = true,
     .cases = {{"odd", {Uniform({17})}}}},
});

}  // namespace
}  // namespace viv
