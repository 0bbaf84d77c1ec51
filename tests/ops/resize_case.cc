// Resize2D and its gradient.
#include <algorithm>
#include <cmath>

#include "core/ops/image.h"
#include "op_case.h"

namespace viv {
namespace {

// Calls visit(place of y, place of x, share) for everything that an axis of y is made of.
template <typename F>
void ForSources(const AttrMap& attrs, int64_t from, int64_t to, F visit) {
  for (int64_t i = 0; i < to; ++i) {
    double source = (i + 0.5) * from / to - 0.5;
    if (attrs.Bool("align_corners")) source = to == 1 ? 0 : i * (from - 1.0) / (to - 1.0);
    source = std::min(std::max(source, 0.0), from - 1.0);
    if (attrs.String("method") == "nearest") {
      visit(i, static_cast<int64_t>(std::floor(source + 0.5)), 1.0);
      continue;
    }
    const double low = std::floor(source);
    visit(i, static_cast<int64_t>(low), 1 - (source - low));
    if (source > low) visit(i, static_cast<int64_t>(low) + 1, source - low);
  }
}
// visit(index in y, index in x, share).
template <typename F>
void ForPairs(const AttrMap& attrs, const Shape& x, const Shape& y, F visit) {
  ForSources(attrs, x.dim(1), y.dim(1), [&](int64_t i, int64_t h, double high_share) {
    ForSources(attrs, x.dim(2), y.dim(2), [&](int64_t j, int64_t w, double wide_share) {
      for (int64_t n = 0; n < x.dim(0); ++n) {
        for (int64_t c = 0; c < x.dim(3); ++c) {
          const int64_t to[] = {n, i, j, c}, from[] = {n, h, w, c};
          visit(absl::MakeConstSpan(to), absl::MakeConstSpan(from), high_share * wide_share);
        }
      }
    });
  });
}

std::vector<Array> Resize(const OpCall& call) {
  const std::vector<int64_t>& size = call.attrs.Ints("size");
  Array y(Shape({call[0].dim(0), size[0], size[1], call[0].dim(3)}));
  ForPairs(call.attrs, call[0].shape, y.shape,
           [&](auto to, auto from, double share) { y(to) += share * call[0](from); });
  return {y};
}

std::vector<Array> ResizeGrad(const OpCall& call) {
  Array dx(Shape(std::vector<int64_t>(call[1].values.begin(), call[1].values.end())));
  ForPairs(call.attrs, dx.shape, call[0].shape,
           [&](auto to, auto from, double share) { dx(from) += share * call[0](to); });
  return {dx};
}

AttrMap Attrs(const std::vector<int64_t>& size, const char* method = "bilinear",
              bool align_corners = false) {
  return {{"size", size}, {"method", method}, {"align_corners", align_corners}};
}

struct Setting {
  const char* name;
  std::vector<int64_t> x, size;
  const char* method = "bilinear";
  bool align_corners = false;
};
std::vector<OpCase> Cases(bool gradient) {
  const Setting settings[] = {
      {"larger", {2, 3, 5, 3}, {7, 11}},
      {"smaller", {1, 7, 11, 2}, {3, 5}},
      {"many channels", {1, 4, 3, 37}, {6, 2}},
      {"twice", {1, 3, 3, 2}, {6, 6}},
      {"aligned", {1, 3, 5, 2}, {7, 4}, "bilinear", true},
      {"aligned to one", {1, 3, 5, 2}, {1, 3}, "bilinear", true},
      {"nearest", {2, 3, 5, 3}, {7, 4}, "nearest"},
      {"nearest aligned", {1, 3, 5, 2}, {6, 4}, "nearest", true},
      {"nearest thrice", {1, 3, 2, 2}, {9, 6}, "nearest"},
      {"the same", {1, 3, 4, 2}, {3, 4}},
      {"one", {1, 1, 1, 1}, {1, 1}},
      {"of one", {1, 1, 1, 3}, {3, 2}},
      {"no images", {0, 3, 4, 2}, {2, 2}},
      {"to nothing", {1, 3, 4, 2}, {0, 2}},
  };
  std::vector<OpCase> cases;
  for (const Setting& s : settings) {
    std::vector<OpInput> inputs = {Uniform(Shape(s.x))};
    if (gradient) {
      inputs = {Uniform(Shape({s.x[0], s.size[0], s.size[1], s.x[3]})), GivenShape(s.x)};
    }
    cases.push_back({s.name, inputs, Attrs(s.size, s.method, s.align_corners)});
  }
  return cases;
}

const OpCaseRegistration kResize({
    {.op = "Resize2D",
     .oracle = Resize,
     .tolerance = 8,
     .gradient = GradientKind::kTwice,
     .cases = Cases(false),
     .bad = {{"rank", {Uniform({2, 3, 4})}, "is no batch of images", Attrs({2, 2})},
             {"size", {Uniform({1, 3, 4, 1})}, "size has 1 elements", Attrs({2})},
             {"extent", {Uniform({1, 3, 4, 1})}, "an extent of -1", Attrs({2, -1})},
             {"of nothing", {Uniform({1, 0, 4, 1})}, "an extent of 0 cannot", Attrs({2, 2})}}},
    {.op = "Resize2DGrad",
     .oracle = ResizeGrad,
     .tolerance = 16,
     .gradient = GradientKind::kTwice,
     .cases = Cases(true),
     .bad = {{"dy", {Uniform({1, 2, 2, 1}), GivenShape({1, 3, 3, 1})}, "dy", Attrs({2, 3})}}},
});

// The builder functions, to images of 5 x 3.
OpCases Builder(const char* name, AttrMap attrs,
                Output (*resize)(BuilderRef, Output, int64_t, int64_t, bool)) {
  return {.op = name,
          .oracle =
              [attrs](OpCall call) {
                call.attrs = attrs;
                return Resize(call);
              },
          .build =
              [attrs, resize](const GraphBuilder& b, const std::vector<Output>& in) {
                return std::vector<Output>{resize(b, in[0], 5, 3, attrs.Bool("align_corners"))};
              },
          .tolerance = 8,
          .cases = {{"odd", {Uniform({2, 3, 4, 2})}}}};
}
const OpCaseRegistration kBuilders({
    Builder("ResizeBilinear", Attrs({5, 3}, "bilinear", true), ResizeBilinear),
    Builder("ResizeNearest", Attrs({5, 3}, "nearest"), ResizeNearest),
});

}  // namespace
}  // namespace viv
