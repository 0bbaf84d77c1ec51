// Convolutions with fewer products (Winograd's) give what the plain ones do.
#include "core/kernels/cpu/winograd.h"

#include <cmath>

#include "core/kernels/cpu/onednn_convolution.h"
#include "gtest/gtest.h"
#include "run_graph.h"

namespace viv {
namespace {

// The largest difference, in parts of the largest number.
double Distance(const Tensor& a, const Tensor& b) {
  double worst = 0, top = 1e-30;
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    worst = std::max(worst, std::abs(a.ElementAsDouble(i) - b.ElementAsDouble(i)));
    top = std::max(top, std::abs(b.ElementAsDouble(i)));
  }
  return worst / top;
}

struct Case {
  Shape x;
  int64_t k;
  std::vector<int64_t> pads;  // explicit
};
const Case kCases[] = {{{2, 9, 7, 33}, 50, {1, 1, 1, 1}},
                       {{1, 4, 4, 16}, 64, {0, 0, 0, 0}},
                       {{3, 13, 8, 5}, 130, {0, 2, 2, 1}},
                       {{1, 3, 3, 96}, 3, {1, 1, 0, 2}},
                       {{70, 5, 5, 17}, 18, {1, 1, 1, 1}}};

// The result of one way to compute it.
Tensor Compute(const ConvPlan& plan, ConvResult result, const ConvOperands& given, Tensor to) {
  ConvOperands operands = given;
  const void** slots[] = {&operands.y, &operands.x, &operands.filter};
  *slots[static_cast<int>(result)] = to.raw();
  const auto scratch = Tensor::Make(kUInt8, {static_cast<int64_t>(plan.scratch_bytes()) + 1});
  EXPECT_TRUE(scratch.ok() && plan.Run(operands, scratch->raw()).ok());
  return to;
}

TEST(Winograd, GivesWhatSumsOfProductsGive) {
  for (const Case& c : kCases) {
    const AttrMap attrs = {{"strides", std::vector<int64_t>{1, 1}},
                           {"dilations", std::vector<int64_t>{1, 1}},
                           {"padding", "explicit"},
                           {"pads", c.pads},
                           {"groups", int64_t{1}}};
    const Shape filter = {3, 3, c.x.dim(3), c.k};
    const Shape y = {c.x.dim(0), c.x.dim(1) + c.pads[0] + c.pads[1] - 2,
                     c.x.dim(2) + c.pads[2] + c.pads[3] - 2, c.k};
    const ConvGeometry geometry(attrs, c.x, filter, y);
    const Tensor image = Random<float>(c.x, 1), weights = Random<float>(filter, 2);
    const Tensor gradient = Random<float>(y, 3);
    const Tensor factor = Random<float>({c.k}, 4), shift = Random<float>({c.k}, 5);
    const ConvOperands operands = {.x = image.raw(),
                                   .filter = weights.raw(),
                                   .y = gradient.raw(),
                                   .factor = factor.data<float>(),
                                   .shift = shift.data<float>()};
    for (const bool finished : {false, true}) {
      for (const ConvResult r : {ConvResult::kOutput, ConvResult::kInput, ConvResult::kFilter}) {
        const ConvEpilogue epilogue = {.factor = finished, .shift = finished, .relu = finished};
        if (finished && r != ConvResult::kOutput) continue;
        const auto direct = MakeOnednnPlan(geometry, r, kFloat, epilogue);
        ASSERT_TRUE(direct.ok()) << direct.status();
        const Shape shapes[] = {y, c.x, filter};
        const Shape& shape = shapes[static_cast<int>(r)];
        ConvOperands plain = operands;
        if (!finished) plain.factor = plain.shift = nullptr;
        const Tensor expected = Compute(**direct, r, plain, Random<float>(shape, 6));
        const Tensor got =
            Compute(*MakeWinograd(geometry, r, epilogue), r, plain, Random<float>(shape, 7));
        EXPECT_LT(Distance(got, expected), 2e-5)
            << c.x.ToString() << ", result " << static_cast<int>(r) << ", finished " << finished;
      }
    }
  }
}

TEST(Winograd, SuitsLargeConvolutionsOnly) {
  const auto suits = [](const Shape& x, int64_t k, int64_t size, int64_t stride, int64_t dilation) {
    const AttrMap attrs = {{"strides", std::vector<int64_t>{stride, stride}},
                           {"dilations", std::vector<int64_t>{dilation, dilation}},
                           {"padding", "same"},
                           {"groups", int64_t{1}}};
    const int64_t out = (x.dim(1) + stride - 1) / stride;
    const ConvGeometry geometry(attrs, x, {size, size, x.dim(3), k}, {x.dim(0), out, out, k});
    return WinogradSuits(geometry, ConvResult::kOutput, /*filter_stays=*/false);
  };
  EXPECT_TRUE(suits({16, 28, 28, 96}, 128, 3, 1, 1));
  EXPECT_FALSE(suits({16, 28, 28, 96}, 128, 5, 1, 1));
  EXPECT_FALSE(suits({16, 28, 28, 96}, 128, 3, 2, 1));
  EXPECT_FALSE(suits({16, 28, 28, 96}, 128, 3, 1, 2));
  EXPECT_FALSE(suits({1, 7, 7, 192}, 384, 3, 1, 1)) << "few tiles";
  EXPECT_FALSE(suits({16, 224, 224, 3}, 64, 3, 1, 1)) << "few channels";
}

}  // namespace
}  // namespace viv
