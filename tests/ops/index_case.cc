// What picks elements by index, and what is made of indices: GatherNd, GatherElements and their
// transposes, ScatterUpdate, OneHot, SequenceMask, Range, Order, SegmentArgMax, CumSum.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "op_case.h"

namespace viv {
namespace {

std::vector<int64_t> IndexOf(absl::Span<const int64_t> i) { return {i.begin(), i.end()}; }
int64_t AsIndex(double v) { return static_cast<int64_t>(v); }
Shape ShapeIn(const Array& shape) {
  return Shape(std::vector<int64_t>(shape.values.begin(), shape.values.end()));
}
AttrMap Along(int64_t axis) { return {{"axis", axis}}; }
int AxisOf(const OpCall& call, const Shape& shape) {
  const int64_t axis = call.attrs.Int("axis");
  return static_cast<int>(axis < 0 ? axis + shape.rank() : axis);
}

// Where tuple i of the indices points in `x`, flat, and how many elements lie there.
int64_t PlaceOf(const Array& indices, int64_t i, const Shape& x, int64_t* block) {
  const int64_t depth = indices.dim(indices.shape.rank() - 1);
  int64_t at = 0;
  for (int64_t d = 0; d < depth; ++d) {
    at = at * x.dim(static_cast<int>(d)) + AsIndex(indices.values[i * depth + d]);
  }
  *block = x.Elements(static_cast<int>(depth), x.rank());
  return at * *block;
}
int64_t TuplesOf(const Array& indices) {
  return indices.shape.Elements(0, indices.shape.rank() - 1);
}

const OpCaseRegistration kNd({
    {.op = "GatherNd",
     .oracle =
         [](const OpCall& call) {
           const Array &x = call[0], &indices = call[1];
           const int depth = static_cast<int>(indices.dim(indices.shape.rank() - 1));
           Shape shape(indices.shape.dims().subspan(0, indices.shape.rank() - 1));
           for (int i = depth; i < x.shape.rank(); ++i) shape.Append(x.dim(i));
           Array y(shape);
           for (int64_t i = 0; i < TuplesOf(indices); ++i) {
             int64_t block;
             const int64_t at = PlaceOf(indices, i, x.shape, &block);
             std::copy_n(x.values.begin() + at, block, y.values.begin() + i * block);
           }
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"rows", {Uniform({3, 4, 17}), Given({2, 2}, {2, 1, 0, 3})}},
               {"elements", {Uniform({3, 4}), Given({3, 2}, {2, 1, 0, 3, 2, 1})}},
               {"one tuple", {Uniform({3, 4}), Given({1}, {2})}},
               {"whole", {Uniform({3}), Given({2, 0}, {})}},
               {"one", {Uniform({1}), Given({1, 1}, {0})}},
               {"none", {Uniform({3, 2}), Given({0, 1}, {})}}},
     .bad = {{"beyond", {Uniform({3, 4}), Given({1, 2}, {1, 4})}, "index 4 at position 1"},
             {"deep", {Uniform({3}), Given({1, 2}, {0, 0})}, "tuples of 2 indices"},
             {"scalar", {Uniform({3}), Given({}, {0})}, "the indices are a scalar"}}},
    {.op = "ScatterNd",
     .oracle =
         [](const OpCall& call) {
           Array y(ShapeIn(call[2]));
           for (int64_t i = 0; i < TuplesOf(call[0]); ++i) {
             int64_t block;
             const int64_t at = PlaceOf(call[0], i, y.shape, &block);
             for (int64_t j = 0; j < block; ++j) {
               y.values[at + j] += call[1].values[i * block + j];
             }
           }
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"rows", {Given({2, 1}, {2, 2}), Uniform({2, 17}), GivenShape({3, 17})}},
               {"elements", {Given({2, 2}, {2, 1, 0, 3}), Uniform({2}), GivenShape({3, 4})}},
               {"one", {Given({1, 1}, {0}), Uniform({1}), GivenShape({1})}},
               {"none", {Given({0, 1}, {}), Uniform({0, 2}), GivenShape({3, 2})}}},
     .bad = {{"beyond", {Given({1, 1}, {3}), Uniform({1}), GivenShape({3})}, "index 3"},
             {"values", {Given({2, 1}, {0, 1}), Uniform({3}), GivenShape({3})}, "values"}}},
});

const OpCaseRegistration kElements({
    {.op = "GatherElements",
     .oracle =
         [](const OpCall& call) {
           Array y(call[1].shape);
           const int axis = AxisOf(call, y.shape);
           ForEachIndex(y.shape, [&](absl::Span<const int64_t> i) {
             std::vector<int64_t> at = IndexOf(i);
             at[axis] = AsIndex(call[1](i));
             // No string is a number.
             const double none = call.types.at("T") == kString ? NAN : 0;
             y(i) = at[axis] < 0 ? none : call[0](at);
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"rows", {Uniform({2, 5}), Uniform({2, 17}, -1, 4)}, Along(-1)},
               {"columns", {Uniform({5, 17}), Uniform({3, 17}, -1, 4)}, Along(0)},
               {"middle", {Uniform({2, 3, 2}), Uniform({2, 4, 2}, -1, 2)}, Along(1)},
               {"one", {Uniform({1}), Given({1}, {0})}, Along(0)},
               {"none", {Uniform({2, 3}), Given({2, 0}, {})}, Along(1)}},
     .bad = {{"beyond", {Uniform({3}), Given({2}, {0, 3})}, "index 3 at position 1", Along(0)},
             {"negative", {Uniform({3}), Given({1}, {-2})}, "index -2", Along(0)},
             {"shape", {Uniform({2, 3}), Given({3, 1}, {0, 0, 0})}, "indices", Along(1)},
             {"axis", {Uniform({3}), Given({1}, {0})}, "axis", Along(1)}}},
    {.op = "ScatterElements",
     .oracle =
         [](const OpCall& call) {
           Array y(ShapeIn(call[2]));
           const int axis = AxisOf(call, y.shape);
           ForEachIndex(call[0].shape, [&](absl::Span<const int64_t> i) {
             std::vector<int64_t> at = IndexOf(i);
             at[axis] = AsIndex(call[0](i));
             if (at[axis] >= 0) y(at) += call[1](i);
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"rows", {Uniform({2, 17}, -1, 4), Uniform({2, 17}), GivenShape({2, 5})}, Along(-1)},
               {"columns", {Uniform({3, 2}, -1, 4), Uniform({3, 2}), GivenShape({5, 2})}, Along(0)},
               {"one", {Given({1}, {0}), Uniform({1}), GivenShape({1})}, Along(0)},
               {"none", {Given({2, 0}, {}), Uniform({2, 0}), GivenShape({2, 3})}, Along(1)}},
     .bad = {{"beyond", {Given({1}, {3}), Uniform({1}), GivenShape({3})}, "index 3", Along(0)},
             {"values", {Given({2}, {0, 1}), Uniform({1}), GivenShape({3})}, "values", Along(0)}}},
});

const OpCaseRegistration kScatterUpdate({
    .op = "ScatterUpdate",
    .oracle =
        [](const OpCall& call) {
          Array y = call[0];
          const int64_t row = y.shape.Elements(1, y.shape.rank());
          for (size_t i = 0; i < call[1].values.size(); ++i) {
            std::copy_n(call[2].values.begin() + static_cast<int64_t>(i) * row, row,
                        y.values.begin() + AsIndex(call[1].values[i]) * row);
          }
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({5, 17}), Given({2}, {4, 1}), Uniform({2, 17})}},
              {"numbers", {Uniform({3}), Given({1}, {0}), Uniform({1})}},
              {"one", {Uniform({1}), Given({1}, {0}), Uniform({1})}},
              {"none", {Uniform({3, 2}), Given({0}, {}), Uniform({0, 2})}}},
    .bad = {{"beyond", {Uniform({2, 1}), Given({1}, {2}), Uniform({1, 1})}, "index 2"},
            {"twice",
             {Uniform({2, 1}), Given({2}, {1, 1}), Uniform({2, 1})},
             "row 1 is given twice"},
            {"values", {Uniform({2, 1}), Given({1}, {1}), Uniform({2, 1})}, "values"}},
});

AttrMap OneHotAttrs(int64_t depth, double on = 1, double off = 0) {
  return {{"depth", depth}, {"on", on}, {"off", off}};
}
const OpCaseRegistration kMadeOfIndices({
    {.op = "OneHot",
     .oracle =
         [](const OpCall& call) {
           Shape shape = call[0].shape;
           shape.Append(call.attrs.Int("depth"));
           const DType dtype = call.types.at("dtype");
           const auto converted = [dtype](double v) {
             if (dtype == kBool) return v != 0 ? 1.0 : 0.0;
             if (IsInteger(dtype)) v = std::trunc(v);
             if (dtype == kInt8) v = std::clamp(v, -128.0, 127.0);
             if (dtype == kUInt8) v = std::clamp(v, 0.0, 255.0);
             return v;
           };
           const double on = converted(call.attrs.Float("on"));
           const double off = converted(call.attrs.Float("off"));
           Array y(shape);
           ForEachIndex(shape, [&](absl::Span<const int64_t> i) {
             const double index = call[0](i.subspan(0, i.size() - 1));
             y(i) = AsIndex(index) == i.back() ? on : off;
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({3, 17}, -1, 5)}, OneHotAttrs(5)},
               {"on and off", {Given({3}, {1, -1, 2})}, OneHotAttrs(2, 5, 3)},
               {"beyond the type", {Given({3}, {1, -1, 2})}, OneHotAttrs(2, -5.5, 300)},
               {"scalar", {Given({}, {1})}, OneHotAttrs(3)},
               {"one", {Given({1}, {0})}, OneHotAttrs(1)},
               {"empty", {Given({0}, {})}, OneHotAttrs(3)},
               {"no depth", {Given({2}, {0, 1})}, OneHotAttrs(0)}},
     .bad = {{"depth", {Given({1}, {0})}, "depth", OneHotAttrs(-1)}}},
    {.op = "SequenceMask",
     .oracle =
         [](const OpCall& call) {
           Shape shape = call[0].shape;
           shape.Append(AsIndex(call[1].values[0]));
           Array y(shape);
           ForEachIndex(shape, [&](absl::Span<const int64_t> i) {
             y(i) = static_cast<double>(i.back()) < call[0](i.subspan(0, i.size() - 1));
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"odd", {Uniform({3, 17}, -1, 9), Given({}, {7})}},
               {"one", {Given({1}, {1}), Given({}, {1})}},
               {"scalar", {Given({}, {2}), Given({}, {5})}},
               {"empty", {Given({0}, {}), Given({}, {3})}},
               {"no steps", {Given({2}, {0, 1}), Given({}, {0})}}},
     .bad = {{"length", {Given({1}, {1}), Given({}, {-1})}, "length"},
             {"vector", {Given({1}, {1}), Given({1}, {3})}, "rank 1"}}},
    {.op = "Range",
     .oracle =
         [](const OpCall& call) {
           const double start = call[0].values[0], limit = call[1].values[0];
           const double step = call[2].values[0];
           Array y(Shape(
               {std::max<int64_t>(0, static_cast<int64_t>(std::ceil((limit - start) / step)))}));
           for (size_t i = 0; i < y.values.size(); ++i) {
             y.values[i] = start + static_cast<double>(i) * step;
           }
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kZero,
     .cases = {{"up", {Given({}, {2}), Given({}, {19}), Given({}, {1})}},
               {"down", {Given({}, {5}), Given({}, {-1}), Given({}, {-2})}},
               {"wide", {Given({}, {-2e9}), Given({}, {2e9}), Given({}, {1e9})}},
               {"one", {Given({}, {3}), Given({}, {4}), Given({}, {9})}},
               {"none", {Given({}, {3}), Given({}, {3}), Given({}, {1})}}},
     .bad = {{"step", {Given({}, {0}), Given({}, {3}), Given({}, {0})}, "in steps of 0"},
             {"vector", {Given({1}, {0}), Given({}, {3}), Given({}, {1})}, "rank 1"}}},
});

const OpCaseRegistration kOrder({
    .op = "Order",
    .oracle =
        [](const OpCall& call) {
          const int rank = call[0].shape.rank();
          const int64_t n = call[0].dim(rank - 1), wanted = call.attrs.Int("k");
          const int64_t k = wanted < 0 ? n : wanted;
          const bool descending = call.attrs.Bool("descending");
          Shape shape = call[0].shape;
          shape.set_dim(rank - 1, k);
          Array y(shape);
          for (int64_t r = 0; r < call[0].shape.Elements(0, rank - 1); ++r) {
            const double* x = call[0].values.data() + r * n;
            std::vector<int64_t> order(n);
            std::iota(order.begin(), order.end(), 0);
            std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
              return descending ? x[b] < x[a] : x[a] < x[b];
            });
            std::copy_n(order.begin(), k, y.values.begin() + r * k);
          }
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kZero,
    .cases = {{"rows", {Uniform({3, 17})}},
              {"falling", {Uniform({3, 17})}, {{"descending", true}}},
              {"first", {Uniform({2, 33}, -99, 99)}, {{"k", 5}, {"descending", true}}},
              {"least", {Uniform({2, 33}, -99, 99)}, {{"k", 5}}},
              {"few of many", {Uniform({3, 1000}, -99, 99)}, {{"k", 7}, {"descending", true}}},
              {"one of many", {Uniform({2, 129}, -99, 99)}, {{"k", 1}, {"descending", true}}},
              {"few of very many",
               {Uniform({2, 2603}, -9999, 9999)},
               {{"k", 16}, {"descending", true}}},
              {"some of many", {Uniform({2, 707}, -99, 99)}, {{"k", 21}, {"descending", true}}},
              {"equal", {Given({6}, {1, 0, 1, 0, 1, 0})}},
              {"one", {Uniform({1})}},
              {"none", {Uniform({2, 3})}, {{"k", 0}}},
              {"none of nothing", {Uniform({2, 0})}, {{"k", 0}, {"descending", true}}},
              {"no rows", {Uniform({0, 3})}},
              {"empty rows", {Uniform({3, 0})}}},
    .bad = {{"many", {Uniform({2, 4})}, "asks for 5 of the 4 elements", {{"k", 5}}},
            {"negative", {Uniform({4})}, "asks for -2", {{"k", -2}}},
            {"scalar", {Uniform({})}, "of rank 0"}},
});

const OpCaseRegistration kSegmentArgMax({
    .op = "SegmentArgMax",
    .oracle =
        [](const OpCall& call) {
          Shape shape = call[0].shape;
          shape.set_dim(0, call.attrs.Int("count"));
          Array y(shape, -1);
          ForEachIndex(call[0].shape, [&](absl::Span<const int64_t> i) {
            std::vector<int64_t> at = IndexOf(i), best = at;
            at[0] = AsIndex(call[1].values[i[0]]);
            best[0] = AsIndex(y(at));
            if (best[0] < 0 || call[0](i) > call[0](best)) y(at) = static_cast<double>(i[0]);
          });
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kZero,
    .cases = {{"odd", {Uniform({17, 3}), Uniform({17}, 0, 3)}, {{"count", 5}}},
              {"numbers", {Uniform({9}), Uniform({9}, 0, 3)}, {{"count", 4}}},
              {"one", {Uniform({1}), Given({1}, {0})}, {{"count", 1}}},
              {"no rows", {Uniform({0, 3}), Given({0}, {})}, {{"count", 2}}}},
    .bad = {{"segment", {Uniform({2}), Given({2}, {0, 3})}, "segment 3 of row 1", {{"count", 3}}},
            {"rows", {Uniform({2}), Given({3}, {0, 0, 0})}, "segments", {{"count", 3}}},
            {"count", {Uniform({2}), Given({2}, {0, 0})}, "count", {{"count", -1}}}},
});

AttrMap CumSumAttrs(int64_t axis, bool exclusive, bool reverse) {
  return {{"axis", axis}, {"exclusive", exclusive}, {"reverse", reverse}};
}
const OpCaseRegistration kCumSum({
    .op = "CumSum",
    .oracle =
        [](const OpCall& call) {
          Array y(call[0].shape);
          const int axis = AxisOf(call, y.shape);
          const bool exclusive = call.attrs.Bool("exclusive"), reverse = call.attrs.Bool("reverse");
          ForEachIndex(y.shape, [&](absl::Span<const int64_t> i) {
            std::vector<int64_t> at = IndexOf(i);
            for (at[axis] = 0; at[axis] < y.dim(axis); ++at[axis]) {
              const int64_t before = reverse ? at[axis] - i[axis] : i[axis] - at[axis];
              if (before > 0 || (before == 0 && !exclusive)) y(i) += call[0](at);
            }
          });
          return std::vector<Array>{y};
        },
    .tolerance = 16,
    .gradient = GradientKind::kTwice,
    .cases = {{"rows", {Uniform({3, 17}, 0, 2)}, CumSumAttrs(-1, false, false)},
              {"exclusive", {Uniform({3, 17}, 0, 2)}, CumSumAttrs(1, true, false)},
              {"reverse", {Uniform({5, 3, 2}, 0, 2)}, CumSumAttrs(1, false, true)},
              {"both", {Uniform({5, 3}, 0, 2)}, CumSumAttrs(0, true, true)},
              {"one", {Uniform({1})}, CumSumAttrs(0, false, false)},
              {"empty", {Uniform({2, 0, 3})}, CumSumAttrs(1, false, false)}},
    .bad = {{"axis", {Uniform({2})}, "axis", CumSumAttrs(1, false, false)},
            {"scalar", {Uniform({})}, "axis", CumSumAttrs(0, false, false)}},
});

}  // namespace
}  // namespace viv
