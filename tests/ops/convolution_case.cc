// Conv2D and its gradients.
#include "op_case.h"

namespace viv {
namespace {

using Ints = std::vector<int64_t>;

// What the attributes say about one axis; `before` is what the padding puts before the image.
struct Axis {
  Axis(const AttrMap& attrs, int axis, int64_t image, int64_t window)
      : stride(attrs.Ints("strides")[axis]), dilation(attrs.Ints("dilations")[axis]) {
    const std::string& padding = attrs.String("padding");
    const int64_t reach = (window - 1) * dilation + 1;
    int64_t around = 0;
    if (padding == "same") {
      windows = (image + stride - 1) / stride;
      around = std::max<int64_t>(0, (windows - 1) * stride + reach - image);
      before = around / 2;
      return;
    }
    if (padding == "explicit") {
      before = attrs.Ints("pads")[2 * axis];
      around = before + attrs.Ints("pads")[2 * axis + 1];
    }
    windows = (image + around - reach) / stride + 1;
  }
  int64_t stride, dilation, before = 0, windows = 0;
};

Shape ResultShape(const AttrMap& attrs, const Shape& x, const Shape& f) {
  return {x.dim(0), Axis(attrs, 0, x.dim(1), f.dim(0)).windows,
          Axis(attrs, 1, x.dim(2), f.dim(1)).windows, f.dim(3)};
}

using Index = std::vector<int64_t>;
// Calls visit(index into x, into the filter, into y) for each product.
void ForEachTerm(const AttrMap& attrs, const Shape& x, const Shape& f,
                 const std::function<void(const Index&, const Index&, const Index&)>& visit) {
  const Axis h(attrs, 0, x.dim(1), f.dim(0)), w(attrs, 1, x.dim(2), f.dim(1));
  const int64_t per_group = f.dim(3) / attrs.Int("groups");
  ForEachIndex(ResultShape(attrs, x, f), [&](absl::Span<const int64_t> at) {
    for (int64_t a = 0; a < f.dim(0); ++a) {
      for (int64_t b = 0; b < f.dim(1); ++b) {
        const int64_t i = at[1] * h.stride + a * h.dilation - h.before;
        const int64_t j = at[2] * w.stride + b * w.dilation - w.before;
        if (i < 0 || i >= x.dim(1) || j < 0 || j >= x.dim(2)) continue;
        for (int64_t c = 0; c < f.dim(2); ++c) {
          const int64_t channel = at[3] / per_group * f.dim(2) + c;
          visit({at[0], i, j, channel}, {a, b, c, at[3]}, {at.begin(), at.end()});
        }
      }
    }
  });
}

// As the kernel sees the filter.
double Rounded(const OpCall& call, double v) {
  return call.types.at("T") == kBFloat16 ? static_cast<float>(BFloat16(static_cast<float>(v))) : v;
}
Shape ShapeIn(const Array& a) {
  Ints extents;
  for (const double v : a.values) extents.push_back(static_cast<int64_t>(v));
  return Shape(extents);
}

std::vector<Array> Convolve(const OpCall& call) {
  Array y(ResultShape(call.attrs, call[0].shape, call[1].shape));
  ForEachTerm(call.attrs, call[0].shape, call[1].shape,
              [&](const Index& i, const Index& j, const Index& l) {
                y(l) += call[0](i) * Rounded(call, call[1](j));
              });
  return {y};
}
std::vector<Array> BackwardInput(const OpCall& call) {
  Array x(ShapeIn(call[2]));
  ForEachTerm(call.attrs, x.shape, call[1].shape,
              [&](const Index& i, const Index& j, const Index& l) {
                x(i) += call[0](l) * Rounded(call, call[1](j));
              });
  return {x};
}
std::vector<Array> BackwardFilter(const OpCall& call) {
  Array f(ShapeIn(call[2]));
  ForEachTerm(
      call.attrs, call[0].shape, f.shape,
      [&](const Index& i, const Index& j, const Index& l) { f(j) += call[0](i) * call[1](l); });
  return {f};
}

struct Setting {
  std::string name;
  Shape x, filter;
  Ints strides = {1, 1}, dilations = {1, 1};
  std::string padding = "valid";
  Ints pads = {0, 0, 0, 0};
  int64_t groups = 1;

  AttrMap attrs() const {
    return {{"strides", strides},
            {"dilations", dilations},
            {"padding", padding},
            {"pads", pads},
            {"groups", groups}};
  }
};

std::vector<Setting> Settings() {
  const Ints one = {1, 1}, two = {2, 2};
  return {
      {"valid", {2, 5, 7, 3}, {3, 2, 3, 17}},
      {"same", {1, 5, 6, 3}, {3, 4, 3, 2}, one, one, "same"},
      {"explicit", {1, 4, 5, 2}, {2, 3, 2, 3}, one, one, "explicit", {2, 0, 1, 3}},
      {"strides", {1, 7, 6, 2}, {3, 3, 2, 3}, {3, 2}},
      {"same strides", {1, 7, 6, 2}, {3, 2, 2, 3}, {2, 3}, one, "same"},
      {"stride beyond the filter", {1, 7, 5, 2}, {1, 1, 2, 3}, {3, 2}},
      {"dilations", {1, 7, 6, 2}, {3, 2, 2, 3}, one, {2, 3}, "same"},
      {"all", {1, 9, 8, 4}, {3, 2, 2, 6}, two, {2, 1}, "explicit", {1, 2, 0, 1}, 2},
      {"groups", {1, 4, 3, 6}, {2, 2, 2, 9}, one, one, "valid", {0, 0, 0, 0}, 3},
      {"depthwise", {1, 5, 4, 19}, {3, 3, 1, 19}, one, one, "same", {0, 0, 0, 0}, 19},
      {"depthwise of several", {1, 4, 5, 3}, {2, 2, 1, 6}, two, one, "same", {0, 0, 0, 0}, 3},
      {"padding beyond the filter", {1, 2, 2, 2}, {2, 2, 2, 1}, one, one, "explicit", {3, 3, 0, 2}},
      {"vectors", {2, 3, 3, 33}, {1, 1, 33, 18}},
      {"one", {1, 1, 1, 1}, {1, 1, 1, 1}},
      {"one window", {1, 3, 3, 2}, {3, 3, 2, 1}, {5, 1 << 20}, one, "valid"},
      {"no images", {0, 3, 3, 2}, {2, 2, 2, 3}},
      {"no depth", {1, 3, 3, 0}, {2, 2, 0, 3}},
      {"no filters", {1, 3, 3, 2}, {2, 2, 2, 0}},
      {"no rows", {1, 0, 3, 2}, {2, 2, 2, 3}, one, one, "same"},
  };
}

std::vector<OpCase> Cases(const std::function<std::vector<OpInput>(const Setting&)>& inputs) {
  std::vector<OpCase> cases;
  for (const Setting& s : Settings()) cases.push_back({s.name, inputs(s), s.attrs()});
  return cases;
}
OpInput Small(const Shape& shape) { return Uniform(shape, -1, 1); }
OpInput Extents(const Shape& shape) {
  return GivenShape({shape.dims().begin(), shape.dims().end()});
}
Shape ResultOf(const Setting& s) { return ResultShape(s.attrs(), s.x, s.filter); }

BadCase Bad(const std::string& message, const Setting& s) {
  return {s.name, {Small(s.x), Small(s.filter)}, message, s.attrs()};
}

const OpCaseRegistration kConvolutions({
    {.op = "Conv2D",
     .oracle = Convolve,
     .tolerance = 32,
     .gradient = GradientKind::kTwice,
     .cases = Cases([](const Setting& s) {
       return std::vector<OpInput>{Small(s.x), Small(s.filter)};
     }),
     .bad = {Bad("filter depth 3, input depth 4", {"depth", {1, 5, 5, 4}, {3, 3, 3, 2}}),
             Bad("filter depth 2 in 3 groups, input depth 4", {"depth of groups",
                                                               {1, 5, 5, 4},
                                                               {3, 3, 2, 3},
                                                               {1, 1},
                                                               {1, 1},
                                                               "valid",
                                                               {0, 0, 0, 0},
                                                               3}),
             Bad("4 filters in 3 groups", {"filters of groups",
                                           {1, 5, 5, 3},
                                           {3, 3, 1, 4},
                                           {1, 1},
                                           {1, 1},
                                           "valid",
                                           {0, 0, 0, 0},
                                           3}),
             Bad("0 groups",
                 {"groups", {1, 5, 5, 3}, {3, 3, 3, 4}, {1, 1}, {1, 1}, "valid", {0, 0, 0, 0}, 0}),
             Bad("has rank 3, not 4", {"rank", {5, 5, 3}, {3, 3, 3, 4}}),
             Bad("has rank 3, not 4", {"filter's rank", {1, 5, 5, 3}, {3, 3, 4}}),
             Bad("reaches over 7 exceeds the image's extent 5",
                 {"reach", {1, 5, 5, 3}, {3, 4, 3, 4}, {1, 1}, {1, 2}}),
             Bad("exceeds the image's padded extent 3",
                 {"padded", {1, 1, 5, 3}, {4, 1, 3, 4}, {1, 1}, {1, 1}, "explicit", {1, 1, 0, 0}}),
             Bad("a window of extent 0", {"filter", {1, 5, 5, 3}, {0, 3, 3, 4}}),
             Bad("0 in strides is outside", {"stride", {1, 5, 5, 3}, {3, 3, 3, 4}, {1, 0}}),
             Bad("strides has 1 elements, not 2", {"strides", {1, 5, 5, 3}, {3, 3, 3, 4}, {1}}),
             Bad("-1 in pads is outside",
                 {"pads", {1, 5, 5, 3}, {3, 3, 3, 4}, {1, 1}, {1, 1}, "explicit", {0, 0, 0, -1}})}},
    {.op = "Conv2DBackwardInput",
     .oracle = BackwardInput,
     .tolerance = 32,
     .gradient = GradientKind::kTwice,
     .cases = Cases([](const Setting& s) {
       return std::vector<OpInput>{Small(ResultOf(s)), Small(s.filter), Extents(s.x)};
     }),
     .bad = {{"shape", {Small({1, 3, 3, 4}), Small({3, 3, 2, 4}), GivenShape({1, 6, 5, 2})}, "dy"},
             {"rank",
              {Small({1, 3, 3, 4}), Small({3, 3, 2, 4}), GivenShape({1, 5, 2})},
              "rank 3, not 4"}}},
    {.op = "Conv2DBackwardFilter",
     .oracle = BackwardFilter,
     .tolerance = 32,
     .gradient = GradientKind::kTwice,
     .cases = Cases([](const Setting& s) {
       return std::vector<OpInput>{Small(s.x), Small(ResultOf(s)), Extents(s.filter)};
     }),
     .bad = {{"shape", {Small({1, 5, 5, 2}), Small({1, 3, 3, 4}), GivenShape({3, 2, 2, 4})}, "dy"},
             {"depth",
              {Small({1, 5, 5, 2}), Small({1, 3, 3, 4}), GivenShape({3, 3, 3, 4})},
              "filter depth 3"}}},
});

// What a pass makes of a convolution and what follows it.
std::vector<Array> FusedConvolve(const OpCall& call) {
  const bool scaled = call.in.size() > 3;
  Array y(ResultShape(call.attrs, call[0].shape, call[1].shape));
  ForEachTerm(call.attrs, call[0].shape, call[1].shape,
              [&](const Index& i, const Index& j, const Index& l) {
                const double factor = scaled ? call[3]({l[3]}) : 1;
                y(l) += call[0](i) * Rounded(call, call[1](j) * factor);
              });
  ForEachIndex(y.shape, [&](absl::Span<const int64_t> l) {
    y(l) += call[2]({l[3]});
    if (call.attrs.Bool("relu")) y(l) = std::max(0.0, y(l));
  });
  return {y};
}

std::vector<OpCase> FusedCases() {
  std::vector<OpCase> cases;
  for (const Setting& s : Settings()) {
    const bool relu = cases.size() % 2 == 0, scaled = cases.size() % 3 > 0;
    const Shape channels({s.filter.dim(3)});
    OpCase one = {s.name, {Small(s.x), Small(s.filter), Small(channels)}, s.attrs()};
    if (scaled) one.inputs.push_back(Small(channels));
    one.attrs.Set("relu", relu);
    cases.push_back(one);
  }
  return cases;
}

const OpCaseRegistration kFused({
    .op = "FusedConv2D",
    .oracle = FusedConvolve,
    .tolerance = 32,
    .cases = FusedCases(),
    .bad = {{"shift", {Small({1, 5, 5, 3}), Small({3, 3, 3, 4}), Small({3})}, "the shift"},
            {"factor",
             {Small({1, 5, 5, 3}), Small({3, 3, 3, 4}), Small({4}), Small({3})},
             "the factor"},
            {"factors",
             {Small({1, 5, 5, 3}), Small({3, 3, 3, 4}), Small({4}), Small({4}), Small({4})},
             "at most one factor"},
            {"depth", {Small({1, 5, 5, 4}), Small({3, 3, 3, 4}), Small({4})}, "filter depth 3"}},
});

}  // namespace
}  // namespace viv
