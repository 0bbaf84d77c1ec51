// The published Inception nets as data.
#ifndef VIV_MODELS_VISION_INCEPTION_PLAN_H_
#define VIV_MODELS_VISION_INCEPTION_PLAN_H_

#include <string>
#include <vector>

#include "models/vision/layer_plan.h"

namespace viv {

// A small classifier on an inner map, whose loss helps to train the layers before it.
struct AuxiliaryPlan {
  int behind = 0;     // the layer whose result it reads
  int64_t cells = 0;  // the map is averaged to so many cells in height and width
  LayerPlan layers;
  int64_t flat = 0;    // how many numbers then remain of a photo
  int64_t hidden = 0;  // units of a fully connected layer with ReLU; 0: there is none
  float dropout = 0;   // before the last layer
};

struct InceptionPlan {
  // One after the other. The mean over the last one's map is what is classified.
  std::vector<LayerPlan> layers;
  // The layers from this one on are the last ones to lose their generality.
  int last = 0;
  ConvolutionStyle style;
  std::vector<AuxiliaryPlan> auxiliary;
  // The extent of the smallest photo.
  int smallest_photo = 1;
};

// Kinds and stems: see InceptionOptions.
std::vector<std::string> InceptionKinds();
// InvalidArgument where there is no such plan.
absl::StatusOr<InceptionPlan> MakeInceptionPlan(const std::string& kind, const std::string& stem);

}  // namespace viv

#endif  // VIV_MODELS_VISION_INCEPTION_PLAN_H_
