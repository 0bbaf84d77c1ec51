// Inception nets against PyTorch: outputs and gradients with the same weights.
#include "inception_reference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/parallel.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/runtime/session.h"
#include "models/vision/inception.h"

namespace viv {
namespace {

// Numbers in [-1, 1) that depend on the name and their place: splitmix64 from the name's FNV-1a
// hash on. inception_reference.py has the same.
std::vector<double> Uniform(const std::string& name, int64_t count) {
  uint64_t seed = 0xcbf29ce484222325;
  for (const char c : name) seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t z = seed + static_cast<uint64_t>(i + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z = z ^ (z >> 31);
    values[i] = static_cast<double>(z >> 40) / (1 << 23) - 1;
  }
  return values;
}

Tensor VariableValue(const std::string& name, const Shape& shape) {
  const std::string part = name.substr(name.rfind('/') + 1);
  double factor = 0.1, mean = 0;
  if (part == "filter") {
    factor = std::sqrt(6.0 / static_cast<double>(shape.dim(0) * shape.dim(1) * shape.dim(2)));
  } else if (part == "weight") {
    factor = std::sqrt(6.0 / static_cast<double>(shape.dim(0)));
  } else if (part == "scale" || part == "variance") {
    factor = 0.3;
    mean = 1;
  }
  std::vector<float> values;
  for (const double u : Uniform(name, shape.num_elements())) {
    values.push_back(static_cast<float>(mean + factor * u));
  }
  return Tensor::Of<float>(shape, values);
}

Tensor Photos(int64_t n, int64_t extent) {
  const Shape shape({n, extent, extent, 3});
  std::vector<uint8_t> values;
  for (const double u : Uniform("photos", shape.num_elements())) {
    values.push_back(static_cast<uint8_t>(std::floor((u + 1) * 128)));
  }
  return Tensor::Of<uint8_t>(shape, values);
}

// Within a share of the largest of the numbers.
void ExpectNear(const std::vector<double>& expected, const std::vector<Tensor>& got,
                double tolerance) {
  double largest = 0;
  for (const double v : expected) largest = std::max(largest, std::abs(v));
  size_t place = 0;
  for (const Tensor& t : got) {
    for (int64_t i = 0; i < t.num_elements(); ++i) {
      ASSERT_LT(place, expected.size());
      EXPECT_NEAR(t.ElementAsDouble(i), expected[place++], tolerance * largest);
    }
  }
  EXPECT_EQ(place, expected.size());
}

Output ReadOf(const GraphBuilder& b, const std::string& name) {
  for (const Variable& v : Variables(b.graph(), false)) {
    if (v.name() == name) return v.Read();
  }
  ADD_FAILURE() << "there is no " << name;
  return {};
}

void Compare(const InceptionReference& reference) {
  const GraphBuilder b;
  const int64_t n = reference.photos, extent = reference.input_size;
  const Inception net(b, {.kind = reference.kind,
                          .input_size = reference.input_size,
                          .classes = 3,
                          .dropout = 0,
                          .stem = reference.stem,
                          .auxiliary = reference.auxiliary});
  const Output photos = Const(b, Photos(n, extent));
  std::vector<int32_t> labels;
  for (int32_t i = 0; i < n; ++i) labels.push_back(i % 3);
  const InceptionOutputs training = net.ApplyToTrain(b, photos);
  const Output loss = InceptionLoss(b, training, Const(b, Tensor::Vector<int32_t>(labels)), 0.1f);
  std::vector<Output> reads;
  for (const auto& [name, norm] : reference.gradient_norms) reads.push_back(ReadOf(b, name));
  const auto gradients = Gradients(b, {loss}, reads);
  ASSERT_TRUE(gradients.ok()) << gradients.status();

  std::vector<Output> fetches = {net.Apply(b, photos).logits, loss, training.logits};
  for (const Output logits : training.auxiliary) fetches.push_back(logits);
  const size_t logits_end = fetches.size();
  for (const Gradient& g : *gradients) fetches.push_back(Sqrt(b, Sum(b, Square(b, g.dense))));
  auto session = Session::Create(b);
  ASSERT_TRUE(session.ok()) << session.status();
  for (const Variable& v : Variables(b.graph(), false)) {
    const Tensor value = VariableValue(v.name(), v.initial().shape().ToShape());
    ASSERT_TRUE(session->SetVariable(v.name(), value).ok());
  }
  // On a busy machine threads would wait for each other.
  const SerialRegion serial;
  const auto got = session->Run({}, fetches);
  ASSERT_TRUE(got.ok()) << got.status();
  ExpectNear(reference.logits, {(*got)[0]}, 1e-5);
  // Batch norm behind batch norm over few positions makes more of what rounding leaves, and
  // Winograd's convolutions leave more.
  ExpectNear({reference.loss}, {(*got)[1]}, 3e-4);
  ExpectNear(reference.training, {got->begin() + 2, got->begin() + logits_end}, 1e-3);
  for (size_t i = 0; i < reference.gradient_norms.size(); ++i) {
    SCOPED_TRACE(reference.gradient_norms[i].first);
    ExpectNear({reference.gradient_norms[i].second}, {(*got)[logits_end + i]}, 1e-2);
  }
}

TEST(InceptionReference, OutputsAndGradientsAgreeWithPyTorch) {
  for (const InceptionReference& reference : kInceptionReferences) {
    SCOPED_TRACE(absl::StrCat(reference.kind, ", ", reference.stem));
    Compare(reference);
  }
}

}  // namespace
}  // namespace viv
