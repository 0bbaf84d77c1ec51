// QuantizedConv2D, Quantize and Dequantize: rounding happens in float, all else is exact.
#include <algorithm>
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

// Channel `k` of filters times its factor, in whole steps, and the size of a step.
struct Channel {
  std::vector<double> steps;
  double size = 0;
};
Channel Quantized(const Array& filter, int64_t k, float factor) {
  const int64_t channels = filter.dim(3);
  std::vector<float> elements;
  float top = 0;
  for (size_t i = k; i < filter.values.size(); i += channels) {
    elements.push_back(static_cast<float>(filter.values[i]) * factor);
    top = std::max(top, std::abs(elements.back()));
  }
  Channel channel = {.size = top / 127};
  for (const float v : elements) {
    channel.steps.push_back(top > 0 ? std::round(v * (127 / top)) : 0);
  }
  return channel;
}

// What the padding puts before an axis; "same" for odd windows and a stride of 1.
int64_t Before(const OpCall& call, int axis) {
  const std::string& padding = call.attrs.String("padding");
  if (padding == "explicit") return call.attrs.Ints("pads")[2 * axis];
  return padding == "same" ? call[1].dim(axis) / 2 : 0;
}
int64_t Windows(const OpCall& call, int axis) {
  const int64_t window = call[1].dim(axis);
  int64_t extent = call[0].dim(axis + 1) + Before(call, axis);
  const std::string& padding = call.attrs.String("padding");
  if (padding == "explicit") extent += call.attrs.Ints("pads")[2 * axis + 1];
  if (padding == "same") extent += window / 2;
  return (extent - window) / call.attrs.Ints("strides")[axis] + 1;
}

double SumAt(const OpCall& call, const Channel& channel, absl::Span<const int64_t> at) {
  const Array &x = call[0], &f = call[1];
  const std::vector<int64_t>& strides = call.attrs.Ints("strides");
  double sum = 0;
  size_t next = 0;
  for (int64_t a = 0; a < f.dim(0); ++a) {
    for (int64_t b = 0; b < f.dim(1); ++b) {
      const int64_t i = at[1] * strides[0] + a - Before(call, 0);
      const int64_t j = at[2] * strides[1] + b - Before(call, 1);
      for (int64_t c = 0; c < f.dim(2); ++c, ++next) {
        if (i < 0 || i >= x.dim(1) || j < 0 || j >= x.dim(2)) continue;
        const int64_t group = at[3] / (f.dim(3) / call.attrs.Int("groups"));
        sum += x({at[0], i, j, group * f.dim(2) + c}) * channel.steps[next];
      }
    }
  }
  return sum;
}

std::vector<Array> Convolve(const OpCall& call) {
  const Array &x = call[0], &f = call[1];
  Array y(Shape({x.dim(0), Windows(call, 0), Windows(call, 1), f.dim(3)}));
  std::vector<Channel> channels;
  for (int64_t k = 0; k < f.dim(3); ++k) {
    channels.push_back(
        Quantized(f, k, call.in.size() > 3 ? static_cast<float>(call[3]({k})) : 1.0f));
  }
  const bool bytes = call.types.at("dtype") == kUInt8;
  ForEachIndex(y.shape, [&](absl::Span<const int64_t> at) {
    const Channel& channel = channels[at[3]];
    double v = call.attrs.Float("x_scale") * channel.size * SumAt(call, channel, at);
    v += call[2]({at[3]});
    if (call.attrs.Bool("relu")) v = std::max(0.0, v);
    if (bytes) {
      v = std::clamp(std::nearbyint(v / call.attrs.Float("y_scale")), 0.0, 127.0);
    }
    y(at) = v;
  });
  return {y};
}

AttrMap Attrs(const std::string& padding, int64_t stride, bool relu, double x_scale) {
  return {{"padding", padding},
          {"strides", std::vector<int64_t>{stride, stride}},
          {"relu", relu},
          {"x_scale", x_scale}};
}
AttrMap WithGroups(AttrMap attrs, int64_t groups) {
  attrs.Set("groups", groups);
  return attrs;
}
AttrMap Explicit(AttrMap attrs, std::vector<int64_t> pads) {
  attrs.Set("pads", std::move(pads));
  return attrs;
}
AttrMap InSteps(AttrMap attrs, double y_scale) {
  attrs.Set("y_scale", y_scale);
  return attrs;
}

OpInput Bytes(const Shape& shape) { return Uniform(shape, 0, 127.99); }
// Filters of whole steps of 1/128, the largest of each channel of 127: nothing is rounded.
OpInput WholeSteps(const Shape& shape) {
  std::vector<double> values;
  const int64_t k = shape.dim(3);
  for (int64_t i = 0; i < shape.num_elements(); ++i) {
    values.push_back((i < k ? 127.0 : static_cast<double>(i * 37 % 255 - 127)) / 128);
  }
  return Given(shape, values);
}
OpInput Halves(int64_t n) {
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(static_cast<double>(i * 5 % 17 - 8) / 2);
  return Given({n}, values);
}

const OpCaseRegistration kQuantized({
    {.op = "QuantizedConv2D",
     .oracle = Convolve,
     .tolerance = 64,
     .cases = {{"odd",
                {Bytes({2, 5, 7, 3}), Uniform({3, 3, 3, 17}), Uniform({17})},
                Attrs("same", 1, false, 0.02)},
               {"factor",
                {Bytes({1, 6, 5, 16}), Uniform({1, 1, 16, 32}), Uniform({32}), Uniform({32})},
                Attrs("valid", 1, true, 0.02)},
               {"strides",
                {Bytes({1, 9, 8, 4}), Uniform({3, 3, 4, 6}), Uniform({6}), Uniform({6})},
                Attrs("valid", 2, false, 0.5)},
               {"groups",
                {Bytes({1, 4, 3, 6}), Uniform({3, 1, 2, 9}), Uniform({9})},
                WithGroups(Attrs("same", 1, true, 0.1), 3)},
               {"whole steps",
                {Bytes({2, 5, 6, 19}), WholeSteps({3, 3, 19, 33}), Halves(33)},
                InSteps(Attrs("same", 1, true, 0.125), 0.5)},
               {"bounded",
                {Bytes({1, 5, 6, 8}), WholeSteps({1, 1, 8, 16}), Halves(16)},
                InSteps(Attrs("valid", 1, true, 0.125), 1.0 / 32)},
               // Beyond what 16 bits hold: 2 * 127 * 127 fits, with bytes of 255 it would not.
               {"the greatest",
                {Given({1, 1, 1, 4}, {127, 127, 127, 127}), Given({1, 1, 4, 1}, {1, 1, 1, 1}),
                 Given({1}, {0})},
                Attrs("valid", 1, false, 1)},
               {"zeros",
                {Bytes({1, 2, 2, 3}), Given({1, 1, 3, 2}, {0, 1, 0, 2, 0, 3}), Given({2}, {1, -1})},
                Attrs("valid", 1, false, 1)},
               {"one",
                {Bytes({1, 1, 1, 1}), Uniform({1, 1, 1, 1}), Uniform({1})},
                Attrs("valid", 1, false, 1)},
               {"no depth",
                {Bytes({1, 3, 3, 0}), Uniform({1, 1, 0, 3}), Given({3}, {-1, 2, 70})},
                Attrs("valid", 1, true, 1)},
               {"no depth, without ReLU",
                {Bytes({1, 3, 3, 0}), Uniform({1, 1, 0, 3}), Given({3}, {-1, 2, 70})},
                InSteps(Attrs("valid", 1, false, 1), 0.5)},
               {"explicit",
                {Bytes({1, 4, 5, 5}), Uniform({2, 3, 5, 7}), Uniform({7})},
                Explicit(Attrs("explicit", 1, true, 0.05), {2, 0, 1, 3})},
               {"no images",
                {Bytes({0, 3, 3, 2}), Uniform({3, 3, 2, 4}), Uniform({4})},
                Attrs("same", 1, false, 1)}},
     .bad =
         {{"depth", {Bytes({1, 5, 5, 4}), Uniform({3, 3, 3, 4}), Uniform({4})}, "filter depth 3"},
          {"shift", {Bytes({1, 5, 5, 3}), Uniform({3, 3, 3, 4}), Uniform({3})}, "the shift"},
          {"scale",
           {Bytes({1, 5, 5, 3}), Uniform({3, 3, 3, 4}), Uniform({4})},
           "a x_scale of 0",
           Attrs("valid", 1, false, 0)}}},
    {.op = "Quantize",
     .oracle =
         [](const OpCall& call) {
           Array y = call[0];
           const float inverse = 1 / static_cast<float>(call.attrs.Float("scale"));
           for (double& v : y.values) {
             const float scaled = static_cast<float>(v) * inverse;
             v = scaled > 0 ? std::nearbyint(std::min(scaled, 127.0f)) : 0;
           }
           return std::vector<Array>{y};
         },
     .cases = {{"odd", {Uniform({3, 17}, -10, 200)}, {{"scale", 0.7}}},
               {"halves", {Given({6}, {0.5, 1.5, 2.5, -0.5, 126.5, 127.5})}},
               {"special", {Given({3}, {std::nan(""), INFINITY, -INFINITY})}},
               {"many", {Uniform({1037}, -1, 2)}, {{"scale", 0.01}}},
               {"one", {Uniform({1})}},
               {"none", {Uniform({0, 3})}}},
     .bad = {{"scale", {Uniform({2})}, "a scale of 0", {{"scale", 0.0}}}}},
    {.op = "Dequantize",
     .oracle =
         [](const OpCall& call) {
           Array y = call[0];
           for (double& v : y.values) v *= call.attrs.Float("scale");
           return std::vector<Array>{y};
         },
     .cases = {{"odd", {Bytes({3, 17})}, {{"scale", 0.7}}},
               {"all", {Given({4}, {0, 1, 127, 255})}, {{"scale", 2.0}}},
               {"one", {Bytes({1})}},
               {"none", {Bytes({0, 3})}}},
     .bad = {{"scale", {Bytes({2})}, "a scale of -1", {{"scale", -1.0}}}}},
});

}  // namespace
}  // namespace viv
