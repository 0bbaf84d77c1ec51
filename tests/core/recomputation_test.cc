// Gradients that compute results of the forward pass again: the same bits, of less memory.
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/autodiff/gradients.h"
#include "core/ops/array.h"
#include "core/ops/image.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/rnn.h"
#include "core/ops/state.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

// Makes the loss of images [N, 16, 16, 4] with the builder that it is given.
using NetFn = std::function<Output(const GraphBuilder&, Output)>;

// Two blocks of convolution, batch norm and ReLU, branches, pooling and dropout.
Output ConvolutionNet(const GraphBuilder& b, Output x) {
  const auto layer = [&](Output in, int64_t channels, int64_t outputs) {
    const Output filter =
        Variable(b, "filter", RandomUniform(b, {3, 3, channels, outputs}, -0.3f, 0.3f)).Read();
    const Output scale = Variable(b, "scale", RandomUniform(b, {outputs}, 0.5f, 1.5f)).Read();
    const Output offset = Variable(b, "offset", RandomUniform(b, {outputs}, -0.5f, 0.5f)).Read();
    const Output y = Conv2D(b, in, filter, {.padding = WindowPadding::Same()});
    return BatchNorm(b, y, scale, offset, {.relu = true}).y;
  };
  const Output first = layer(x, 4, 8);
  const Output both = Concat(b, {layer(first, 8, 8), Tanh(b, Mul(b, first, first))}, 3);
  const Output pooled = MaxPool2D(b, layer(both, 16, 8), {.window = {2, 2}, .strides = {2, 2}});
  return Mean(b, Square(b, Dropout(b, layer(pooled, 8, 8), 0.3f)));
}

// Element-wise chains between products.
Output DenseNet(const GraphBuilder& b, Output x) {
  Output h = Reshape(b, x, std::vector<int64_t>{-1, 1024});
  int64_t width = 1024;
  for (int i = 0; i < 3; ++i) {
    const Output w = Variable(b, "w", RandomUniform(b, {width, 64}, -0.1f, 0.1f)).Read();
    h = Sigmoid(b, Square(b, Tanh(b, MatMul(b, h, w))));
    width = 64;
  }
  return Mean(b, h);
}

// A recurrent layer between element-wise chains.
Output RecurrentNet(const GraphBuilder& b, Output x) {
  const auto weight = [&b](const char* name, const Shape& shape) {
    return Variable(b, name, RandomUniform(b, shape, -0.3f, 0.3f)).Read();
  };
  // Time outermost.
  const Output steps = Transpose(b, Reshape(b, x, std::vector<int64_t>{-1, 16, 64}), {1, 0, 2});
  const Output in = Tanh(b, Square(b, MatMul(b, steps, weight("project", Shape({64, 32})))));
  const LstmWeights weights = {weight("input", Shape({32, 64})),
                               weight("recurrent", Shape({16, 64})), weight("bias", Shape({64}))};
  return Mean(b, Sigmoid(b, Square(b, Lstm(b, in, {}, {}, weights).outputs)));
}

// Convolutions with a bias and a ReLU behind them.
Output BiasNet(const GraphBuilder& b, Output x) {
  for (int i = 0; i < 3; ++i) {
    const Output filter = Variable(b, "filter", RandomUniform(b, {3, 3, 4, 4}, -0.5f, 0.5f)).Read();
    const Output bias = Variable(b, "bias", RandomUniform(b, {4}, -0.5f, 0.5f)).Read();
    x = Relu(b, Add(b, Conv2D(b, x, filter, {.padding = WindowPadding::Same()}), bias));
  }
  return Mean(b, x);
}

// A layer that is not trained, whose convolution takes in the norm behind it, before one that is.
Output FrozenNet(const GraphBuilder& b, Output x) {
  const auto frozen = [&b](const char* name, const Shape& shape, float least) {
    return Variable(b, name, RandomUniform(b, shape, least, 0.5f), {.trainable = false}).Read();
  };
  const Output y = Conv2D(b, x, frozen("first", Shape({3, 3, 4, 4}), -0.5f));
  const Output scale = frozen("scale", Shape({4}), 0.1f);
  const Output offset = frozen("offset", Shape({4}), -0.5f);
  const Output mean = frozen("mean", Shape({4}), -0.5f);
  const Output variance = frozen("variance", Shape({4}), 0.1f);
  const Output known = BatchNormInference(b, y, scale, offset, mean, variance, {.relu = true});
  const Output filter = Variable(b, "filter", RandomUniform(b, {3, 3, 4, 8}, -0.5f, 0.5f)).Read();
  return Mean(b, Square(b, Tanh(b, Conv2D(b, known, filter))));
}

struct Built {
  Built(const NetFn& net, bool recompute, DType precision = kFloat) {
    const Output x = Placeholder(b, kFloat, {-1, 16, 16, 4});
    const Output loss = net(recompute ? b.Recomputing() : b, x);
    for (const Variable& v : Variables(b.graph(), true)) variables.push_back(v.Read());
    gradients = *DenseGradients(b, {loss}, variables);
    Session made = *Session::Create(b, {.seed = 3, .precision = precision});
    EXPECT_TRUE(made.Initialize().ok());
    Tensor images = *Tensor::Make(kFloat, {8, 16, 16, 4});
    for (int64_t i = 0; i < images.num_elements(); ++i) {
      images.mutable_data<float>()[i] = static_cast<float>(i * 7919 % 101) / 50 - 1;
    }
    std::vector<Output> fetches = gradients;
    fetches.push_back(loss);
    values.resize(fetches.size());
    const PreparedRun run = *made.Prepare({x}, fetches);
    const absl::Status status = run.Run({images}, absl::MakeSpan(values));
    EXPECT_TRUE(status.ok()) << status;
    explained = run.Explain();
  }
  // How many nodes there are of an op before the passes, and behind them.
  int Count(const std::string& op) const {
    int count = 0;
    for (const auto& node : b.graph().nodes()) count += node->op_name() == op;
    return count;
  }
  int CountLeft(const std::string& op) const {
    const std::string text = ": " + op + "(";
    int count = 0;
    for (size_t at = explained.find(text); at != explained.npos;
         at = explained.find(text, at + 1)) {
      ++count;
    }
    return count;
  }

  GraphBuilder b;
  std::vector<Output> variables, gradients;
  std::vector<Tensor> values;
  std::string explained;
};

TEST(Recomputation, GivesTheSameBits) {
  for (const DType precision : {kFloat, kBFloat16}) {
    for (const NetFn& net : {NetFn(ConvolutionNet), NetFn(DenseNet), NetFn(RecurrentNet),
                             NetFn(BiasNet), NetFn(FrozenNet)}) {
      const Built kept(net, false, precision), again(net, true, precision);
      EXPECT_EQ(kept.Count("Delay"), 0);
      EXPECT_GT(again.Count("Delay"), 0);
      ASSERT_EQ(kept.values.size(), again.values.size());
      for (size_t i = 0; i < kept.values.size(); ++i) {
        EXPECT_TRUE(kept.values[i].Identical(again.values[i])) << "output " << i;
      }
    }
  }
}

TEST(Recomputation, ComputesAgainOnlyWhatIsCheap) {
  const Built kept(ConvolutionNet, false), again(ConvolutionNet, true);
  for (const char* op : {"Conv2D", "MaxPool2D", "Dropout", "ReadVariable"}) {
    EXPECT_EQ(kept.Count(op), again.Count(op)) << op;
  }
  EXPECT_EQ(kept.Count("BatchNorm"), 4);
  EXPECT_GT(again.Count("BatchNorm"), 4);
}

TEST(Recomputation, LeavesConvolutionsWhatTheyTakeIn) {
  EXPECT_EQ(Built(FrozenNet, false).CountLeft("FusedConv2D"), 1);
  EXPECT_EQ(Built(FrozenNet, true).CountLeft("FusedConv2D"), 1);
}

// A chain of blocks whose results differ in nothing but where they lie.
Output DeepNet(const GraphBuilder& b, Output x) {
  for (int i = 0; i < 6; ++i) {
    const Output filter = Variable(b, "filter", RandomUniform(b, {1, 1, 4, 4}, -0.5f, 0.5f)).Read();
    x = Tanh(b, Tanh(b, Conv2D(b, x, filter)));
  }
  return Mean(b, x);
}

size_t StaticPeak(const std::string& explained) {
  const size_t at = explained.find("static peak ");
  EXPECT_NE(at, explained.npos) << explained;
  return at == explained.npos ? 0 : std::strtoull(explained.c_str() + at + 12, nullptr, 10);
}

TEST(Recomputation, TakesLessMemory) {
  const Built kept(DeepNet, false), again(DeepNet, true);
  EXPECT_LT(StaticPeak(again.explained), 0.8 * StaticPeak(kept.explained));
}

// The second derivatives of a function of one variable: the gradient is a graph like any other.
TEST(Recomputation, CanBeDifferentiatedAgain) {
  std::vector<float> results;
  for (const bool recompute : {false, true}) {
    GraphBuilder b;
    const Output x = Placeholder(b, kFloat, {});
    const GraphBuilder forward = recompute ? b.Recomputing() : b;
    const Output y = Tanh(forward, Square(forward, Tanh(forward, x)));
    const Output first = (*DenseGradients(b, {y}, {x}))[0];
    const Output second = (*DenseGradients(b, {first}, {x}))[0];
    Session session = *Session::Create(b);
    results.push_back((*session.Run({{x, Tensor::Scalar(0.6f)}}, {second}))[0].scalar<float>());
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_NE(results[0], 0);
}

}  // namespace
}  // namespace viv
