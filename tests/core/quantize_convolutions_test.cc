// Convolutions in 8 bits: which take part, what is bytes between them, and how near the results
// are.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/ops/array.h"
#include "core/ops/image.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/ops/random.h"
#include "core/ops/state.h"
#include "core/passes/optimize.h"
#include "core/passes/range_recorder.h"
#include "core/runtime/session.h"
#include "gmock/gmock.h"
#include "run_graph.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// A stem, a module of two branches and a pool, a module on top, and the mean over the image.
struct Net {
  GraphBuilder b;
  Output photos = Placeholder(b, kFloat, {-1, 12, 12, 3});
  Output stem = Layer(photos, 3, 16, 3);
  Output pooled = MaxPool2D(b, stem, {.window = {3, 3}, .strides = {2, 2}});
  Output branches =
      Concat(b, {Layer(pooled, 16, 8, 1), Layer(Layer(pooled, 16, 8, 1), 8, 16, 3)}, 3);
  Output top = Layer(branches, 24, 12, 3);
  Output features = Mean(b, top, {1, 2});

  Output Layer(Output x, int64_t in, int64_t out, int64_t size) {
    const Output filter =
        Variable(b, "filter", RandomUniform(b, {size, size, in, out}, -0.5f, 0.7f)).Read();
    const Output factor = Variable(b, "factor", RandomUniform(b, {out}, 0.5f, 1.5f)).Read();
    const Output shift = Variable(b, "shift", RandomUniform(b, {out}, -1.0f, 1.0f)).Read();
    const Output y = Conv2D(b, x, filter, {.padding = WindowPadding::Same()});
    return Relu(b, Add(b, Mul(b, y, factor), shift));
  }
};

Tensor Photos(int64_t count, uint64_t seed) {
  Tensor photos = *Tensor::Make(kFloat, {count, 12, 12, 3});
  RandomStream stream(seed);
  for (int64_t i = 0; i < photos.num_elements(); ++i) {
    photos.mutable_data<float>()[i] = static_cast<float>(stream.Uniform()) - 0.5f;
  }
  return photos;
}

// How many nodes of each op the pass makes or moves to bytes.
std::map<std::string, int> OpsOf(const Net& net, const std::vector<Output>& fetches) {
  const auto program = ProgramGraph::Create(net.b.graph(), {net.photos}, fetches);
  EXPECT_TRUE(program.ok());
  EXPECT_TRUE(Optimize(**program, {.precision = kInt8}, nullptr).ok());
  std::map<std::string, int> ops;
  for (const auto& node : (*program)->graph().nodes()) {
    const std::string& op = node->op_name();
    const bool bytes = node->num_outputs() > 0 && node->output_type(0) == kUInt8;
    if (bytes || op == "QuantizedConv2D" || op == "Dequantize" || op == "FusedConv2D") {
      ++ops[bytes ? op + " to bytes" : op];
    }
  }
  return ops;
}

class QuantizeConvolutions : public ::testing::Test {
 protected:
  void SetUp() override {
    floats_ = Session::Create(net_.b, {.seed = 1});
    ASSERT_TRUE(floats_.ok() && floats_->Initialize().ok());
  }
  // From here on net_ has ranges, of which bytes_ is made.
  void Record() {
    RangeRecorder ranges(&net_.b.graph());
    for (const uint64_t seed : {1, 2, 3}) {
      const auto images = floats_->Run({{net_.photos, Photos(4, seed)}}, ranges.images());
      ASSERT_TRUE(images.ok()) << images.status();
      ranges.See(*images);
    }
    ranges.Write();
    bytes_ = Session::Create(net_.b, {.seed = 1, .precision = kInt8});
    ASSERT_TRUE(bytes_.ok() && bytes_->Initialize().ok());
  }
  Tensor Features(Session& session, const Tensor& photos) {
    const auto features = session.Run({{net_.photos, photos}}, {net_.features});
    EXPECT_TRUE(features.ok()) << features.status();
    return features.ok() ? (*features)[0] : Tensor();
  }

  Net net_;
  absl::StatusOr<Session> floats_, bytes_;
};

TEST_F(QuantizeConvolutions, KeepsBytesFromOneToTheNext) {
  EXPECT_THAT(OpsOf(net_, {net_.features}), ElementsAre(Pair("FusedConv2D", 5)))
      << "without ranges nothing changes";
  Record();
  // The stem reads photos, which have a sign: what it makes becomes bytes before it is pooled.
  EXPECT_THAT(
      OpsOf(net_, {net_.features}),
      UnorderedElementsAre(Pair("FusedConv2D", 1), Pair("Quantize to bytes", 1),
                           Pair("MaxPool2D to bytes", 1), Pair("QuantizedConv2D to bytes", 3),
                           Pair("Concat to bytes", 1), Pair("QuantizedConv2D", 1)));
  // Whoever else reads them reads floats.
  EXPECT_EQ(OpsOf(net_, {net_.features, net_.branches})["Dequantize"], 1);
}

TEST_F(QuantizeConvolutions, ComesNearTheFloats) {
  Record();
  const Tensor exact = Features(*floats_, Photos(8, 9)), near = Features(*bytes_, Photos(8, 9));
  double error = 0, size = 0;
  for (int64_t i = 0; i < exact.num_elements(); ++i) {
    const double x = exact.flat<float>()[i];
    error += std::abs(near.flat<float>()[i] - x);
    size += std::abs(x);
  }
  EXPECT_LT(error, 0.03 * size);
  EXPECT_GT(error, 0) << "nothing was rounded";
}

TEST_F(QuantizeConvolutions, IsTheSameForEveryBatch) {
  Record();
  const Tensor one = Features(*bytes_, Photos(1, 9)), many = Features(*bytes_, Photos(5, 9));
  for (int64_t i = 0; i < one.num_elements(); ++i) {
    EXPECT_NEAR(many.flat<float>()[i], one.flat<float>()[i], 1e-4);
  }
}

TEST(RangeRecorder, LeavesOutImagesWithASignAndCutsOffRareElements) {
  GraphBuilder b;
  const Output x = Placeholder(b, kFloat, {-1, 100, 100, 1}), z = Placeholder(b, kFloat, x.shape());
  const Output filter = Const(b, *Tensor::Make(kFloat, {1, 1, 1, 1}));
  Node* const unsigned_images = Conv2D(b, x, filter).node;
  Node* const signed_images = Conv2D(b, z, filter).node;
  ASSERT_TRUE(b.status().ok());
  RangeRecorder ranges(&b.graph());
  ASSERT_EQ(ranges.images().size(), 2u);
  Tensor values = *Tensor::Make(kFloat, {2, 100, 100, 1});
  float* const v = values.mutable_data<float>();
  std::fill_n(v, values.num_elements(), 3.0f);
  // Two of 20,000 elements are cut off.
  v[5] = v[10000] = 100;
  Tensor below = *values.Clone();
  below.mutable_data<float>()[7] = -1;
  ranges.See({values, below});
  v[6] = 5;
  ranges.See({values, below});
  ranges.Write();
  EXPECT_EQ(unsigned_images->attrs().Float("range"), 4);
  EXPECT_EQ(signed_images->attrs().Float("range"), 0);
}

}  // namespace
}  // namespace viv
