// Convolutions beyond the cases of their ops: how oneDNN computes them, what is packed when, the
// forms built of them, and training in bfloat16.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/isa.h"
#include "core/base/parallel.h"
#include "core/kernels/cpu/int8_convolution.h"
#include "core/kernels/cpu/onednn_convolution.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/ops/array.h"
#include "core/ops/image.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The convolutions of GoogLeNet at 224 x 224.
struct Layer {
  int64_t extent, c, k, window, stride;
};
std::vector<Layer> GoogLeNet() {
  std::vector<Layer> layers = {{224, 3, 64, 7, 2}, {56, 64, 64, 1, 1}, {56, 64, 192, 3, 1}};
  struct Module {
    int64_t extent, in, one, reduce3, three, reduce5, five, pool;
  };
  const Module modules[] = {
      {28, 192, 64, 96, 128, 16, 32, 32},     {28, 256, 128, 128, 192, 32, 96, 64},
      {14, 480, 192, 96, 208, 16, 48, 64},    {14, 512, 160, 112, 224, 24, 64, 64},
      {14, 512, 128, 128, 256, 24, 64, 64},   {14, 512, 112, 144, 288, 32, 64, 64},
      {14, 528, 256, 160, 320, 32, 128, 128}, {7, 832, 256, 160, 320, 32, 128, 128},
      {7, 832, 384, 192, 384, 48, 128, 128}};
  for (const Module& m : modules) {
    for (const int64_t k : {m.one, m.reduce3, m.reduce5, m.pool}) {
      layers.push_back({m.extent, m.in, k, 1, 1});
    }
    layers.push_back({m.extent, m.reduce3, m.three, 3, 1});
    layers.push_back({m.extent, m.reduce5, m.five, 5, 1});
  }
  return layers;
}

ConvGeometry GeometryOf(const Layer& l, int64_t batch) {
  const AttrMap attrs = {{"strides", std::vector<int64_t>{l.stride, l.stride}},
                         {"dilations", std::vector<int64_t>{1, 1}},
                         {"padding", "same"},
                         {"groups", int64_t{1}}};
  const int64_t out = (l.extent + l.stride - 1) / l.stride;
  return ConvGeometry(attrs, Shape({batch, l.extent, l.extent, l.c}),
                      Shape({l.window, l.window, l.c, l.k}), Shape({batch, out, out, l.k}));
}

TEST(OnednnConvolution, HasAFastImplementationForEveryShapeOfGoogLeNet) {
  for (const Layer& l : GoogLeNet()) {
    for (const int64_t batch : {1, 16}) {
      for (const DType dtype : {kFloat, kBFloat16}) {
        for (const ConvResult r : {ConvResult::kOutput, ConvResult::kInput, ConvResult::kFilter}) {
          const auto made = OnednnConvolution::Create(GeometryOf(l, batch), r, dtype);
          ASSERT_TRUE(made.ok()) << made.status();
          EXPECT_THAT((*made)->implementation(), Not(HasSubstr("ref")))
              << l.window << " on " << l.extent << ", " << l.c << " to " << l.k << " in "
              << DTypeName(dtype) << ", direction " << static_cast<int>(r);
          if (dtype == kBFloat16 && MachineIsa() == Isa::kAvx512Bf16) {
            EXPECT_THAT((*made)->implementation(), HasSubstr("bf16"));
          }
        }
      }
    }
  }
}

TEST(Int8Convolution, HasAFastImplementationForEveryShapeOfGoogLeNet) {
  for (const Layer& l : GoogLeNet()) {
    for (const int64_t batch : {1, 16}) {
      for (const float y_scale : {0.0f, 1.0f}) {
        const auto made =
            Int8Convolution::Create(GeometryOf(l, batch), {.y_scale = y_scale, .relu = true});
        ASSERT_TRUE(made.ok()) << made.status();
        EXPECT_THAT((*made)->implementation(), AllOf(HasSubstr("int8"), Not(HasSubstr("ref"))))
            << l.window << " on " << l.extent << ", " << l.c << " to " << l.k;
      }
    }
  }
}

// Two convolutions with ReLU, the mean over the image, a softmax over classes.
struct Net {
  static constexpr int64_t kBatch = 8, kExtent = 12, kClasses = 3;

  Net() {
    const auto weight = [this](const char* name, const Shape& shape, float most) {
      return Variable(b, name, RandomUniform(b, shape, -most, most));
    };
    images = Placeholder(b, kFloat, {-1, kExtent, kExtent, 3});
    labels = Placeholder(b, kInt32, {-1});
    const Variable stem = weight("stem", {3, 3, 3, 16}, 0.4f);
    const Variable body = weight("body", {3, 3, 16, 32}, 0.2f);
    const Variable head = weight("head", {32, kClasses}, 0.4f);
    Output x = Relu(b, Conv2D(b, images, stem.Read(), {.strides = {2, 2}}));
    x = Relu(b, Conv2D(b, x, body.Read(), {.padding = WindowPadding::Same()}));
    const Output logits = MatMul(b, Mean(b, x, {1, 2}), head.Read());
    loss = Mean(b, SoftmaxCrossEntropy(b, logits, labels));
    std::vector<Output> reads;
    const std::vector<Variable> variables = Variables(b.graph(), true);
    for (const Variable& v : variables) reads.push_back(v.Read());
    const auto gradients = DenseGradients(b, {loss}, reads);
    EXPECT_TRUE(gradients.ok()) << gradients.status();
    std::vector<Output> updates;
    for (size_t i = 0; i < variables.size(); ++i) {
      updates.push_back(AssignAdd(b, variables[i], Mul(b, (*gradients)[i], Const(b, -0.5f))));
    }
    update = Group(b, updates);
  }

  // The brighter channel is the label.
  Feeds feeds() const {
    Tensor x = Random<float>({kBatch, kExtent, kExtent, 3}, 5);
    std::vector<int32_t> classes(kBatch);
    for (int64_t i = 0; i < x.num_elements(); ++i) {
      const int64_t image = i / (kExtent * kExtent * 3);
      classes[image] = static_cast<int32_t>(image % kClasses);
      if (i % 3 == classes[image]) x.mutable_data<float>()[i] += 0.5f;
    }
    return {{images, x}, {labels, Tensor::Vector<int32_t>(classes)}};
  }

  GraphBuilder b;
  Output images, labels, loss, update;
};

std::vector<double> Losses(const Net& net, DType precision, int steps) {
  auto session = Session::Create(net.b, {.seed = 2, .precision = precision});
  EXPECT_TRUE(session.ok() && session->Initialize().ok()) << session.status();
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    const auto results = session->Run(net.feeds(), {net.loss, net.update});
    EXPECT_TRUE(results.ok()) << results.status();
    if (!results.ok()) break;
    losses.push_back((*results)[0].scalar<float>());
  }
  return losses;
}

TEST(Convolution, TrainsInBFloat16AsInFloat) {
  const Net net;
  ASSERT_TRUE(net.b.ok()) << net.b.status();
  const std::vector<double> exact = Losses(net, kFloat, 20), low = Losses(net, kBFloat16, 20);
  ASSERT_EQ(low.size(), 20u);
  EXPECT_NE(exact, low) << "nothing was rounded";
  EXPECT_EQ(low, Losses(net, kBFloat16, 20)) << "two runs differ";
  for (size_t i = 0; i < low.size(); ++i) EXPECT_NEAR(low[i], exact[i], 0.03) << "step " << i;
  EXPECT_LT(exact.back(), 0.5 * exact.front());
}

TEST(Convolution, ComputesInBFloat16WhatIsAskedForAndNoMore) {
  const Net net;
  auto session = Session::Create(net.b, {.precision = kBFloat16});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto run = session->Prepare({net.images, net.labels}, {net.loss, net.update});
  ASSERT_TRUE(run.ok()) << run.status();
  const std::string text = run->Explain();
  const auto count = [&text](const std::string& part) {
    int n = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(count(": Conv2D("), 2) << text;
  EXPECT_EQ(count(": Conv2DBackwardFilter("), 2) << text;
  // Nobody asks for the gradient of the images.
  EXPECT_EQ(count(": Conv2DBackwardInput("), 1) << text;
  for (const char* op : {"Conv2D", "Conv2DBackwardInput"}) {
    EXPECT_THAT(text, testing::ContainsRegex(absl::StrCat(": ", op, "[(].*-> bfloat16"))) << text;
  }
  EXPECT_THAT(text, testing::ContainsRegex(": Conv2DBackwardFilter[(].*-> float\\["))
      << "the masters' gradients are float\n"
      << text;
}

// In a process of its own, whose oneDNN knows no bfloat16.
TEST(ConvolutionDeathTest, TrainsInBFloat16WithoutInstructionsForIt) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const Net net;
  const auto alike = [&net] {
    const auto made = OnednnConvolution::Create(GeometryOf({28, 16, 32, 3, 1}, 1),
                                                ConvResult::kOutput, kBFloat16);
    if (!made.ok() || (*made)->implementation().find("bf16") != std::string::npos) return 2;
    const std::vector<double> exact = Losses(net, kFloat, 10), low = Losses(net, kBFloat16, 10);
    for (size_t i = 0; i < low.size(); ++i) {
      if (!(std::abs(low[i] - exact[i]) < 0.03)) return 1;
    }
    return exact == low || low.size() < 10 ? 3 : 0;
  };
  setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
  EXPECT_EXIT(std::exit(alike()), testing::ExitedWithCode(0), "");
  unsetenv("ONEDNN_MAX_CPU_ISA");
}

TEST(Convolution, OfFewerThreadsGivesTheSameNumbers) {
  const Net net;
  auto session = Session::Create(net.b, {.seed = 2});
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const auto parallel = session->Run(net.feeds(), {net.loss});
  const SerialRegion serial;
  const auto alone = session->Run(net.feeds(), {net.loss});
  ASSERT_TRUE(parallel.ok() && alone.ok());
  EXPECT_NEAR((*parallel)[0].scalar<float>(), (*alone)[0].scalar<float>(), 1e-5);
}

TEST(Convolution, FollowsTheVariableWhoseFilterIsPacked) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {1, 8, 8, 16});
  const Variable filter(b, "filter", Const(b, Random<float>({3, 3, 16, 32}, 1)));
  const Output y = Conv2D(b, x, filter.Read());
  const Output twice = AssignAdd(b, filter, filter.Read());
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok() && session->Initialize().ok());
  const Feeds feeds = {{x, Random<float>({1, 8, 8, 16}, 2)}};
  const auto before = session->Run(feeds, {y});
  const size_t bytes = PackingCache::Global().bytes();
  const auto again = session->Run(feeds, {y, twice});
  const auto after = session->Run(feeds, {y});
  ASSERT_TRUE(before.ok() && again.ok() && after.ok()) << before.status();
  EXPECT_GE(bytes, 3u * 3 * 16 * 32 * sizeof(float)) << "the filter was not kept";
  EXPECT_EQ(PackingCache::Global().bytes(), bytes);
  EXPECT_TRUE((*before)[0].Identical((*again)[0]));
  for (int64_t i = 0; i < (*before)[0].num_elements(); ++i) {
    ASSERT_NEAR((*after)[0].data<float>()[i], 2 * (*before)[0].data<float>()[i], 1e-5);
  }
}

// A convolution and batch norm behind it, computed with and without fusion.
struct Normalized {
  Normalized() {
    const Output filter = Variable(b, "filter", Const(b, Random<float>({3, 3, 16, 32}, 1))).Read();
    const auto vector = [this](const char* name, uint64_t seed) {
      return Variable(b, name, Square(b, Const(b, Random<float>({32}, seed))));
    };
    scale = vector("scale", 2);
    convolved = Conv2D(b, x, filter, {.padding = WindowPadding::Same()});
    y = BatchNormInference(b, convolved, scale.Read(), vector("offset", 3).Read(),
                           vector("mean", 4).Read(), vector("variance", 5).Read(), {.relu = true});
  }
  Session Start(bool fuse) const {
    auto session = Session::Create(b, {.passes = {.fuse = fuse}});
    EXPECT_TRUE(session.ok() && session->Initialize().ok()) << session.status();
    return *std::move(session);
  }
  Tensor Run(Session& session) const {
    const auto results = session.Run({{x, Random<float>({2, 9, 9, 16}, 6)}}, {y});
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? (*results)[0] : Tensor();
  }

  GraphBuilder b;
  Output x = Placeholder(b, kFloat, {-1, 9, 9, 16});
  Variable scale;
  Output convolved, y;
};

void ExpectAlike(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  float largest = 0;
  for (int64_t i = 0; i < b.num_elements(); ++i) {
    largest = std::max(largest, std::abs(b.data<float>()[i]));
  }
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    ASSERT_NEAR(a.data<float>()[i], b.data<float>()[i], 2e-5f * largest) << i;
  }
}

TEST(Convolution, TakesInTheBatchNormBehindIt) {
  const Normalized net;
  Session plain = net.Start(false), fused = net.Start(true);
  const auto explain = [&](Session& session) {
    const auto run = session.Prepare({net.x}, {net.y});
    return run.ok() ? run->Explain() : run.status().ToString();
  };
  EXPECT_THAT(explain(fused), AllOf(HasSubstr(": FusedConv2D("), Not(HasSubstr(": Conv2D("))));
  EXPECT_THAT(explain(plain), AllOf(HasSubstr(": Conv2D("), HasSubstr(": Relu(")));
  ExpectAlike(net.Run(plain), net.Run(fused));
  // The filter that is packed for another factor takes the place of the one before.
  const size_t bytes = PackingCache::Global().bytes();
  for (Session* session : {&plain, &fused}) {
    ASSERT_TRUE(session->SetVariable("scale", Random<float>({32}, 7)).ok());
  }
  ExpectAlike(net.Run(plain), net.Run(fused));
  EXPECT_EQ(PackingCache::Global().bytes(), bytes);
}

TEST(Convolution, LeavesWhatOthersReadOrIsNoVector) {
  const Normalized net;
  Session session = net.Start(true);
  const auto both = session.Prepare({net.x}, {net.y, net.convolved});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(both->Explain(), AllOf(HasSubstr(": Conv2D("), Not(HasSubstr("FusedConv2D"))));

  const GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {1, 4, 4, 2});
  const Output y = Conv2D(b, x, Const(b, Random<float>({1, 1, 2, 4}, 1)));
  const Output sums[] = {Add(b, y, y), Add(b, y, Const(b, Random<float>({4, 4}, 2))),
                         Add(b, y, Const(b, 1.0f))};
  for (const Output& sum : sums) {
    auto other = Session::Create(b);
    ASSERT_TRUE(other.ok()) << other.status();
    const auto run = other->Prepare({x}, {sum});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_THAT(run->Explain(), Not(HasSubstr("FusedConv2D")));
  }
}

TEST(Convolution, DepthwiseFiltersEveryChannelByItself) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, -1, -1, 2});
  // Twice and three times channel 0, four and five times channel 1.
  const Output y = DepthwiseConv2D(b, x, Const(b, Tensor::Of<float>({1, 1, 2, 2}, {2, 3, 4, 5})));
  const Tensor result = RunOnce(b, {y}, {{x, Tensor::Of<float>({1, 1, 2, 2}, {1, 10, 2, 20})}})[0];
  EXPECT_TRUE(result.Identical(Tensor::Of<float>({1, 1, 2, 4}, {2, 3, 40, 50, 4, 6, 80, 100})));

  const Output open = Placeholder(b, kFloat, {-1, -1, -1, -1});
  EXPECT_FALSE(DepthwiseConv2D(b, open, open).valid());
  EXPECT_THAT(b.status().message(), HasSubstr("DepthwiseConv2D: the image's shape"));
}

TEST(Convolution, TransposedGivesTheExtentsBack) {
  struct Case {
    WindowPadding padding;
    std::vector<int64_t> extents, want;
  };
  const Case cases[] = {{WindowPadding::Valid(), {}, {7, 9}},
                        {WindowPadding::Valid(), {8, 9}, {8, 9}},
                        {WindowPadding::Same(), {}, {6, 8}},
                        {WindowPadding::Explicit(1, 0, 1, 1), {}, {6, 7}}};
  for (const Case& c : cases) {
    for (const bool open : {false, true}) {
      GraphBuilder b;
      const PartialShape shape = {1, 3, 4, 5};
      const Output x = Placeholder(b, kFloat, open ? PartialShape{-1, -1, -1, 5} : shape);
      const Output filter = Const(b, Random<float>({3, 3, 2, 5}, 1));
      const Conv2DOptions options = {.strides = {2, 2}, .padding = c.padding};
      const Output y = Conv2DTranspose(b, x, filter, options, c.extents);
      const Output back = Conv2D(b, y, filter, options);
      const Feeds feeds = {{x, Random<float>({1, 3, 4, 5}, 2)}};
      EXPECT_EQ(RunOnce(b, {y}, feeds)[0].shape(), Shape({1, c.want[0], c.want[1], 2}));
      EXPECT_EQ(RunOnce(b, {back}, feeds)[0].shape(), Shape({1, 3, 4, 5}));
    }
  }
  // An image for which there are other numbers of windows.
  GraphBuilder b;
  const Output x = Const(b, Random<float>({1, 3, 4, 5}, 2)),
               filter = Const(b, Random<float>({3, 3, 2, 5}, 1));
  EXPECT_FALSE(Conv2DTranspose(b, x, filter, {.strides = {2, 2}}, {9, 9}).valid());
  EXPECT_THAT(b.status().message(), HasSubstr("dy"));
}

}  // namespace
}  // namespace viv
