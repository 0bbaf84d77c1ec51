// MaxPool2D, AvgPool2D and their transposes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/ops/image.h"
#include "op_case.h"

namespace viv {
namespace {

// Windows along one axis, in other words than core/tensor/window.h.
struct Axis {
  int64_t windows, before;
};
Axis AxisOf(const AttrMap& attrs, int64_t extent, int i) {
  const int64_t size = attrs.Ints("window")[i], stride = attrs.Ints("strides")[i];
  const std::string& padding = attrs.String("padding");
  if (padding == "same") {
    const int64_t windows = static_cast<int64_t>(std::ceil(1.0 * extent / stride));
    const int64_t missing = (windows - 1) * stride + size - extent;
    return {windows, missing > 0 ? missing / 2 : 0};
  }
  int64_t before = 0, after = 0;
  if (padding == "explicit") {
    before = attrs.Ints("pads")[2 * i];
    after = attrs.Ints("pads")[2 * i + 1];
  }
  int64_t windows = 0;
  while (windows * stride + size <= before + extent + after) ++windows;
  return {windows, before};
}

Shape Pooled(const AttrMap& attrs, const Shape& x) {
  return {x.dim(0), AxisOf(attrs, x.dim(1), 0).windows, AxisOf(attrs, x.dim(2), 1).windows,
          x.dim(3)};
}

// Calls f(index in y, index in x, place in the window) for every place inside of every window.
using Visit = std::function<void(absl::Span<const int64_t>, absl::Span<const int64_t>, int64_t)>;
void ForPlaces(const AttrMap& attrs, const Shape& x, const Visit& f) {
  const Axis rows = AxisOf(attrs, x.dim(1), 0), columns = AxisOf(attrs, x.dim(2), 1);
  const std::vector<int64_t>&window = attrs.Ints("window"), &strides = attrs.Ints("strides");
  ForEachIndex(Pooled(attrs, x), [&](absl::Span<const int64_t> i) {
    for (int64_t r = 0; r < window[0]; ++r) {
      for (int64_t q = 0; q < window[1]; ++q) {
        const int64_t h = i[1] * strides[0] - rows.before + r;
        const int64_t w = i[2] * strides[1] - columns.before + q;
        if (h < 0 || h >= x.dim(1) || w < 0 || w >= x.dim(2)) continue;
        f(i, {{i[0], h, w, i[3]}}, r * window[1] + q);
      }
    }
  });
}

std::vector<Array> MaxPool(const OpCall& call) {
  const Shape y = Pooled(call.attrs, call[0].shape);
  Array best(y, -std::numeric_limits<double>::infinity()), index(y);
  ForPlaces(call.attrs, call[0].shape, [&](auto to, auto from, int64_t place) {
    if (call[0](from) > best(to) || std::isnan(call[0](from))) {
      best(to) = call[0](from);
      index(to) = static_cast<double>(place);
    }
  });
  return {best, call.attrs.Bool("index") ? index : Array(Shape{0})};
}

AttrMap Windows(int64_t height, int64_t width, int64_t down, int64_t across,
                const std::string& padding = "valid",
                std::vector<int64_t> paddings = {0, 0, 0, 0}) {
  return {{"window", std::vector<int64_t>{height, width}},
          {"strides", std::vector<int64_t>{down, across}},
          {"padding", padding},
          {"pads", std::move(paddings)}};
}
AttrMap With(AttrMap attrs, const std::string& name, bool value) {
  attrs.Set(name, value);
  return attrs;
}

// What makes windows go wrong; `behind` are further inputs.
std::vector<BadCase> BadWindows() {
  const std::vector<OpInput> x = {Uniform({1, 3, 4, 2})};
  return {{"rank", {Uniform({3, 4, 2})}, "is no batch of images", Windows(1, 1, 1, 1)},
          {"too large", x, "does not fit an extent of 3", Windows(4, 1, 1, 1)},
          {"stride", x, "a stride of 0", Windows(1, 1, 0, 1)},
          {"window", x, "a window of -1", Windows(1, -1, 1, 1)},
          {"padding", x, "a padding of -1", Windows(2, 2, 1, 1, "explicit", {-1, 0, 0, 0})},
          {"far", x, "without x", Windows(2, 2, 1, 1, "explicit", {0, 0, 2, 0})},
          {"empty",
           {Uniform({1, 0, 4, 2})},
           "windows without an element",
           Windows(3, 1, 1, 1, "explicit", {2, 2, 0, 0})},
          {"numbers",
           x,
           "not 2, 2 and 4",
           {{"window", std::vector<int64_t>{2}}, {"strides", std::vector<int64_t>{1, 1}}}}};
}
std::vector<BadCase> WithLarge(std::vector<BadCase> bad) {
  bad.push_back({"large", {Uniform({1, 20, 20, 1})}, "more than 256", Windows(20, 13, 1, 1)});
  return bad;
}

const OpInput kEqual = Given({1, 2, 3, 1}, {1, 1, 1, 1, 1, 1});
const OpInput kNan = Given({1, 2, 2, 1}, {0, std::nan(""), 3, 1});

const OpCaseRegistration kMaxPool({
    {.op = "MaxPool2D",
     .oracle = MaxPool,
     .gradient = GradientKind::kTwice,
     .cases =
         {{"odd", {Uniform({2, 5, 7, 17})}, Windows(3, 2, 2, 1)},
          {"index", {Uniform({2, 5, 7, 19})}, With(Windows(3, 3, 1, 1, "same"), "index", true)},
          {"same", {Uniform({1, 6, 5, 3})}, Windows(3, 3, 2, 2, "same")},
          {"explicit", {Uniform({1, 4, 5, 33})}, Windows(3, 3, 2, 2, "explicit", {1, 0, 0, 2})},
          {"gaps", {Uniform({1, 5, 9, 2})}, Windows(1, 2, 3, 4)},
          {"one", {Uniform({1, 1, 1, 1})}, Windows(1, 1, 1, 1)},
          {"no images", {Uniform({0, 3, 3, 2})}, Windows(2, 2, 1, 1)},
          {"no rows", {Uniform({1, 0, 3, 2})}, Windows(2, 2, 1, 1, "same")}},
     .bad = WithLarge(BadWindows())},
    {.op = "MaxPool2DGrad",
     .oracle =
         [](const OpCall& call) {
           Array dx(Shape(std::vector<int64_t>(call[2].values.begin(), call[2].values.end())));
           ForPlaces(call.attrs, dx.shape, [&](auto from, auto to, int64_t place) {
             if (call[1](from) == place) dx(to) += call[0](from);
           });
           return std::vector<Array>{dx};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"odd",
                {Uniform({1, 2, 6, 17}), Uniform({1, 2, 6, 17}, 0, 5), GivenShape({1, 5, 7, 17})},
                Windows(3, 2, 2, 1)},
               {"same",
                {Uniform({2, 5, 4, 3}), Uniform({2, 5, 4, 3}, 0, 10), GivenShape({2, 5, 4, 3})},
                Windows(3, 3, 1, 1, "same")},
               {"explicit",
                {Uniform({1, 2, 3, 19}), Uniform({1, 2, 3, 19}, 0, 8), GivenShape({1, 4, 5, 19})},
                Windows(3, 3, 2, 2, "explicit", {1, 0, 0, 2})},
               {"one",
                {Uniform({1, 1, 1, 1}), Uniform({1, 1, 1, 1}, 0, 0), GivenShape({1, 1, 1, 1})},
                Windows(1, 1, 1, 1)},
               {"empty",
                {Uniform({0, 2, 2, 2}), Uniform({0, 2, 2, 2}), GivenShape({0, 3, 3, 2})},
                Windows(2, 2, 1, 1)}},
     .bad = {{"dy",
              {Uniform({1, 2, 2, 1}), Uniform({1, 3, 3, 1}), GivenShape({1, 3, 3, 1})},
              "dy",
              Windows(1, 1, 1, 1)},
             {"index",
              {Uniform({1, 3, 3, 1}), Uniform({1, 3, 2, 1}), GivenShape({1, 3, 3, 1})},
              "the index",
              Windows(1, 1, 1, 1)}}},
    {.op = "MaxPool2DPick",
     .oracle =
         [](const OpCall& call) {
           Array y(call[1].shape);
           ForPlaces(call.attrs, call[0].shape, [&](auto to, auto from, int64_t place) {
             if (call[1](to) == place) y(to) = call[0](from);
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"odd", {Uniform({1, 5, 7, 17}), Uniform({1, 2, 6, 17}, 0, 5)}, Windows(3, 2, 2, 1)},
               {"same",
                {Uniform({1, 6, 5, 3}), Uniform({1, 3, 3, 3}, 0, 8)},
                Windows(3, 3, 2, 2, "same")},
               {"explicit",
                {Uniform({1, 4, 5, 2}), Uniform({1, 2, 3, 2}, 0, 8)},
                Windows(3, 3, 2, 2, "explicit", {1, 0, 0, 2})},
               {"one", {Uniform({1, 1, 1, 1}), Uniform({1, 1, 1, 1}, 0, 0)}, Windows(1, 1, 1, 1)},
               {"empty", {Uniform({0, 3, 3, 2}), Uniform({0, 2, 2, 2})}, Windows(2, 2, 1, 1)}},
     .bad = {{"index",
              {Uniform({1, 3, 3, 1}), Uniform({1, 3, 2, 1})},
              "the index",
              Windows(1, 1, 1, 1)}}},
});

// Of equal elements the first is it, and a NaN is the greatest: no differences to compare with.
const OpCaseRegistration kMaxPoolPlaces({
    .op = "MaxPool2DPlaces",
    .oracle =
        [](const OpCall& call) {
          OpCall pool = call;
          pool.attrs = With(Windows(2, 2, 1, 1), "index", true);
          return std::vector<Array>{MaxPool(pool)[1], MaxPool(pool)[0]};
        },
    .build =
        [](const GraphBuilder& b, const std::vector<Output>& in) {
          const std::vector<Output> y = BuilderRef(b).AddMany(
              "MaxPool2D", {in[0]}, With(Windows(2, 2, 1, 1), "index", true), 2);
          return std::vector<Output>{y[1], y[0]};
        },
    .loss_outputs = {0},
    .cases = {{"equal", {kEqual}}, {"nan", {kNan}}},
});

std::vector<int64_t> Count(const AttrMap& attrs, const Shape& x) {
  Array count(Pooled(attrs, x));
  ForPlaces(attrs, x, [&](auto to, auto, int64_t) { count(to) += 1; });
  std::vector<int64_t> counts(count.values.begin(), count.values.end());
  if (attrs.Bool("count_padding")) {
    std::fill(counts.begin(), counts.end(), attrs.Ints("window")[0] * attrs.Ints("window")[1]);
  }
  return counts;
}

const OpCaseRegistration kAvgPool({
    {.op = "AvgPool2D",
     .oracle =
         [](const OpCall& call) {
           Array y(Pooled(call.attrs, call[0].shape));
           const std::vector<int64_t> counts = Count(call.attrs, call[0].shape);
           ForPlaces(call.attrs, call[0].shape, [&](auto to, auto from, int64_t) {
             y(to) += call[0](from) / counts[y.Offset(to)];
           });
           return std::vector<Array>{y};
         },
     .gradient = GradientKind::kTwice,
     .cases = {{"odd", {Uniform({2, 5, 7, 17})}, Windows(3, 2, 2, 1)},
               {"same", {Uniform({1, 6, 5, 35})}, Windows(3, 3, 1, 1, "same")},
               {"border",
                {Uniform({1, 4, 5, 3})},
                With(Windows(3, 3, 2, 2, "explicit", {1, 0, 0, 2}), "count_padding", true)},
               {"same border",
                {Uniform({1, 6, 5, 3})},
                With(Windows(3, 3, 2, 2, "same"), "count_padding", true)},
               {"one", {Uniform({1, 1, 1, 1})}, Windows(1, 1, 1, 1)},
               {"no channels", {Uniform({1, 3, 3, 0})}, Windows(2, 2, 1, 1)}},
     .bad = BadWindows()},
    {.op = "AvgPool2DGrad",
     .oracle =
         [](const OpCall& call) {
           Array dx(Shape(std::vector<int64_t>(call[1].values.begin(), call[1].values.end())));
           const std::vector<int64_t> counts = Count(call.attrs, dx.shape);
           ForPlaces(call.attrs, dx.shape, [&](auto from, auto to, int64_t) {
             dx(to) += call[0](from) / counts[call[0].Offset(from)];
           });
           return std::vector<Array>{dx};
         },
     .gradient = GradientKind::kTwice,
     .cases =
         {{"odd", {Uniform({1, 2, 6, 17}), GivenShape({1, 5, 7, 17})}, Windows(3, 2, 2, 1)},
          {"same", {Uniform({2, 5, 4, 3}), GivenShape({2, 5, 4, 3})}, Windows(3, 3, 1, 1, "same")},
          {"border",
           {Uniform({1, 2, 3, 18}), GivenShape({1, 4, 5, 18})},
           With(Windows(3, 3, 2, 2, "explicit", {1, 0, 0, 2}), "count_padding", true)},
          {"one", {Uniform({1, 1, 1, 1}), GivenShape({1, 1, 1, 1})}, Windows(1, 1, 1, 1)},
          {"empty", {Uniform({0, 2, 2, 2}), GivenShape({0, 3, 3, 2})}, Windows(2, 2, 1, 1)}},
     .bad = {{"dy", {Uniform({1, 2, 2, 1}), GivenShape({1, 3, 3, 1})}, "dy", Windows(1, 1, 1, 1)}}},
});

// Builder functions.
const OpCaseRegistration kBuilders({
    {.op = "GlobalAvgPool2D",
     .oracle =
         [](const OpCall& call) {
           Array y({call[0].dim(0), call[0].dim(3)});
           ForEachIndex(call[0].shape, [&](auto i) {
             y({i[0], i[3]}) += call[0](i) / static_cast<double>(call[0].dim(1) * call[0].dim(2));
           });
           return std::vector<Array>{y};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{GlobalAvgPool2D(b, in[0])};
         },
     .cases = {{"odd", {Uniform({2, 3, 5, 17})}}, {"one", {Uniform({1, 1, 1, 1})}}}},
    {.op = "MaxPool2DOptions",
     .oracle =
         [](const OpCall& call) {
           OpCall pool = call;
           pool.attrs = With(Windows(3, 2, 1, 2, "explicit", {1, 2, 0, 1}), "index", false);
           return std::vector<Array>{MaxPool(pool)[0]};
         },
     .build =
         [](const GraphBuilder& b, const std::vector<Output>& in) {
           return std::vector<Output>{MaxPool2D(b, in[0],
                                                {.window = {3, 2},
                                                 .strides = {1, 2},
                                                 .padding = WindowPadding::Explicit(1, 2, 0, 1)})};
         },
     .cases = {{"odd", {Uniform({1, 4, 5, 17})}}}},
});

}  // namespace
}  // namespace viv
