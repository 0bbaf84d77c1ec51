// Greedy decoding with a translator of the usual size: 2-layer LSTM encoder and decoder of 512,
// attention, vocabulary 10,000, random weights, 20 words from 20. The net and the work of
// tools/bench/seq2seq_torch.py --mode decode, in the same form of output; tools/bench/decode.py
// runs both.
//
//   decode [threads] [batch] [seconds] [--precision f32|bf16|int8] [--profile]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/rnn.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "models/layers/linear.h"
#include "models/layers/recurrent.h"
#include "timed_runs.h"

namespace viv {
namespace {

constexpr int64_t kHidden = 512, kVocabulary = 10000, kLength = 20;
constexpr int kLayers = 2;

struct Net {
  GraphBuilder b;
  Output source;  // [kLength, batch]
  Output words;   // [kLength, batch]
};

Net MakeNet(int64_t batch) {
  Net net;
  const GraphBuilder& b = net.b;
  net.source = Placeholder(b, kInt32, {kLength, batch});
  const Variable source_table(b, "source", RandomNormal(b, {kVocabulary, kHidden}));
  const Variable target_table(b, "target", RandomNormal(b, {kVocabulary, kHidden}));
  Output memory = Gather(b, source_table.Read(), net.source);
  std::vector<Output> carries;
  for (int i = 0; i < kLayers; ++i) {
    const std::string name = "encoder" + std::to_string(i);
    const LstmResult layer = Lstm(b, memory, {}, {}, MakeLstmWeights(b, name, kHidden, kHidden));
    memory = layer.outputs;
    carries.push_back(layer.last.h);
    carries.push_back(layer.last.c);
  }
  const Output keys = Linear(b, "score", kHidden, kHidden, /*bias=*/false).Apply(b, memory);
  const StackedLstm decoder(b, "decoder", kHidden, kHidden, kLayers);
  const Linear combine(b, "combine", 2 * kHidden, kHidden), out(b, "out", kHidden, kVocabulary);
  carries.push_back(Const(b, Tensor::Of<int64_t>({batch}, std::vector<int64_t>(batch, 0))));
  const auto step = [&](const GraphBuilder& inner, const Outputs& carry, const Outputs&) {
    std::vector<LstmState> states;
    for (int i = 0; i < kLayers; ++i) states.push_back({carry[2 * i], carry[2 * i + 1]});
    states = decoder.Step(inner, Gather(inner, target_table.Read(), carry[2 * kLayers]), states);
    const Output h = states.back().h;
    const Output query = Reshape(inner, h, std::vector<int64_t>{1, -1, kHidden});
    const Output context =
        FlattenTime(inner, Attention(inner, query, keys, memory, {}).context, kHidden);
    const Output mixed = Tanh(inner, combine.Apply(inner, Concat(inner, {context, h}, 1)));
    const Output word = ArgMax(inner, out.Apply(inner, mixed), 1);
    std::vector<Output> next;
    for (const LstmState& state : states) next.insert(next.end(), {state.h, state.c});
    next.push_back(word);
    return ScanValues{.carries = next, .outputs = {word}};
  };
  net.words = Scan(b, carries, {}, step, {.length = kLength}).outputs[0];
  return net;
}

struct Settings {
  int threads = 2;
  int batch = 1;
  double seconds = 3;
  std::string precision = "f32";
  bool profile = false;
};

absl::Status Measure(const Settings& settings) {
  SetMaxThreads(settings.threads);
  const Net net = MakeNet(settings.batch);
  ASSIGN_OR_RETURN(const DType precision, ParsePrecision(settings.precision));
  ASSIGN_OR_RETURN(Session session, Session::Create(net.b, {.precision = precision}));
  RETURN_IF_ERROR(session.Initialize());
  ASSIGN_OR_RETURN(const PreparedRun decode, session.Prepare({net.source}, {net.words}));
  RandomStream random(1);
  std::vector<int32_t> tokens(kLength * settings.batch);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.Below(kVocabulary));
  const Tensor feeds[] = {Tensor::Of<int32_t>({kLength, settings.batch}, tokens)};
  Tensor results[1];
  ASSIGN_OR_RETURN(const std::vector<double> times,
                   TimeRuns(decode, feeds, absl::MakeSpan(results), settings.seconds));
  const double median = times[times.size() / 2];
  std::printf("decode T=%d B=%d dtype=%s median_ms=%.2f best_ms=%.2f tokens_per_s=%.1f\n",
              settings.threads, settings.batch, settings.precision.c_str(), median, times[0],
              static_cast<double>(settings.batch * kLength) / median * 1e3);
  if (!settings.profile) return absl::OkStatus();
  Profile profile;
  RETURN_IF_ERROR(decode.Run(feeds, absl::MakeSpan(results), {.profile = &profile}));
  std::printf("%s", profile.Table().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  viv::Settings settings;
  int numbers = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--profile") == 0) {
      settings.profile = true;
    } else if (std::strcmp(argv[i], "--precision") == 0 && i + 1 < argc) {
      settings.precision = argv[++i];
    } else if (argv[i][0] == '-') {
      std::fprintf(stderr, "what is '%s'? The head of this program's source lists its flags\n",
                   argv[i]);
      return 2;
    } else if (numbers == 0) {
      settings.threads = std::max(1, std::atoi(argv[i]));
      ++numbers;
    } else if (numbers++ == 1) {
      settings.batch = std::max(1, std::atoi(argv[i]));
    } else {
      settings.seconds = std::atof(argv[i]);
    }
  }
  const absl::Status status = viv::Measure(settings);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
