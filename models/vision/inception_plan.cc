// The tables of the papers. Branches and the convolutions in them are numbered in the papers'
// order: "3a/branch2/1" is the second convolution of the second branch.
#include "models/vision/inception_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace viv {
namespace {

const WindowPadding kValid = WindowPadding::Valid();

// A square convolution.
LayerPlan Square(std::string name, int64_t channels, int64_t size, int64_t stride = 1,
                 WindowPadding padding = WindowPadding::Same()) {
  return Convolve(std::move(name), channels, {size, size}, stride, std::move(padding));
}

// Branches named "branch1" and on, each of some layers, whose convolutions are named by number.
LayerPlan Module(std::string name, std::vector<std::vector<LayerPlan>> branches) {
  std::vector<LayerPlan> named;
  for (std::vector<LayerPlan>& branch : branches) {
    int number = 0;
    for (LayerPlan& layer : branch) {
      if (layer.kind == LayerPlan::Kind::kConvolution || !layer.parts.empty()) {
        layer.name = absl::StrCat(number++);
      }
    }
    named.push_back(Sequence(absl::StrCat("branch", named.size() + 1), std::move(branch)));
  }
  return Branches(std::move(name), std::move(named));
}

// Of a layer within a branch, which Module() names.
LayerPlan Conv(int64_t channels, std::vector<int64_t> window, int64_t stride = 1,
               WindowPadding padding = WindowPadding::Same()) {
  return Convolve("", channels, std::move(window), stride, std::move(padding));
}
LayerPlan Conv(int64_t channels, int64_t size, int64_t stride = 1,
               WindowPadding padding = WindowPadding::Same()) {
  return Conv(channels, {size, size}, stride, std::move(padding));
}

// Inception-v1.

// Table 1 of Szegedy et al. 2015; `five`: the extent of the third branch's filters.
LayerPlan ModuleV1(std::string name, int64_t c1, int64_t r3, int64_t c3, int64_t r5, int64_t c5,
                   int64_t pool, int64_t five) {
  return Module(std::move(name), {{Conv(c1, 1)},
                                  {Conv(r3, 1), Conv(c3, 3)},
                                  {Conv(r5, 1), Conv(c5, five)},
                                  {MaxPool(3, 1), Conv(pool, 1)}});
}

LayerPlan StemV1(bool gentle, bool response_norm) {
  std::vector<LayerPlan> layers;
  if (gentle) {
    layers = {Square("1a", 32, 3, 2), Square("1b", 64, 3)};
  } else {
    layers = {Square("1", 64, 7, 2, WindowPadding::All(3))};
  }
  layers.push_back(MaxPool(3, 2));
  if (response_norm) layers.push_back(ResponseNorm());
  layers.push_back(Square("2", 64, 1));
  layers.push_back(Square("3", 192, 3));
  if (response_norm) layers.push_back(ResponseNorm());
  if (!gentle) layers.push_back(MaxPool(3, 2));
  return Sequence("stem", std::move(layers));
}

AuxiliaryPlan HeadV1(int behind) {
  return {.behind = behind,
          .cells = 4,
          .layers = Sequence("map", {Square("0", 128, 1)}),
          .flat = 4 * 4 * 128,
          .hidden = 1024,
          .dropout = 0.7f};
}

InceptionPlan PlanV1(bool gentle, bool batch_norm) {
  const int64_t five = batch_norm ? 3 : 5;
  InceptionPlan plan;
  plan.style.normalized = batch_norm;
  plan.layers = {StemV1(gentle, /*response_norm=*/!batch_norm),
                 ModuleV1("3a", 64, 96, 128, 16, 32, 32, five),
                 ModuleV1("3b", 128, 128, 192, 32, 96, 64, five),
                 MaxPool(3, 2),
                 ModuleV1("4a", 192, 96, 208, 16, 48, 64, five),
                 ModuleV1("4b", 160, 112, 224, 24, 64, 64, five),
                 ModuleV1("4c", 128, 128, 256, 24, 64, 64, five),
                 ModuleV1("4d", 112, 144, 288, 32, 64, 64, five),
                 ModuleV1("4e", 256, 160, 320, 32, 128, 128, five),
                 MaxPool(3, 2),
                 ModuleV1("5a", 256, 160, 320, 32, 128, 128, five),
                 ModuleV1("5b", 384, 192, 384, 48, 128, 128, five)};
  plan.last = 10;
  plan.auxiliary = {HeadV1(4), HeadV1(7)};
  plan.smallest_photo = gentle ? 16 : 32;
  return plan;
}

// Inception-v3: figures 5 to 7 and 10 of Szegedy et al. 2016.

LayerPlan StemV3(bool gentle) {
  if (gentle) {
    return Sequence("stem", {Square("1", 32, 3, 2), Square("2", 32, 3), Square("3", 64, 3),
                             MaxPool(3, 2), Square("4", 80, 1), Square("5", 192, 3)});
  }
  return Sequence("stem", {Square("1", 32, 3, 2, kValid), Square("2", 32, 3, 1, kValid),
                           Square("3", 64, 3), MaxPool(3, 2, kValid), Square("4", 80, 1),
                           Square("5", 192, 3, 1, kValid), MaxPool(3, 2, kValid)});
}

LayerPlan ModuleA(std::string name, int64_t pool) {
  return Module(std::move(name), {{Conv(64, 1)},
                                  {Conv(48, 1), Conv(64, 5)},
                                  {Conv(64, 1), Conv(96, 3), Conv(96, 3)},
                                  {AvgPool(3, 1), Conv(pool, 1)}});
}

LayerPlan ModuleC(std::string name, int64_t seven) {
  return Module(std::move(name), {{Conv(192, 1)},
                                  {Conv(seven, 1), Conv(seven, {1, 7}), Conv(192, {7, 1})},
                                  {Conv(seven, 1), Conv(seven, {7, 1}), Conv(seven, {1, 7}),
                                   Conv(seven, {7, 1}), Conv(192, {1, 7})},
                                  {AvgPool(3, 1), Conv(192, 1)}});
}

LayerPlan ModuleE(std::string name) {
  const LayerPlan wide = Convolve("wide", 384, {1, 3}), high = Convolve("high", 384, {3, 1});
  return Module(std::move(name), {{Conv(320, 1)},
                                  {Conv(384, 1), Branches("", {wide, high})},
                                  {Conv(448, 1), Conv(384, 3), Branches("", {wide, high})},
                                  {AvgPool(3, 1), Conv(192, 1)}});
}

InceptionPlan PlanV3(bool gentle) {
  InceptionPlan plan;
  plan.layers = {
      StemV3(gentle),
      ModuleA("5b", 32),
      ModuleA("5c", 64),
      ModuleA("5d", 64),
      Module("6a", {{Conv(384, 3, 2, kValid)},
                    {Conv(64, 1), Conv(96, 3), Conv(96, 3, 2, kValid)},
                    {MaxPool(3, 2, kValid)}}),
      ModuleC("6b", 128),
      ModuleC("6c", 160),
      ModuleC("6d", 160),
      ModuleC("6e", 192),
      Module("7a", {{Conv(192, 1), Conv(320, 3, 2, kValid)},
                    {Conv(192, 1), Conv(192, {1, 7}), Conv(192, {7, 1}), Conv(192, 3, 2, kValid)},
                    {MaxPool(3, 2, kValid)}}),
      ModuleE("7b"),
      ModuleE("7c")};
  plan.last = 10;
  plan.auxiliary = {
      {.behind = 8,
       .cells = 5,
       .layers = Sequence("map", {Square("0", 128, 1), Square("1", 768, 5, 1, kValid)}),
       .flat = 768}};
  plan.smallest_photo = gentle ? 32 : 75;
  return plan;
}

// The small Inception of Zhang et al. 2017, figure 3.

LayerPlan ModuleSmall(std::string name, int64_t c1, int64_t c3) {
  return Module(std::move(name), {{Conv(c1, 1)}, {Conv(c3, 3)}});
}

LayerPlan Downsample(std::string name, int64_t c3) {
  return Module(std::move(name), {{Conv(c3, 3, 2)}, {MaxPool(3, 2)}});
}

InceptionPlan PlanSmall() {
  InceptionPlan plan;
  plan.layers = {Square("stem", 96, 3),       ModuleSmall("1a", 32, 32),  ModuleSmall("1b", 32, 48),
                 Downsample("1c", 80),        ModuleSmall("2a", 112, 48), ModuleSmall("2b", 96, 64),
                 ModuleSmall("2c", 80, 80),   ModuleSmall("2d", 48, 96),  Downsample("2e", 96),
                 ModuleSmall("3a", 176, 160), ModuleSmall("3b", 176, 160)};
  plan.last = 9;
  plan.style.norm.scale = false;
  plan.smallest_photo = 4;
  return plan;
}

}  // namespace

std::vector<std::string> InceptionKinds() { return {"v1", "v1_norm", "v3", "small"}; }

absl::StatusOr<InceptionPlan> MakeInceptionPlan(const std::string& kind, const std::string& stem) {
  const bool gentle = stem == "gentle";
  if (!gentle && stem != "published") {
    return absl::InvalidArgumentError(
        absl::StrCat("the stem is '", stem, "', neither published nor gentle"));
  }
  if (kind == "v1" || kind == "v1_norm") return PlanV1(gentle, kind == "v1_norm");
  if (kind == "v3") return PlanV3(gentle);
  if (kind == "small" && gentle) {
    return absl::InvalidArgumentError("the small net's stem is gentle as it was published");
  }
  if (kind == "small") return PlanSmall();
  return absl::InvalidArgumentError(absl::StrCat("the net is of the kind '", kind, "', not one of ",
                                                 absl::StrJoin(InceptionKinds(), ", ")));
}

}  // namespace viv
