// What the nets have in common: the table, and the loss.
#include "models/language/translation_net.h"

#include <cmath>

#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "models/layers/linear.h"

namespace viv {

void TranslationNet::MakeTable(BuilderRef b, int64_t vocab_size, int64_t width) {
  width_ = width;
  const float deviation = 1 / std::sqrt(static_cast<float>(width));
  table_ = Variable(b, "embedding", RandomNormal(b, {vocab_size, width}, deviation));
  const Output zeros =
      BroadcastTo(b, Const(b, 0.0f), Const(b, Tensor::Vector<int64_t>({vocab_size})));
  output_bias_ = Variable(b, "output_bias", zeros);
}

// The table's rows have about length 1, right for the output; the layers read elements of about 1.
Output TranslationNet::Embed(BuilderRef b, Output tokens) const {
  const float scale = std::sqrt(static_cast<float>(width_));
  return Mul(b, Gather(b, table_.Read(), tokens), Const(b, scale));
}

Output TranslationNet::Logits(BuilderRef b, Output mixed) const {
  return Add(b, MatMul(b, mixed, table_.Read(), {.transpose_b = true}), output_bias_.Read());
}

Output TranslationNet::WithDropout(BuilderRef b, Output x, float rate) {
  return rate > 0 ? Dropout(b, x, rate, {}, /*batch_axis=*/1) : x;
}

Output TranslationNet::Loss(BuilderRef ref, const EncodedSource& source, Output target_in,
                            Output target_out, Output target_lengths,
                            const NetLossOptions& options) const {
  const GraphBuilder b = ref.Scope("loss");
  const Output words = WithDropout(b, Embed(b, target_in), options.dropout);
  const Output mixed = Mix(b, source, words, options.dropout);
  const Output labels = Reshape(b, target_out, std::vector<int64_t>{-1});
  const Output losses = SoftmaxCrossEntropy(b, Logits(b, FlattenTime(b, mixed, width_)), labels,
                                            options.label_smoothing, options.pad);
  return Div(b, Sum(b, losses), Sum(b, Cast(b, target_lengths, kFloat)));
}

}  // namespace viv
