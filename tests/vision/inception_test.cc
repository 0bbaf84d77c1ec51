// Inception nets: sizes, shapes, training, running statistics, class maps, descriptions.
#include "models/vision/inception.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/parallel.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/runtime/session.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

int64_t CountParameters(const GraphBuilder& b) {
  int64_t count = 0;
  for (const Variable& v : Variables(b.graph(), /*trainable_only=*/true)) {
    count += v.initial().shape().ToShape().num_elements();
  }
  return count;
}

TEST(Inception, HasThePublishedNumberOfParameters) {
  struct Case {
    const char* kind;
    int classes;
    bool auxiliary;
    int64_t parameters;
  };
  const Case cases[] = {{"v1", 1000, false, 6998552},      {"v1", 1000, true, 13378280},
                        {"v1_norm", 1000, false, 6624904}, {"v1_norm", 1000, true, 13004888},
                        {"v3", 1000, false, 23834568},     {"v3", 1000, true, 27161264},
                        {"small", 10, false, 1649402}};
  for (const Case& c : cases) {
    const GraphBuilder b;
    const Inception net(b, {.kind = c.kind, .classes = c.classes, .auxiliary = c.auxiliary});
    ASSERT_TRUE(b.ok()) << b.status();
    EXPECT_EQ(CountParameters(b), c.parameters) << c.kind;
  }
}

// Photos of random colours, a class each.
struct Batch {
  Tensor photos, labels;
};
Batch RandomBatch(int64_t n, int64_t extent) {
  std::vector<uint8_t> colours(n * extent * extent * 3);
  std::vector<int32_t> labels(n);
  uint32_t state = 1;
  for (uint8_t& colour : colours) {
    state = state * 1664525 + 1013904223;
    colour = static_cast<uint8_t>(state >> 24);
  }
  for (int64_t i = 0; i < n; ++i) labels[i] = static_cast<int32_t>(i % 3);
  return {Tensor::Of<uint8_t>({n, extent, extent, 3}, colours), Tensor::Vector<int32_t>(labels)};
}

struct Trained {
  explicit Trained(const InceptionOptions& options, Tune tune = Tune::kAll, bool recompute = false,
                   DType precision = kFloat)
      : net(b, options),
        photos(Placeholder(b, kUInt8, {-1, options.input_size, options.input_size, 3})),
        labels(Placeholder(b, kInt32, {-1})),
        training(net.ApplyToTrain(recompute ? b.Recomputing() : b, photos, tune)),
        inference(net.Apply(b, photos)) {
    loss = InceptionLoss(b, training, labels);
    const Sgd sgd = {
        .learning_rate = 0.02f, .momentum = 0.9f, .options = {.trains = net.Trains(tune)}};
    step = WithUpdates(b, sgd.Step(b, loss), training.updates);
    absl::StatusOr<Session> made = Session::Create(b, {.seed = 3, .precision = precision});
    EXPECT_TRUE(made.ok()) << made.status();
    if (!made.ok()) return;
    session = std::make_unique<Session>(*std::move(made));
    EXPECT_TRUE(session->Initialize().ok());
  }

  std::vector<Tensor> Run(const Batch& batch, const std::vector<Output>& fetches) {
    // Threads would gain little, and on a busy machine wait for each other.
    const SerialRegion serial;
    if (session == nullptr) return std::vector<Tensor>(fetches.size(), Tensor::Scalar(NAN));
    const auto results = session->Run({{photos, batch.photos}, {labels, batch.labels}}, fetches);
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? *results : std::vector<Tensor>(fetches.size(), Tensor::Scalar(NAN));
  }

  GraphBuilder b;
  Inception net;
  Output photos, labels;
  InceptionOutputs training, inference;
  Output loss;
  OptimizerStep step;
  std::unique_ptr<Session> session;
};

// What each net's gradients are is compared in inception_reference_test.cc.
TEST(Inception, LearnsAFewPhotos) {
  const std::vector<InceptionOptions> nets = {
      {.kind = "small", .input_size = 16, .classes = 3, .dropout = 0.1f},
      {.kind = "v1_norm", .input_size = 32, .classes = 3, .stem = "gentle", .auxiliary = true}};
  for (const InceptionOptions& options : nets) {
    Trained net(options);
    ASSERT_TRUE(net.b.ok()) << net.b.status();
    const Batch batch = RandomBatch(6, options.input_size);
    EXPECT_EQ(net.training.auxiliary.size(), options.auxiliary ? 2 : 0);
    const float first = net.Run(batch, {net.loss})[0].scalar<float>();
    for (int i = 0; i < 8; ++i) net.Run(batch, {net.step.update});
    const float last = net.Run(batch, {net.loss})[0].scalar<float>();
    EXPECT_LT(last, 0.8f * first) << options.ToJson();
  }
}

// Weights, momentum and running statistics after two updates.
TEST(Inception, LearnsTheSameBitsWhenItRecomputes) {
  struct Case {
    InceptionOptions net;
    Tune tune;
  };
  const Case cases[] = {
      {{.kind = "small", .input_size = 16, .classes = 3, .dropout = 0.1f}, Tune::kAll},
      {{.kind = "small", .input_size = 16, .classes = 3, .dropout = 0.1f}, Tune::kLast},
      {{.kind = "v1", .input_size = 32, .classes = 3, .stem = "gentle"}, Tune::kAll},
      {{.kind = "v1_norm", .input_size = 32, .classes = 3, .stem = "gentle", .auxiliary = true},
       Tune::kAll},
      {{.kind = "v3", .input_size = 32, .classes = 3, .stem = "gentle"}, Tune::kLast}};
  for (const Case& c : cases) {
    for (const DType precision : {kFloat, kBFloat16}) {
      SCOPED_TRACE(absl::StrCat(c.net.ToJson(), " ", DTypeName(precision)));
      const Batch batch = RandomBatch(3, c.net.input_size);
      std::vector<Tensor> weights[2];
      for (const bool recompute : {false, true}) {
        Trained net(c.net, c.tune, recompute, precision);
        ASSERT_TRUE(net.b.ok()) << net.b.status();
        std::vector<Output> reads;
        for (const Variable& v : Variables(net.b.graph(), /*trainable_only=*/false)) {
          reads.push_back(v.Read());
        }
        for (int i = 0; i < 2; ++i) net.Run(batch, {net.step.update});
        weights[recompute] = net.Run(batch, reads);
      }
      ASSERT_EQ(weights[0].size(), weights[1].size());
      size_t others = 0;
      for (size_t i = 0; i < weights[0].size(); ++i) {
        others += !weights[0][i].Identical(weights[1][i]);
      }
      EXPECT_EQ(others, 0u) << "of " << weights[0].size();
    }
  }
}

// Nets on photos as small as they take, and the last map's height, width and channels.
TEST(Inception, GivesMapsFeaturesAndLogits) {
  struct Case {
    const char *kind, *stem;
    int input_size;
    std::vector<int64_t> map;
  };
  const Case cases[] = {
      {"small", "published", 4, {1, 1, 336}},  {"v1", "published", 32, {1, 1, 1024}},
      {"v1", "gentle", 16, {1, 1, 1024}},      {"v1_norm", "published", 64, {2, 2, 1024}},
      {"v1_norm", "gentle", 32, {2, 2, 1024}}, {"v3", "published", 75, {1, 1, 2048}},
      {"v3", "gentle", 32, {1, 1, 2048}}};
  for (const Case& c : cases) {
    const GraphBuilder b;
    const Inception net(b,
                        {.kind = c.kind, .input_size = c.input_size, .classes = 3, .stem = c.stem});
    const Output photos = Placeholder(b, kUInt8, {-1, c.input_size, c.input_size, 3});
    const InceptionOutputs out = net.Apply(b, photos);
    auto session = Session::Create(b);
    ASSERT_TRUE(session.ok()) << session.status();
    ASSERT_TRUE(session->Initialize().ok());
    const auto got = session->Run({{photos, RandomBatch(2, c.input_size).photos}},
                                  {out.map, out.features, out.logits});
    ASSERT_TRUE(got.ok()) << got.status();
    std::vector<int64_t> map = c.map;
    map.insert(map.begin(), 2);
    EXPECT_EQ((*got)[0].shape(), Shape(map)) << c.kind << " " << c.stem;
    EXPECT_EQ((*got)[1].shape(), Shape({2, c.map.back()}));
    EXPECT_EQ((*got)[2].shape(), Shape({2, 3}));
    EXPECT_EQ(net.channels(), c.map.back());
    EXPECT_TRUE(out.updates.empty() && out.auxiliary.empty());
  }
}

TEST(Inception, TakesPhotosOfOtherSizesAndFloats) {
  const GraphBuilder b;
  const Inception net(b, {.kind = "small", .input_size = 32, .classes = 4});
  const Output photos = Placeholder(b, kFloat, {-1, -1, -1, 3});
  const Output logits = net.Apply(b, photos).logits;
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(session->Initialize().ok());
  for (const Shape& shape : {Shape({1, 32, 32, 3}), Shape({2, 17, 40, 3}), Shape({0, 9, 9, 3})}) {
    const auto got = session->Run({{photos, *Tensor::Zeros(kFloat, shape)}}, {logits});
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ((*got)[0].shape(), Shape({shape.dim(0), 4}));
  }
}

// After enough steps on one batch the running statistics are that batch's, and both graphs agree.
TEST(Inception, RunningStatisticsFollowTheBatches) {
  Trained net({.kind = "small", .input_size = 16, .classes = 3, .dropout = 0});
  const Batch batch = RandomBatch(4, 16);
  const Output updates = Group(net.b, net.training.updates);
  EXPECT_EQ(net.training.updates.size(), 2 * 19);
  for (int i = 0; i < 150; ++i) net.Run(batch, {updates});
  const std::vector<Tensor> got = net.Run(batch, {net.training.logits, net.inference.logits});
  for (int64_t i = 0; i < got[0].num_elements(); ++i) {
    EXPECT_NEAR(got[0].data<float>()[i], got[1].data<float>()[i], 1e-4);
  }
}

TEST(Inception, TunesAPart) {
  for (const Tune tune : {Tune::kHead, Tune::kLast}) {
    Trained net({.kind = "small", .input_size = 16, .classes = 3}, tune);
    const std::map<std::string, Tensor> before = net.session->VariableValues();
    for (int i = 0; i < 2; ++i) net.Run(RandomBatch(4, 16), {net.step.update});
    std::map<std::string, int> moved;  // by the first part of their names
    for (const auto& [name, value] : net.session->VariableValues()) {
      if (absl::StartsWith(name, "optimizer/") || value.Identical(before.at(name))) continue;
      ++moved[name.substr(0, name.find('/'))];
    }
    const std::map<std::string, int> head = {{"classes", 2}};
    // Each module: two convolutions with filter, offset, mean and variance.
    const std::map<std::string, int> last = {{"3a", 8}, {"3b", 8}, {"classes", 2}};
    EXPECT_EQ(moved, tune == Tune::kHead ? head : last);
  }
}

TEST(Inception, ClassMapsSumToTheLogits) {
  Trained net({.kind = "small", .input_size = 16, .classes = 3});
  const Output map = net.net.ClassMap(net.b, net.inference, net.labels);
  Batch batch = RandomBatch(5, 16);
  net.Run(batch, {net.step.update});
  // So that the class's bias counts.
  ASSERT_TRUE(net.session->SetVariable("classes/bias", Tensor::Vector<float>({1, 20, 300})).ok());
  const std::vector<Tensor> got = net.Run(batch, {map, net.inference.logits});
  ASSERT_EQ(got[0].shape(), Shape({5, 4, 4}));
  for (int64_t n = 0; n < 5; ++n) {
    const int64_t label = n % 3;
    double sum = label == 0 ? 1 : label == 1 ? 20 : 300;
    for (int i = 0; i < 16; ++i) sum += got[0].data<float>()[n * 16 + i];
    EXPECT_NEAR(sum, got[1].data<float>()[n * 3 + label], 1e-3);
  }
}

TEST(Inception, NamesItsVariablesWithinAScope) {
  const GraphBuilder b;
  const Inception net(b.Scope("encoder"), {.kind = "v1_norm"});
  std::vector<std::string> names;
  for (const Variable& v : Variables(b.graph(), false)) {
    if (absl::StartsWith(v.name(), "encoder/3a/branch2/1/")) names.push_back(v.name());
  }
  EXPECT_THAT(names, ElementsAre("encoder/3a/branch2/1/filter", "encoder/3a/branch2/1/scale",
                                 "encoder/3a/branch2/1/offset", "encoder/3a/branch2/1/mean",
                                 "encoder/3a/branch2/1/variance"));
  const auto last = net.Trains(Tune::kLast), head = net.Trains(Tune::kHead);
  int of_last = 0, of_head = 0;
  for (const Variable& v : Variables(b.graph(), true)) {
    of_last += last(v);
    of_head += head(v);
  }
  EXPECT_EQ(of_last, 2 * 6 * 3 + 2);  // two modules of six normalised convolutions
  EXPECT_EQ(of_head, 2);
}

TEST(InceptionOptions, AreReadAsTheyWereWritten) {
  const InceptionOptions options = {.kind = "v3",
                                    .input_size = 128,
                                    .classes = 109,
                                    .dropout = 0.25f,
                                    .stem = "gentle",
                                    .auxiliary = true};
  const auto read = InceptionOptions::FromJson(options.ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ToJson(), options.ToJson());
  EXPECT_THAT(options.ToJson(), HasSubstr("\"kind\": \"v3\""));
}

TEST(InceptionOptions, RefuseWhatIsOutOfRange) {
  struct Case {
    InceptionOptions options;
    const char* message;
  };
  const Case cases[] = {
      {{.kind = "v9"}, "kind 'v9', not one of v1, v1_norm, v3, small"},
      {{.stem = "soft"}, "the stem is 'soft', neither published nor gentle"},
      {{.kind = "small", .stem = "gentle"}, "gentle as it was published"},
      {{.kind = "small", .auxiliary = true}, "no auxiliary classifiers"},
      {{.kind = "v3", .input_size = 64}, "the size of photos is 64: it must lie between 75"},
      {{.classes = 0}, "the number of classes is 0"},
      {{.dropout = NAN}, "dropout is nan"},
      {{.dropout = 1}, "dropout is 1"}};
  for (const Case& c : cases) {
    EXPECT_THAT(std::string(c.options.Check().message()), HasSubstr(c.message));
    const GraphBuilder b;
    const Inception net(b, c.options);
    EXPECT_THAT(std::string(b.status().message()), HasSubstr(c.message));
    EXPECT_FALSE(InceptionOptions::FromJson(c.options.ToJson()).ok());
  }
}

TEST(Inception, SaysWherePhotosAreTooSmallForItsAuxiliaryClassifiers) {
  const GraphBuilder b;
  const Inception net(b, {.kind = "v1_norm", .input_size = 32, .auxiliary = true});
  const Output photos = Placeholder(b, kUInt8, {-1, 32, 32, 3});
  net.Apply(b, photos);
  EXPECT_TRUE(b.ok()) << b.status();
  net.ApplyToTrain(b, photos);
  EXPECT_THAT(std::string(b.status().message()),
              HasSubstr("needs a map of 4 x 4, not one of the shape [?, 2, 2, 512]"));
}

}  // namespace
}  // namespace viv
