// A training step of a Transformer of the size that the translators have: 3 encoder and 3 decoder
// layers of width 256, 4 heads, 512 units between attentions, vocabulary 6,000; 128 pairs of length
// 20, dropout 0.3, label smoothing 0.1, gradients clipped to 1, Adam. The net of
// tools/bench/transformer_torch.py, in the same form of output.
//
//   transformer_step [threads] [seconds] [--bf16] [--profile] [--dump FILE]
//
// --dump writes the weights, a few pairs and what decoding step by step makes of them, which the
// script compares with its own net (--compare FILE).
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/array.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "core/tensor/safetensors.h"
#include "core/train/optimizer.h"
#include "models/language/seq2seq_decoder.h"
#include "models/language/transformer.h"
#include "timed_runs.h"

namespace viv {
namespace {

constexpr int64_t kBatch = 128, kLength = 20;
constexpr int32_t kPad = 3;
const TransformerOptions kOptions;

struct Net {
  GraphBuilder b;
  Transformer transformer = Transformer(b, kOptions);
  Seq2SeqDecoder decoder = Seq2SeqDecoder(b, transformer);
  Output source, in, out, source_lengths, target_lengths;
  Output loss, update;
};

Net MakeNet() {
  Net net;
  const GraphBuilder& b = net.b;
  for (Output* tokens : {&net.source, &net.in, &net.out}) {
    *tokens = Placeholder(b, kInt32, {-1, -1});
  }
  for (Output* lengths : {&net.source_lengths, &net.target_lengths}) {
    *lengths = Placeholder(b, kInt32, {-1});
  }
  constexpr float kDropout = 0.3f;
  const EncodedSource encoded = net.transformer.Encode(b, net.source, net.source_lengths, kDropout);
  net.loss = net.transformer.Loss(b, encoded, net.in, net.out, net.target_lengths,
                                  {.dropout = kDropout, .label_smoothing = 0.1f, .pad = kPad});
  net.update = Adam{.learning_rate = 1e-3f, .options = {.clip_norm = 1}}.Minimize(b, net.loss);
  return net;
}

std::vector<int32_t> RandomTokens(uint64_t seed, int64_t count) {
  RandomStream random(seed);
  std::vector<int32_t> tokens(count);
  for (int32_t& token : tokens) {
    token = static_cast<int32_t>(4 + random.Below(static_cast<uint64_t>(kOptions.vocab_size - 4)));
  }
  return tokens;
}

struct Settings {
  int threads = 2;
  double seconds = 10;
  DType precision = kFloat;
  bool profile = false;
  std::string dump;
};

Tensor RandomSentences(uint64_t seed) {
  return Tensor::Of<int32_t>({kLength, kBatch}, RandomTokens(seed, kLength * kBatch));
}

// An update of the net on random pairs, to be run again and again.
absl::StatusOr<PreparedRun> PrepareStep(const Net& net, Session& session) {
  return session.Prepare({net.source, net.in, net.out, net.source_lengths, net.target_lengths},
                         {net.loss, net.update});
}
std::vector<Tensor> RandomPairs() {
  const Tensor lengths = Tensor::Vector<int32_t>(std::vector<int32_t>(kBatch, kLength));
  return {RandomSentences(1), RandomSentences(2), RandomSentences(3), lengths, lengths};
}

absl::Status Measure(const Settings& settings) {
  const Net net = MakeNet();
  ASSIGN_OR_RETURN(Session session, Session::Create(net.b, {.precision = settings.precision}));
  RETURN_IF_ERROR(session.Initialize());
  ASSIGN_OR_RETURN(const PreparedRun step, PrepareStep(net, session));
  const std::vector<Tensor> feeds = RandomPairs();
  Tensor results[2];
  ASSIGN_OR_RETURN(const std::vector<double> times,
                   TimeRuns(step, feeds, absl::MakeSpan(results), settings.seconds));
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const double median = times[times.size() / 2];
  std::printf(
      "train T=%d B=%d dtype=%s median_ms=%.2f best_ms=%.2f tokens_per_s=%.1f peak_rss_mb=%.0f\n",
      settings.threads, static_cast<int>(kBatch), settings.precision == kFloat ? "f32" : "bf16",
      median, times[0], static_cast<double>(kBatch * kLength) / median * 1e3,
      static_cast<double>(usage.ru_maxrss) / 1024);
  if (!settings.profile) return absl::OkStatus();
  Profile profile;
  RETURN_IF_ERROR(step.Run(feeds, absl::MakeSpan(results), {.profile = &profile}));
  std::printf("%s", profile.Table().c_str());
  return absl::OkStatus();
}

absl::Status Dump(const Settings& settings) {
  const Net net = MakeNet();
  ASSIGN_OR_RETURN(Session session, Session::Create(net.b, {.precision = settings.precision}));
  RETURN_IF_ERROR(session.Initialize());
  // A few updates, after which no bias is 0 any more.
  ASSIGN_OR_RETURN(const PreparedRun step, PrepareStep(net, session));
  Tensor results[2];
  for (int i = 0; i < 3; ++i) RETURN_IF_ERROR(step.Run(RandomPairs(), absl::MakeSpan(results)));
  constexpr int64_t kPairs = 3, kSteps = 7;
  std::vector<std::vector<int32_t>> sources;
  for (const int64_t length : {9, 4, 1}) sources.push_back(RandomTokens(length, length));
  const std::vector<int32_t> target = RandomTokens(100, kSteps * kPairs);
  ASSIGN_OR_RETURN(const std::unique_ptr<StepFunction> steps,
                   net.decoder.Start(session, sources, kPad));
  NamedTensors tensors;
  for (const Variable& v : Variables(net.b.graph(), /*trainable_only=*/true)) {
    ASSIGN_OR_RETURN(const std::vector<Tensor> value, session.Run({}, {v.Read()}));
    tensors[v.name()] = value[0];
  }
  std::vector<float> log_probs;
  std::vector<int> rows = {0, 1, 2};
  for (int64_t t = 0; t < kSteps; ++t) {
    Tensor one;
    const std::vector<int32_t> tokens(target.begin() + t * kPairs,
                                      target.begin() + (t + 1) * kPairs);
    RETURN_IF_ERROR(steps->Step(rows, tokens, &one));
    const auto values = one.flat<float>();
    log_probs.insert(log_probs.end(), values.begin(), values.end());
  }
  const PaddedBatch batch = PadSequences(sources, kPad);
  tensors["source"] = batch.tokens;
  tensors["source_lengths"] = batch.lengths;
  tensors["target"] = Tensor::Of<int32_t>({kSteps, kPairs}, target);
  tensors["log_probs"] = Tensor::Of<float>({kSteps, kPairs, kOptions.vocab_size}, log_probs);
  return WriteSafetensors(Env::Default(), settings.dump, tensors);
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  viv::Settings settings;
  int numbers = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--profile") == 0) {
      settings.profile = true;
    } else if (std::strcmp(argv[i], "--bf16") == 0) {
      settings.precision = viv::kBFloat16;
    } else if (std::strcmp(argv[i], "--dump") == 0 && i + 1 < argc) {
      settings.dump = argv[++i];
    } else if (argv[i][0] == '-') {
      std::fprintf(stderr, "what is '%s'? The head of this program's source lists its flags\n",
                   argv[i]);
      return 2;
    } else if (numbers++ == 0) {
      settings.threads = std::max(1, std::atoi(argv[i]));
    } else {
      settings.seconds = std::atof(argv[i]);
    }
  }
  viv::SetMaxThreads(settings.threads);
  const absl::Status status = settings.dump.empty() ? viv::Measure(settings) : viv::Dump(settings);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
