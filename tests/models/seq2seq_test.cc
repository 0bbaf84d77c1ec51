// The sequence-to-sequence net, with and without input feeding: training and decoding compute the
// same, padding changes nothing, a few examples can be learnt, descriptions of older nets are read.
#include "models/language/seq2seq.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/ops/array.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "gmock/gmock.h"
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

struct Trained {
  explicit Trained(const Seq2SeqOptions& options, float dropout = 0)
      : net(b, options), decoder(b, net) {
    for (Output* tokens : {&source, &in, &out}) *tokens = Placeholder(b, kInt32, {-1, -1});
    for (Output* lengths : {&source_lengths, &target_lengths}) {
      *lengths = Placeholder(b, kInt32, {-1});
    }
    const EncodedSource encoded = net.Encode(b, source, source_lengths, dropout);
    loss = net.Loss(b, encoded, in, out, target_lengths, {.dropout = dropout, .pad = kPad});
    update = Adam{.learning_rate = 0.02f}.Minimize(b, loss);
  }

  Session Start() {
    absl::StatusOr<Session> session = Session::Create(b, {.seed = 4});
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
  Seq2Seq net;
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

TEST(Seq2Seq, TrainingAndDecodingComputeTheSame) {
  for (const bool input_feeding : {false, true}) {
    for (const int layers : {1, 3}) {
      for (const bool attention : {true, false}) {
        Trained net(Options(input_feeding, layers, attention));
        Session session = net.Start();
        double log_prob = 0;
        int64_t pieces = 0;
        for (const auto& pair : SomePairs()) {
          log_prob += LogProbBySteps(net, session, pair);
          pieces += static_cast<int64_t>(pair.second.size()) + 1;
        }
        EXPECT_NEAR(net.Loss(session, SomePairs()), -log_prob / static_cast<double>(pieces), 1e-5)
            << input_feeding << layers << attention;
      }
    }
  }
}

TEST(Seq2Seq, PaddingChangesNothing) {
  for (const bool input_feeding : {false, true}) {
    Trained net(Options(input_feeding, 2));
    Session session = net.Start();
    double sum = 0;
    int64_t pieces = 0;
    for (const auto& pair : SomePairs()) {
      const auto n = static_cast<int64_t>(pair.second.size()) + 1;
      sum += net.Loss(session, {pair}) * static_cast<double>(n);
      pieces += n;
    }
    EXPECT_NEAR(net.Loss(session, SomePairs()), sum / static_cast<double>(pieces), 1e-5);
  }
}

TEST(Seq2Seq, LearnsAFewExamples) {
  for (const bool input_feeding : {false, true}) {
    Trained net(Options(input_feeding, 2), /*dropout=*/0.1f);
    Session session = net.Start();
    for (int i = 0; i < 250; ++i) {
      const auto results = session.Run(net.Batch(SomePairs()), {net.update});
      ASSERT_TRUE(results.ok()) << results.status();
    }
    for (const auto& pair : SomePairs()) {
      EXPECT_GT(LogProbBySteps(net, session, pair), -0.5) << input_feeding;
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

}  // namespace
}  // namespace viv
