// A training step of a translator of the usual size: 2-layer LSTM encoder and decoder of 512,
// attention, vocabulary 10,000, batch 64, length 20; gradients clipped to 5, SGD. The net of
// tools/bench/seq2seq_torch.py, in the same form of output.
//
//   seq2seq_step [threads] [seconds] [--bf16] [--profile] [--input_feeding]
//                [--cpu_devices=N] [--by_cost] [--explain]
//
// With input feeding (Luong et al. 2015) the decoder goes step by step: --unrolled there.
//
// On several CPU devices, one thread each, the encoder is on the first and the rest on the last;
// what each does is printed. --by_cost: no hints, the placer spreads the nodes by the times of a
// run on one device. --explain prints every node and its device.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
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
#include "core/runtime/cost_model.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "models/layers/linear.h"
#include "models/layers/recurrent.h"
#include "timed_runs.h"

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

// [T, B, H], from which the output is computed.
Output Decode(BuilderRef b, Output words, Output memory, const std::vector<LstmState>& encoded) {
  std::vector<LstmState> decoded;
  const Output keys = Linear(b, "score", kHidden, kHidden, /*bias=*/false).Apply(b, memory);
  const Linear combine(b, "combine", 2 * kHidden, kHidden);
  const Output states = Layers(b, "decoder", words, encoded, &decoded);
  const AttentionResult attention = Attention(b, states, keys, memory, {});
  return Tanh(b, combine.Apply(b, Concat(b, {attention.context, states}, 2)));
}

// The same, each step reading what the one before gave.
Output DecodeStepByStep(BuilderRef b, Output words, Output memory,
                        const std::vector<LstmState>& encoded) {
  const Output keys = Linear(b, "score", kHidden, kHidden, /*bias=*/false).Apply(b, memory);
  const Linear combine(b, "combine", 2 * kHidden, kHidden);
  const StackedLstm decoder(b, "decoder", 2 * kHidden, kHidden, kLayers);
  const Output weights = decoder.JoinWeights(b, kHidden);
  std::vector<Output> carries;
  for (const LstmState& state : encoded) {
    carries.push_back(state.h);
    carries.push_back(state.c);
  }
  carries.push_back(ZeroRows(b, words, /*batch_axis=*/1, kHidden));
  const auto body = [&](const GraphBuilder& inner, const Outputs& carry, const Outputs& rows) {
    std::vector<LstmState> states;
    for (int i = 0; i < kLayers; ++i) states.push_back({carry[2 * i], carry[2 * i + 1]});
    states = decoder.ProjectedStep(inner, rows[0], carry[2 * kLayers], weights, states, 0);
    const Output h = states.back().h;
    const Output query = Reshape(inner, h, std::vector<int64_t>{1, kBatch, kHidden});
    const AttentionResult attention = Attention(inner, query, keys, memory, {});
    const Output context = FlattenTime(inner, attention.context, kHidden);
    const Output mixed = Tanh(inner, combine.Apply(inner, Concat(inner, {context, h}, 1)));
    std::vector<Output> next;
    for (const LstmState& state : states) next.insert(next.end(), {state.h, state.c});
    next.push_back(mixed);
    return ScanValues{.carries = next, .outputs = {mixed}};
  };
  return Scan(b, carries, {decoder.Project(b, words, kHidden)}, body).outputs[0];
}

// `encoder` and `decoder`: where they are, perhaps "" (anywhere). Gradients and updates follow what
// they are made of.
Net MakeNet(bool input_feeding, const std::string& encoder, const std::string& decoder) {
  Net net;
  const GraphBuilder first = net.b.OnDevice(encoder), b = net.b.OnDevice(decoder);
  net.source = Placeholder(first, kInt32, {kLength, kBatch});
  net.target = Placeholder(b, kInt32, {kLength, kBatch});
  const Variable source_table(first, "source", RandomNormal(first, {kVocabulary, kHidden}));
  const Variable target_table(b, "target", RandomNormal(b, {kVocabulary, kHidden}));
  std::vector<LstmState> encoded;
  const Output memory =
      Layers(first, "encoder", Gather(first, source_table.Read(), net.source), {}, &encoded);
  const Output words = Gather(b, target_table.Read(), net.target);
  const Output mixed = input_feeding ? DecodeStepByStep(b, words, memory, encoded)
                                     : Decode(b, words, memory, encoded);
  const Output logits =
      Linear(b, "out", kHidden, kVocabulary).Apply(b, FlattenTime(b, mixed, kHidden));
  const Output labels = Reshape(b, net.target, std::vector<int64_t>{-1});
  net.loss = Mean(b, SoftmaxCrossEntropy(b, logits, labels));
  net.update = Sgd{.learning_rate = 0.1f, .options = {.clip_norm = 5}}.Minimize(net.b, net.loss);
  return net;
}

Tensor RandomTokens(uint64_t seed) {
  RandomStream random(seed);
  std::vector<int32_t> tokens(kLength * kBatch);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.Below(kVocabulary));
  return Tensor::Of<int32_t>({kLength, kBatch}, tokens);
}

struct Settings {
  int threads = 2;
  double seconds = 10;
  DType precision = kFloat;
  bool profile = false, input_feeding = false;
  int cpu_devices = 1;
  bool by_cost = false, explain = false;
};

// One line a device: what it did in a run.
void PrintDevices(const Profile& profile) {
  struct Work {
    int kernels = 0, sends = 0;
    double computing = 0, waiting = 0;  // ms
  };
  std::map<std::string, Work> devices;
  for (const Profile::Event& event : profile.events()) {
    Work& work = devices[event.device];
    (event.op == "Send" ? work.sends : work.kernels) += event.op == "Receive" ? 0 : 1;
    (event.op == "Receive" ? work.waiting : work.computing) +=
        static_cast<double>(event.end - event.begin) * 1e-6;
  }
  for (const auto& [device, work] : devices) {
    std::printf("%s: %d kernels and %d sends in %.1f ms, waits for %.1f ms\n", device.c_str(),
                work.kernels, work.sends, work.computing, work.waiting);
  }
}

// A session of the net, and the costs of its nodes where they decide.
absl::StatusOr<Session> Start(const Net& net, const Settings& settings) {
  SessionOptions options = {.precision = settings.precision, .cpu_devices = settings.cpu_devices};
  if (settings.by_cost) {
    ASSIGN_OR_RETURN(Session session, Session::Create(net.b, {.precision = settings.precision}));
    RETURN_IF_ERROR(session.Initialize());
    const Feeds feeds = {{net.source, RandomTokens(1)}, {net.target, RandomTokens(2)}};
    Profile profile;
    RETURN_IF_ERROR(session.Run(feeds, {net.loss, net.update}).status());
    RETURN_IF_ERROR(session.Run(feeds, {net.loss, net.update}, {.profile = &profile}).status());
    options.costs = std::make_shared<CostModel>(profile);
  }
  ASSIGN_OR_RETURN(Session session, Session::Create(net.b, options));
  RETURN_IF_ERROR(session.Initialize());
  return session;
}

void Report(const Settings& settings, const std::vector<double>& times) {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const double median = times[times.size() / 2];
  std::printf(
      "train%s T=%d B=%d dtype=%s median_ms=%.2f best_ms=%.2f tokens_per_s=%.1f "
      "peak_rss_mb=%.0f\n",
      settings.input_feeding ? "_unrolled" : "", settings.threads, static_cast<int>(kBatch),
      settings.precision == kFloat ? "f32" : "bf16", median, times[0],
      static_cast<double>(kBatch * kLength) / median * 1e3,
      static_cast<double>(usage.ru_maxrss) / 1024);
}

absl::Status Measure(const Settings& settings) {
  SetMaxThreads(settings.threads);
  const bool hints = settings.cpu_devices > 1 && !settings.by_cost;
  const Net net =
      MakeNet(settings.input_feeding, hints ? "/device:cpu:0" : "",
              hints ? "/device:cpu:" + std::to_string(settings.cpu_devices - 1) : std::string());
  ASSIGN_OR_RETURN(Session session, Start(net, settings));
  ASSIGN_OR_RETURN(const PreparedRun step,
                   session.Prepare({net.source, net.target}, {net.loss, net.update}));
  const Tensor feeds[] = {RandomTokens(1), RandomTokens(2)};
  Tensor results[2];
  ASSIGN_OR_RETURN(const std::vector<double> times,
                   TimeRuns(step, feeds, absl::MakeSpan(results), settings.seconds));
  Report(settings, times);
  if (settings.explain) std::printf("%s", step.Explain().c_str());
  if (!settings.profile && settings.cpu_devices == 1) return absl::OkStatus();
  Profile profile;
  RETURN_IF_ERROR(step.Run(feeds, absl::MakeSpan(results), {.profile = &profile}));
  if (settings.cpu_devices > 1) PrintDevices(profile);
  if (settings.profile) std::printf("%s", profile.Table().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  constexpr char kDevices[] = "--cpu_devices=";
  viv::Settings settings;
  int numbers = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kDevices, std::strlen(kDevices)) == 0) {
      settings.cpu_devices = std::atoi(argv[i] + std::strlen(kDevices));
    } else if (std::strcmp(argv[i], "--by_cost") == 0) {
      settings.by_cost = true;
    } else if (std::strcmp(argv[i], "--explain") == 0) {
      settings.explain = true;
    } else if (std::strcmp(argv[i], "--profile") == 0) {
      settings.profile = true;
    } else if (std::strcmp(argv[i], "--input_feeding") == 0) {
      settings.input_feeding = true;
    } else if (std::strcmp(argv[i], "--bf16") == 0) {
      settings.precision = viv::kBFloat16;
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
  const absl::Status status = viv::Measure(settings);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
