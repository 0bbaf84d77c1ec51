// Pad and its transpose, Split, ExpandDims and Squeeze.
#include <algorithm>

#include "core/ops/array.h"
#include "op_case.h"

namespace viv {
namespace {

// The place in [0, n) that place `at` of a padded axis shows; -1: none.
int64_t Shown(const std::string& mode, int64_t at, int64_t n) {
  if (at >= 0 && at < n) return at;
  if (mode == "edge") return at < 0 ? 0 : n - 1;
  if (mode == "reflect") return at < 0 ? -at : 2 * n - 2 - at;
  if (mode == "symmetric") return at < 0 ? -at - 1 : 2 * n - 1 - at;
  return -1;
}

Shape PaddedShape(const Shape& x, const std::vector<int64_t>& paddings) {
  Shape y = x;
  for (int i = 0; i < x.rank(); ++i) {
    y.set_dim(i, paddings[2 * i] + x.dim(i) + paddings[2 * i + 1]);
  }
  return y;
}

// Calls f(index in y, index in x; empty: outside) for every element of y = Pad(x).
void ForEachPlace(
    const OpCall& call, const Shape& x, const Shape& y,
    const std::function<void(absl::Span<const int64_t>, absl::Span<const int64_t>)>& f) {
  const std::vector<int64_t>& paddings = call.attrs.Ints("paddings");
  ForEachIndex(y, [&](absl::Span<const int64_t> i) {
    std::vector<int64_t> from(i.begin(), i.end());
    bool outside = false;
    for (size_t k = 0; k < from.size(); ++k) {
      from[k] =
          Shown(call.attrs.String("mode"), i[k] - paddings[2 * k], x.dim(static_cast<int>(k)));
      outside |= from[k] < 0;
    }
    f(i, outside ? absl::Span<const int64_t>() : from);
  });
}

AttrMap Paddings(std::vector<int64_t> paddings, const std::string& mode = "constant") {
  return {{"paddings", std::move(paddings)}, {"mode", mode}};
}
AttrMap WithValue(std::vector<int64_t> paddings, double value) {
  return {{"paddings", std::move(paddings)}, {"value", value}};
}

const OpCaseRegistration kPad({
    {.op = "Pad",
     .oracle =
         [](const OpCall& call) {
           double value = call.attrs.Float("value");
           if (call.types.at("T") == kBool) value = value != 0;
           Array y(PaddedShape(call[0].shape, call.attrs.Ints("paddings")), value);
           ForEachPlace(call, call[0].shape, y.shape, [&](auto to, auto from) {
             if (from.size() == to.size()) y(to) = call[0](from);
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"constant", {Uniform({3, 17})}, WithValue({1, 2, 0, 3}, 7)},
               {"edge", {Uniform({2, 3})}, Paddings({1, 1, 4, 0}, "edge")},
               {"reflect", {Uniform({3, 5, 2})}, Paddings({2, 1, 0, 4, 0, 0}, "reflect")},
               {"symmetric", {Uniform({3, 2})}, Paddings({3, 1, 0, 2}, "symmetric")},
               {"nothing", {Uniform({3, 2})}, Paddings({0, 0, 0, 0})},
               {"one", {Uniform({1})}, Paddings({1, 1})},
               {"scalar", {Uniform({})}, Paddings({})},
               {"empty", {Uniform({0, 2})}, Paddings({1, 1, 0, 1})}},
     .bad = {{"reflect", {Uniform({3})}, "'reflect' cannot pad", Paddings({3, 0}, "reflect")},
             {"edge", {Uniform({0})}, "'edge' cannot pad extent 0", Paddings({1, 0}, "edge")},
             {"negative", {Uniform({3})}, "a padding of -1", Paddings({-1, 0})},
             {"count", {Uniform({3})}, "0 paddings for", Paddings({})}}},
    {.op = "PadGrad",
     .oracle =
         [](const OpCall& call) {
           Array x(Shape(std::vector<int64_t>(call[1].values.begin(), call[1].values.end())));
           ForEachPlace(call, x.shape, call[0].shape, [&](auto to, auto from) {
             if (from.size() == to.size()) x(from) += call[0](to);
           });
           return std::vector<Array>{x};
         },
     .gradient = GradientKind::kTwice,
     .cases =
         {{"constant", {Uniform({6, 17}), GivenShape({3, 14})}, Paddings({1, 2, 0, 3})},
          {"edge", {Uniform({4, 7}), GivenShape({2, 3})}, Paddings({1, 1, 4, 0}, "edge")},
          {"reflect", {Uniform({6, 9}), GivenShape({3, 5})}, Paddings({2, 1, 0, 4}, "reflect")},
          {"symmetric", {Uniform({7}), GivenShape({3})}, Paddings({3, 1}, "symmetric")},
          {"one", {Uniform({1}), GivenShape({1})}, Paddings({0, 0})},
          {"outside", {Uniform({2}), GivenShape({0})}, Paddings({1, 1})},
          {"empty", {Uniform({0, 3}), GivenShape({0, 2})}, Paddings({0, 0, 1, 0})}},
     .bad = {{"shape", {Uniform({3}), GivenShape({3})}, "dy", Paddings({1, 0})}}},
});

const OpCaseRegistration kSplit({
    .op = "Split",
    .oracle =
        [](const OpCall& call) {
          const int64_t given = call.attrs.Int("axis");
          const int axis = static_cast<int>(given < 0 ? given + call[0].shape.rank() : given);
          std::vector<Array> parts;
          int64_t begin = 0;
          for (const double extent : call[1].values) {
            Shape shape = call[0].shape;
            shape.set_dim(axis, static_cast<int64_t>(extent));
            Array part(shape);
            ForEachIndex(shape, [&](absl::Span<const int64_t> i) {
              std::vector<int64_t> from(i.begin(), i.end());
              from[axis] += begin;
              part(i) = call[0](from);
            });
            begin += shape.dim(axis);
            parts.push_back(part);
          }
          return parts;
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"columns", {Uniform({3, 17}), GivenShape({5, 0, 12})}, {{"axis", -1}, {"parts", 3}}},
              {"rows", {Uniform({5, 3}), GivenShape({4, 1})}, {{"axis", 0}, {"parts", 2}}},
              {"one", {Uniform({1}), GivenShape({1})}, {{"axis", 0}, {"parts", 1}}},
              {"empty", {Uniform({0, 3}), GivenShape({1, 2})}, {{"axis", 1}, {"parts", 2}}}},
    .bad = {{"sum",
             {Uniform({5}), GivenShape({2, 2})},
             "sum up to 4, axis 0 of [5] has 5",
             {{"axis", 0}, {"parts", 2}}},
            {"negative",
             {Uniform({3}), GivenShape({-1, 4})},
             "a part of extent -1",
             {{"axis", 0}, {"parts", 2}}},
            {"count", {Uniform({3}), GivenShape({3})}, "sizes", {{"axis", 0}, {"parts", 2}}},
            {"axis", {Uniform({3}), GivenShape({3})}, "axis", {{"axis", 1}, {"parts", 1}}}},
});

// Nothing flows from the parts that nobody uses.
const OpCaseRegistration kSplitPart({
    .op = "PartOfSplit",
    .oracle =
        [](const OpCall& call) {
          Array y({call[0].dim(0), 2});
          ForEachIndex(y.shape, [&](auto i) { y(i) = call[0]({i[0], i[1] + 1}); });
          return std::vector<Array>{y};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          return std::vector<Output>{Split(b, in[0], 1, {1, 2, 14})[1]};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 17})}}},
});

// The same elements under another shape.
Oracle Reshaped(std::function<std::vector<int64_t>(const OpCall&, std::vector<int64_t>)> change) {
  return [change](const OpCall& call) {
    const auto dims = call[0].shape.dims();
    Array y(Shape(change(call, {dims.begin(), dims.end()})));
    y.values = call[0].values;
    return std::vector<Array>{y};
  };
}
const OpCaseRegistration kAxes({
    {.op = "ExpandDims",
     .oracle = Reshaped([](const OpCall& call, std::vector<int64_t> dims) {
       const int64_t axis = call.attrs.Int("axis");
       const auto n = static_cast<int64_t>(dims.size());
       dims.insert(dims.begin() + (axis < 0 ? axis + n + 1 : axis), 1);
       return dims;
     }),
     .gradient = GradientKind::kTwice,
     .cases = {{"first", {Uniform({3, 17})}, {{"axis", 0}}},
               {"last", {Uniform({3, 17})}, {{"axis", -1}}},
               {"middle", {Uniform({3, 2})}, {{"axis", 1}}},
               {"scalar", {Uniform({})}, {{"axis", 0}}},
               {"empty", {Uniform({0, 3})}, {{"axis", 2}}}},
     .bad = {{"axis", {Uniform({3})}, "axis", {{"axis", 2}}}}},
    {.op = "Squeeze",
     .oracle = Reshaped([](const OpCall& call, std::vector<int64_t> dims) {
       const auto n = static_cast<int64_t>(dims.size());
       for (const int64_t axis : call.attrs.Ints("axes")) dims[axis < 0 ? axis + n : axis] = -1;
       dims.erase(std::remove(dims.begin(), dims.end(), -1), dims.end());
       return dims;
     }),
     .gradient = GradientKind::kTwice,
     .cases = {{"both", {Uniform({1, 17, 1})}, {{"axes", std::vector<int64_t>{0, -1}}}},
               {"one of them", {Uniform({1, 3, 1})}, {{"axes", std::vector<int64_t>{2}}}},
               {"one", {Uniform({1})}, {{"axes", std::vector<int64_t>{0}}}},
               {"none", {Uniform({3})}, {{"axes", std::vector<int64_t>{}}}},
               {"empty", {Uniform({0, 1})}, {{"axes", std::vector<int64_t>{1}}}}},
     .bad = {{"extent",
              {Uniform({1, 3})},
              "axis 1 of [1, 3] has not extent 1",
              {{"axes", std::vector<int64_t>{1}}}},
             {"axis", {Uniform({1})}, "axis", {{"axes", std::vector<int64_t>{1}}}}}},
});

}  // namespace
}  // namespace viv
