// A training step of a translator of the usual size: 2-layer LSTM encoder and decoder of 512,
// attention, vocabulary 10,000, batch 64, length 20; gradients clipped to 5, SGD. The net of
// tools/bench/seq2seq_torch.py, in the same form of output.
//
//   seq2seq_step [threads] [seconds] [--bf16] [--profile]
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/rnn.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "models/layers/linear.h"
#include "models/layers/recurrent.h"

namespace viv {
namespace {

constexpr int64_t kHidden = 512, kVocabulary = 10000, kBatch = 64, kLength = 20;
constexpr int kLayers = 2;

struct Net {
  GraphBuilder b;
  Output source, target;
  Output loss, update;
};

// Layers over x, each from its initial state; the last states are appended to `states`.
Output Layers(BuilderRef b, const char* name, Output x, std::vector<LstmState> initial,
              std::vector<LstmState>* states) {
  initial.resize(kLayers);
  for (int layer = 0; layer < kLayers; ++layer) {
    const LstmWeights weights =
        MakeLstmWeights(b, std::string(name) + std::to_string(layer), kHidden, kHidden);
    const LstmResult result = Lstm(b, x, {}, initial[layer], weights);
    states->push_back(result.last);
    x = result.outputs;
  }
  return x;
}

Net MakeNet() {
  Net net;
  const GraphBuilder& b = net.b;
  net.source = Placeholder(b, kInt32, {kLength, kBatch});
  net.target = Placeholder(b, kInt32, {kLength, kBatch});
  const Variable source_table(b, "source", RandomNormal(b, {kVocabulary, kHidden}));
  const Variable target_table(b, "target", RandomNormal(b, {kVocabulary, kHidden}));
  std::vector<LstmState> encoded, decoded;
  const Output memory =
      Layers(b, "encoder", Gather(b, source_table.Read(), net.source), {}, &encoded);
  const Output states =
      Layers(b, "decoder", Gather(b, target_table.Read(), net.target), encoded, &decoded);
  const Output keys = Linear(b, "score", kHidden, kHidden, /*bias=*/false).Apply(b, memory);
  const AttentionResult attention = Attention(b, states, keys, memory, {});
  const Output joined = Concat(b, {attention.context, states}, 2);
  const Output mixed = Tanh(b, Linear(b, "combine", 2 * kHidden, kHidden).Apply(b, joined));
  const Output logits =
      Linear(b, "out", kHidden, kVocabulary).Apply(b, FlattenTime(b, mixed, kHidden));
  const Output labels = Reshape(b, net.target, std::vector<int64_t>{-1});
  net.loss = Mean(b, SoftmaxCrossEntropy(b, logits, labels));
  net.update = Sgd{.learning_rate = 0.1f, .options = {.clip_norm = 5}}.Minimize(b, net.loss);
  return net;
}

Tensor RandomTokens(uint64_t seed) {
  RandomStream random(seed);
  std::vector<int32_t> tokens(kLength * kBatch);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.Below(kVocabulary));
  return Tensor::Of<int32_t>({kLength, kBatch}, tokens);
}

absl::Status Measure(int threads, double seconds, DType precision, bool with_profile) {
  SetMaxThreads(threads);
  const Net net = MakeNet();
  ASSIGN_OR_RETURN(Session session, Session::Create(net.b, {.precision = precision}));
  RETURN_IF_ERROR(session.Initialize());
  ASSIGN_OR_RETURN(const PreparedRun step,
                   session.Prepare({net.source, net.target}, {net.loss, net.update}));
  const Tensor feeds[] = {RandomTokens(1), RandomTokens(2)};
  Tensor results[2];
  RETURN_IF_ERROR(step.Run(feeds, absl::MakeSpan(results)));
  std::vector<double> times;
  const int64_t begin = Profile::Now();
  while (times.size() < 5 || static_cast<double>(Profile::Now() - begin) < seconds * 1e9) {
    const int64_t start = Profile::Now();
    RETURN_IF_ERROR(step.Run(feeds, absl::MakeSpan(results)));
    times.push_back(static_cast<double>(Profile::Now() - start) * 1e-6);
  }
  std::sort(times.begin(), times.end());
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const double median = times[times.size() / 2];
  std::printf(
      "train T=%d B=%d dtype=%s median_ms=%.2f best_ms=%.2f tokens_per_s=%.1f "
      "peak_rss_mb=%.0f\n",
      threads, static_cast<int>(kBatch), precision == kFloat ? "f32" : "bf16", median, times[0],
      static_cast<double>(kBatch * kLength) / median * 1e3,
      static_cast<double>(usage.ru_maxrss) / 1024);
  if (!with_profile) return absl::OkStatus();
  Profile profile;
  RETURN_IF_ERROR(step.Run(feeds, absl::MakeSpan(results), {.profile = &profile}));
  std::printf("%s", profile.Table().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  bool profile = false, bf16 = false;
  for (; argc > 1 && argv[argc - 1][0] == '-'; --argc) {
    profile |= std::strcmp(argv[argc - 1], "--profile") == 0;
    bf16 |= std::strcmp(argv[argc - 1], "--bf16") == 0;
  }
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  const absl::Status status =
      viv::Measure(threads, seconds, bf16 ? viv::kBFloat16 : viv::kFloat, profile);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
