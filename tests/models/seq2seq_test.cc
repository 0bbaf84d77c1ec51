// The nets that translate, recurrent ones with and without input feeding and Transformers: training
// and decoding compute the same, padding changes nothing, a few examples can be learnt,
// descriptions of older nets are read.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/ops/array.h"
#include "core/ops/state.h"
#include "core/runtime/profile.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "gmock/gmock.h"
#include "models/language/net_options.h"
#include "models/language/seq2seq_decoder.h"

namespace viv {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int32_t kBegin = 1, kEnd = 2, kPad = 3;

using Sentence = std::vector<int32_t>;
using Pairs = std::vector<std::pair<Sentence, Sentence>>;  // without begin and end

const Pairs& SomePairs() {
  static const auto* pairs = new Pairs{
      {{4, 5, 6}, {7, 8}}, {{6, 5}, {8, 7, 9, 10}}, {{9}, {4}}, {{10, 4, 7, 8, 9}, {5, 6, 11}}};
  return *pairs;
}

Seq2SeqOptions Options(bool input_feeding, int decoder_layers = 1, bool attention = true) {
  return {.vocab_size = 13,
          .embed = 6,
          .encoder_hidden = 5,
          .hidden = 8,
          .decoder_layers = decoder_layers,
          .attention = attention,
          .input_feeding = input_feeding};
}

TransformerOptions SmallTransformer(int64_t heads, int layers) {
  return {.vocab_size = 13,
          .width = 8,
          .heads = heads,
          .feed_forward = 11,
          .encoder_layers = layers,
          .decoder_layers = layers};
}

struct Trained {
  explicit Trained(const NetOptions& options, float dropout = 0)
      : Trained(options, dropout, "", "") {}
  // The net's two parts on these devices.
  Trained(const NetOptions& options, float dropout, const std::string& encoder_device,
          const std::string& decoder_device)
      : net(options.Build(b)), decoder(b, *net) {
    for (Output* tokens : {&source, &in, &out}) *tokens = Placeholder(b, kInt32, {-1, -1});
    for (Output* lengths : {&source_lengths, &target_lengths}) {
      *lengths = Placeholder(b, kInt32, {-1});
    }
    const EncodedSource encoded =
        net->Encode(b.OnDevice(encoder_device), source, source_lengths, dropout);
    loss = net->Loss(b.OnDevice(decoder_device), encoded, in, out, target_lengths,
                     {.dropout = dropout, .pad = kPad});
    update = Adam{.learning_rate = 0.02f}.Minimize(b, loss);
  }

  Session Start(int cpu_devices = 1) {
    absl::StatusOr<Session> session = Session::Create(b, {.seed = 4, .cpu_devices = cpu_devices});
    EXPECT_TRUE(session.ok()) << session.status();
    EXPECT_TRUE(session->Initialize().ok());
    return *std::move(session);
  }

  Feeds Batch(const Pairs& pairs) const {
    std::vector<Sentence> sources, ins, outs;
    for (const auto& [from, to] : pairs) {
      sources.push_back(from);
      sources.back().push_back(kEnd);
      ins.push_back({kBegin});
      ins.back().insert(ins.back().end(), to.begin(), to.end());
      outs.push_back(to);
      outs.back().push_back(kEnd);
    }
    const PaddedBatch s = PadSequences(sources, kPad), i = PadSequences(ins, kPad),
                      o = PadSequences(outs, kPad);
    return {{source, s.tokens},
            {source_lengths, s.lengths},
            {in, i.tokens},
            {out, o.tokens},
            {target_lengths, o.lengths}};
  }

  float Loss(Session& session, const Pairs& pairs) const {
    const auto results = session.Run(Batch(pairs), {loss});
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? (*results)[0].scalar<float>() : NAN;
  }

  GraphBuilder b;
  std::unique_ptr<TranslationNet> net;
  Seq2SeqDecoder decoder;
  Output source, source_lengths, in, out, target_lengths, loss, update;
};

// What a decoder's steps make of the pair: the sum of the log probabilities of the target's pieces.
double LogProbBySteps(Trained& net, Session& session, const std::pair<Sentence, Sentence>& pair) {
  Sentence source = pair.first, target = pair.second;
  source.push_back(kEnd);
  target.push_back(kEnd);
  auto steps = net.decoder.Start(session, {source}, kPad);
  EXPECT_TRUE(steps.ok()) << steps.status();
  double sum = 0;
  int32_t token = kBegin;
  for (const int32_t next : target) {
    Tensor log_probs;
    EXPECT_TRUE((*steps)->Step({0}, {token}, &log_probs).ok());
    sum += log_probs.data<float>()[next];
    token = next;
  }
  return sum;
}

// With a name for messages.
std::vector<std::pair<std::string, NetOptions>> Nets() {
  std::vector<std::pair<std::string, NetOptions>> nets;
  for (const bool input_feeding : {false, true}) {
    for (const int layers : {1, 3}) {
      for (const bool attention : {true, false}) {
        nets.push_back({absl::StrCat("lstm ", input_feeding, layers, attention),
                        Options(input_feeding, layers, attention)});
      }
    }
  }
  for (const int heads : {1, 4}) {
    for (const int layers : {1, 2}) {
      nets.push_back(
          {absl::StrCat("transformer ", heads, layers), SmallTransformer(heads, layers)});
    }
  }
  return nets;
}

TEST(TranslationNet, TrainingAndDecodingComputeTheSame) {
  for (const auto& [name, options] : Nets()) {
    Trained net(options);
    Session session = net.Start();
    double log_prob = 0;
    int64_t pieces = 0;
    for (const auto& pair : SomePairs()) {
      log_prob += LogProbBySteps(net, session, pair);
      pieces += static_cast<int64_t>(pair.second.size()) + 1;
    }
    EXPECT_NEAR(net.Loss(session, SomePairs()), -log_prob / static_cast<double>(pieces), 1e-5)
        << name;
  }
}

TEST(TranslationNet, PaddingChangesNothing) {
  for (const auto& [name, options] : Nets()) {
    Trained net(options);
    Session session = net.Start();
    double sum = 0;
    int64_t pieces = 0;
    for (const auto& pair : SomePairs()) {
      const auto n = static_cast<int64_t>(pair.second.size()) + 1;
      sum += net.Loss(session, {pair}) * static_cast<double>(n);
      pieces += n;
    }
    EXPECT_NEAR(net.Loss(session, SomePairs()), sum / static_cast<double>(pieces), 1e-5) << name;
  }
}

// Hypotheses that change places, double and leave go on from the states of their parents, and look
// at their own example.
TEST(TranslationNet, StatesFollowTheirParents) {
  for (const auto& [name, options] : Nets()) {
    Trained net(options);
    Session session = net.Start();
    const auto steps = [&](const std::vector<Sentence>& sources) {
      auto steps = net.decoder.Start(session, sources, kPad);
      EXPECT_TRUE(steps.ok()) << steps.status();
      return *std::move(steps);
    };
    Tensor both, last;
    const auto joined = steps({{4, 5, 6, kEnd}, {9, kEnd}});
    ASSERT_TRUE(joined->Step({0, 1}, {kBegin, kBegin}, &both).ok());
    ASSERT_TRUE(joined->Step({1, 0, 0}, {7, 8, 9}, &both).ok());
    const auto expect = [&](const Sentence& source, const Sentence& target, int64_t row) {
      const auto alone = steps({source});
      for (const int32_t token : target) ASSERT_TRUE(alone->Step({0}, {token}, &last).ok());
      for (int64_t i = 0; i < last.dim(1); ++i) {
        EXPECT_NEAR(last.data<float>()[i], both.data<float>()[row * last.dim(1) + i], 1e-5) << name;
      }
    };
    // Rows that may share their example's memory.
    ASSERT_TRUE(joined->Step({2, 1, 0, 0}, {5, 4, 6, 10}, &both).ok());
    expect({4, 5, 6, kEnd}, {kBegin, 9, 5}, 0);
    expect({4, 5, 6, kEnd}, {kBegin, 8, 4}, 1);
    expect({9, kEnd}, {kBegin, 7, 6}, 2);
    expect({9, kEnd}, {kBegin, 7, 10}, 3);
    ASSERT_TRUE(joined->Step({3, 2}, {4, 5}, &both).ok());
    expect({9, kEnd}, {kBegin, 7, 10, 4}, 0);
    expect({9, kEnd}, {kBegin, 7, 6, 5}, 1);
  }
}

// For each word of the target a share of each piece of its source and of no padding, the same
// whatever else is in the batch.
TEST(TranslationNet, AttendsToItsOwnSource) {
  std::vector<Sentence> sources, targets;
  for (const auto& [source, target] : SomePairs()) {
    sources.push_back(source);
    sources.back().push_back(kEnd);
    targets.push_back(target);
  }
  for (const auto& [name, options] : Nets()) {
    Trained net(options);
    if (!net.decoder.has_attention()) continue;
    Session session = net.Start();
    const auto all = net.decoder.Attend(session, sources, targets, kBegin, kPad);
    ASSERT_TRUE(all.ok()) << all.status();
    for (size_t i = 0; i < sources.size(); ++i) {
      const auto alone = net.decoder.Attend(session, {sources[i]}, {targets[i]}, kBegin, kPad);
      ASSERT_TRUE(alone.ok()) << alone.status();
      ASSERT_EQ((*all)[i].size(), targets[i].size() + 1);
      for (size_t t = 0; t <= targets[i].size(); ++t) {
        const std::vector<float>& shares = (*all)[i][t];
        ASSERT_EQ(shares.size(), sources[i].size());
        EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-5) << name;
        for (size_t s = 0; s < shares.size(); ++s) {
          EXPECT_GE(shares[s], 0) << name;
          EXPECT_NEAR(shares[s], (*alone)[0][t][s], 1e-5) << name;
        }
      }
    }
  }
}

// The gradient of the loss, along a step of all variables at once, against the loss before and
// behind it.
TEST(TranslationNet, HasTheGradientsOfItsLoss) {
  for (const auto& [name, options] : Nets()) {
    Trained net(options);
    std::vector<Output> values;
    const std::vector<Variable> variables = Variables(net.b.graph(), /*trainable_only=*/true);
    for (const Variable& variable : variables) values.push_back(variable.Read());
    const auto gradients = DenseGradients(net.b, {net.loss}, values);
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    Session session = net.Start();
    const auto slopes = session.Run(net.Batch(SomePairs()), *gradients);
    ASSERT_TRUE(slopes.ok()) << slopes.status();
    const std::map<std::string, Tensor> start = session.VariableValues();
    RandomStream random(7);
    // Far more than a float's rounding, far less than what bends the loss: the corners of a
    // Transformer's ReLUs.
    constexpr float kStep = 0.0005f;
    double expected = 0, losses[2] = {};
    std::vector<std::vector<float>> directions;
    for (size_t i = 0; i < variables.size(); ++i) {
      directions.emplace_back();
      for (const float slope : (*slopes)[i].flat<float>()) {
        directions.back().push_back(random.Uniform() < 0.5f ? -1.0f : 1.0f);
        expected += slope * directions.back().back();
      }
    }
    for (const int side : {0, 1}) {
      for (size_t i = 0; i < variables.size(); ++i) {
        Tensor moved = *start.at(variables[i].name()).Clone();
        float* const values = moved.mutable_data<float>();
        for (size_t k = 0; k < directions[i].size(); ++k) {
          values[k] += (side == 0 ? -kStep : kStep) * directions[i][k];
        }
        ASSERT_TRUE(session.SetVariable(variables[i].name(), moved).ok());
      }
      losses[side] = net.Loss(session, SomePairs());
    }
    const double measured = (losses[1] - losses[0]) / (2 * kStep);
    EXPECT_NEAR(measured, expected, 0.02 * std::max(1.0, std::abs(expected))) << name;
    EXPECT_GT(std::abs(expected), 0.01) << name;
  }
}

TEST(TranslationNet, LearnsAFewExamples) {
  for (const NetOptions& options : {NetOptions(Options(false, 2)), NetOptions(Options(true, 2)),
                                    NetOptions(SmallTransformer(2, 2))}) {
    Trained net(options, /*dropout=*/0.1f);
    Session session = net.Start();
    for (int i = 0; i < 250; ++i) {
      const auto results = session.Run(net.Batch(SomePairs()), {net.update});
      ASSERT_TRUE(results.ok()) << results.status();
    }
    for (const auto& pair : SomePairs()) {
      EXPECT_GT(LogProbBySteps(net, session, pair), -0.5) << options.Describe();
    }
  }
}

// Encoder and decoder on a device each: the same bits.
TEST(Seq2Seq, TrainsOnTwoDevicesAsOnOne) {
  for (const NetOptions& options : {NetOptions(Options(false, 2)), NetOptions(Options(true, 2)),
                                    NetOptions(SmallTransformer(2, 2))}) {
    Trained net(options, /*dropout=*/0.1f, "/device:cpu:0", "/device:cpu:1");
    Session one = net.Start(), two = net.Start(/*cpu_devices=*/2);
    Profile profile;
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(one.Run(net.Batch(SomePairs()), {net.update}).ok());
      const auto run =
          two.Run(net.Batch(SomePairs()), {net.update}, {.profile = i == 9 ? &profile : nullptr});
      ASSERT_TRUE(run.ok()) << run.status();
    }
    const std::map<std::string, Tensor> values = two.VariableValues();
    for (const auto& [name, value] : one.VariableValues()) {
      EXPECT_TRUE(value.Identical(values.at(name))) << name;
    }
    std::map<std::string, int> kernels, sends;  // by device
    for (const Profile::Event& event : profile.events()) {
      ++(event.op == "Send" ? sends : kernels)[event.device];
    }
    for (const char* device :
         {"/job:local/task:0/device:cpu:0", "/job:local/task:0/device:cpu:1"}) {
      EXPECT_GT(kernels[device], 20) << device;
      EXPECT_GT(sends[device], 0) << device;
    }
  }
}

TEST(Seq2SeqOptions, ReadsDescriptionsOfOlderNets) {
  const std::string old = Options(false).ToJson();
  EXPECT_THAT(old, Not(HasSubstr("input_feeding")));
  absl::StatusOr<Seq2SeqOptions> read = Seq2SeqOptions::FromJson(old);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->input_feeding);
  const std::string fed = Options(true).ToJson();
  EXPECT_THAT(fed, HasSubstr("input_feeding"));
  EXPECT_TRUE(Seq2SeqOptions::FromJson(fed)->input_feeding);

  std::string wrong = fed;
  wrong.replace(wrong.find("input_feeding"), 5, "INPUT");
  EXPECT_THAT(std::string(Seq2SeqOptions::FromJson(wrong).status().message()),
              HasSubstr("keys that this version lacks"));
  wrong = fed;
  wrong.replace(wrong.find("\"hidden\""), 8, "\"hiding\"");
  EXPECT_FALSE(Seq2SeqOptions::FromJson(wrong).ok());
}

TEST(NetOptions, KnowsTheKindOfANet) {
  const NetOptions recurrent = Options(false), transformer = SmallTransformer(2, 2);
  EXPECT_EQ(recurrent.ToJson(), Options(false).ToJson());
  EXPECT_EQ(NetOptions::FromJson(recurrent.ToJson())->ToJson(), recurrent.ToJson());
  EXPECT_THAT(transformer.ToJson(), HasSubstr("\"kind\": \"transformer\""));
  absl::StatusOr<NetOptions> read = NetOptions::FromJson(transformer.ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ToJson(), transformer.ToJson());
  EXPECT_THAT(read->Describe(), HasSubstr("2 encoder layers and 2 decoder layers of width 8"));
  read->set_vocab_size(20);
  EXPECT_EQ(read->vocab_size(), 20);

  const auto message = [](const std::string& json) {
    return std::string(NetOptions::FromJson(json).status().message());
  };
  EXPECT_THAT(message("{\"kind\": \"convolution\"}"), HasSubstr("which this version lacks"));
  EXPECT_THAT(message("{\"kind\": 7}"), HasSubstr("the net's description is damaged"));
  EXPECT_THAT(message("[]"), HasSubstr("the net's description is damaged"));
  TransformerOptions odd = SmallTransformer(3, 2);
  EXPECT_THAT(std::string(odd.Check().message()),
              HasSubstr("must be a multiple of 2 and of the 3"));
  EXPECT_THAT(message(NetOptions(odd).ToJson()), HasSubstr("must be a multiple of 2 and of the 3"));
}

}  // namespace
}  // namespace viv
