// Convolutional nets as data: a tree of layers, and what makes variables and graphs of it.
#ifndef VIV_MODELS_VISION_LAYER_PLAN_H_
#define VIV_MODELS_VISION_LAYER_PLAN_H_

#include <string>
#include <vector>

#include "models/layers/convolution.h"

namespace viv {

struct LayerPlan {
  enum class Kind {
    kConvolution,  // with its normalisation or bias, and ReLU
    kMaxPool,
    kAvgPool,       // padding does not count
    kResponseNorm,  // LocalResponseNorm as published
    kSequence,      // the parts, one after the other
    kBranches,      // the parts side by side, their channels joined in order
  };

  Kind kind = Kind::kSequence;
  // Of the variables, within the layer around; layers without any need none.
  std::string name;
  int64_t channels = 0;  // of a convolution
  std::vector<int64_t> window = {1, 1}, strides = {1, 1};
  WindowPadding padding = {};
  std::vector<LayerPlan> parts;
};

LayerPlan Convolve(std::string name, int64_t channels, std::vector<int64_t> window,
                   int64_t stride = 1, WindowPadding padding = WindowPadding::Same());
LayerPlan MaxPool(int64_t window, int64_t stride, WindowPadding padding = WindowPadding::Same());
LayerPlan AvgPool(int64_t window, int64_t stride, WindowPadding padding = WindowPadding::Same());
LayerPlan ResponseNorm();
LayerPlan Sequence(std::string name, std::vector<LayerPlan> parts);
LayerPlan Branches(std::string name, std::vector<LayerPlan> parts);

// What stands behind each convolution, before its ReLU.
struct ConvolutionStyle {
  // Batch norm; else a bias.
  bool normalized = true;
  BatchNormalizationOptions norm = {};
};

// A plan's variables in a graph.
class PlannedLayer {
 public:
  // `inputs`: the channels of the images.
  PlannedLayer(BuilderRef b, const LayerPlan& plan, int64_t inputs, const ConvolutionStyle& style);

  // Of its results.
  int64_t channels() const { return channels_; }
  // x: [N, H, W, inputs] -> [N, H', W', channels()]; `updates` as that of BatchNormalization.
  Output Apply(BuilderRef b, Output x, std::vector<Output>* updates) const;

 private:
  LayerPlan plan_;  // without its parts
  int64_t channels_ = 0;
  bool normalized_ = true;
  Convolution plain_;
  NormalizedConvolution normal_;
  std::vector<PlannedLayer> parts_;
};

}  // namespace viv

#endif  // VIV_MODELS_VISION_LAYER_PLAN_H_
