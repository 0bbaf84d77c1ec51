// Wiring of the Transformer's parts.
#include "models/layers/attention.h"

#include <cmath>
#include <vector>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"

namespace viv {
namespace {

// A vector variable that begins as `value` everywhere.
Variable Filled(BuilderRef b, const std::string& name, int64_t n, float value) {
  return Variable(b, name, BroadcastTo(b, Const(b, value), Const(b, Tensor::Vector<int64_t>({n}))));
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(BuilderRef b, const std::string& name, int64_t width,
                                       int64_t heads)
    : width_(width), heads_(heads) {
  const GraphBuilder scope = b.Scope(name);
  query_ = Linear(scope, "query", width, width);
  // A bias of the keys would change all scores of a query alike: nothing.
  key_ = Linear(scope, "key", width, width, /*bias=*/false);
  value_ = Linear(scope, "value", width, width);
  output_ = Linear(scope, "output", width, width);
}

MultiHeadAttention::Memory MultiHeadAttention::Remember(BuilderRef b, Output x) const {
  return {key_.Apply(b, x), value_.Apply(b, x)};
}

Output MultiHeadAttention::Split(BuilderRef b, Output x) const {
  const Output steps = SliceAxis(b, ShapeOf(b, x), 0, 0, 1);
  const Output rest = Const(b, Tensor::Vector<int64_t>({-1, width_ / heads_}));
  return Reshape(b, x, Concat(b, {steps, rest}, 0));
}

Output MultiHeadAttention::Scaled(BuilderRef b, Output queries) const {
  const auto depth = static_cast<float>(width_ / heads_);
  return Mul(b, query_.Apply(b, queries), Const(b, 1 / std::sqrt(depth)));
}

Output MultiHeadAttention::LengthsOfHeads(BuilderRef b, Output lengths) const {
  if (!lengths.valid() || heads_ == 1) return lengths;
  const Output shape =
      Concat(b, {ShapeOf(b, lengths), Const(b, Tensor::Vector<int64_t>({heads_}))}, 0);
  return Reshape(b, BroadcastTo(b, ExpandDims(b, lengths, 1), shape), std::vector<int64_t>{-1});
}

Output MultiHeadAttention::Apply(BuilderRef b, Output queries, const Memory& memory, Output lengths,
                                 AttentionOptions options) const {
  const AttentionResult found =
      Attention(b, Split(b, Scaled(b, queries)), Split(b, memory.keys), Split(b, memory.values),
                LengthsOfHeads(b, lengths), options);
  return output_.Apply(b, UnflattenTime(b, found.context, queries, width_));
}

MultiHeadAttention::StepResult MultiHeadAttention::ApplyStep(BuilderRef b, Output queries,
                                                             const Memory& memory,
                                                             Output lengths) const {
  const int64_t depth = width_ / heads_;
  const Output memory_shape = ShapeOf(b, memory.keys);
  const Output positions = SliceAxis(b, memory_shape, 0, 0, 1);
  const Output examples = SliceAxis(b, memory_shape, 0, 1, 2);
  const auto vector = [&](std::vector<int64_t> values) {
    return Const(b, Tensor::Vector<int64_t>(values));
  };
  // Rows that share an example's memory must follow each other head by head: [B, n, heads, depth]
  // as [B, heads, n, depth], and back.
  const auto exchange = [&](Output x, std::vector<int64_t> inner) {
    const Output split = Reshape(b, x, Concat(b, {examples, vector(inner)}, 0));
    return Transpose(b, split, {0, 2, 1, 3});
  };
  const Output by_head = Reshape(b, exchange(Scaled(b, queries), {-1, heads_, depth}),
                                 std::vector<int64_t>{1, -1, depth});
  const AttentionResult found = Attention(b, by_head, Split(b, memory.keys),
                                          Split(b, memory.values), LengthsOfHeads(b, lengths));
  const Output context =
      Reshape(b, exchange(found.context, {heads_, -1, depth}), std::vector<int64_t>{1, -1, width_});
  const Output weights =
      Reshape(b, found.weights, Concat(b, {examples, vector({heads_, -1}), positions}, 0));
  return {output_.Apply(b, context),
          Reshape(b, Mean(b, weights, {1}), Concat(b, {vector({-1}), positions}, 0))};
}

FeedForward::FeedForward(BuilderRef b, const std::string& name, int64_t width, int64_t hidden) {
  const GraphBuilder scope = b.Scope(name);
  inner_ = Linear(scope, "inner", width, hidden);
  outer_ = Linear(scope, "outer", hidden, width);
}

Output FeedForward::Apply(BuilderRef b, Output x) const {
  return outer_.Apply(b, Relu(b, inner_.Apply(b, x)));
}

Normalization::Normalization(BuilderRef b, const std::string& name, int64_t width) {
  const GraphBuilder scope = b.Scope(name);
  scale_ = Filled(scope, "scale", width, 1);
  bias_ = Filled(scope, "bias", width, 0);
}

Output Normalization::Apply(BuilderRef b, Output x) const {
  return LayerNorm(b, x, scale_.Read(), bias_.Read());
}

Output SinusoidalPositions(BuilderRef b, Output first, Output count, int64_t width) {
  std::vector<float> frequencies;
  const int64_t waves = width / 2;
  for (int64_t i = 0; i < waves; ++i) {
    const double power = static_cast<double>(i) / static_cast<double>(waves);
    frequencies.push_back(static_cast<float>(std::pow(10000.0, -power)));
  }
  const Output places = Cast(b, Add(b, Range(b, count), first), kFloat);
  const Output angles = Mul(b, Reshape(b, places, std::vector<int64_t>{-1, 1, 1}),
                            Const(b, Tensor::Vector<float>(frequencies)));
  return Concat(b, {Sin(b, angles), Cos(b, angles)}, 2);
}

}  // namespace viv
