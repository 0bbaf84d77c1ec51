// Layers of convolutional nets over images, [N, H, W, C]: convolutions, and batch norm.
//
// Batch norm normalises by the batch's own statistics while a net is trained and by running ones
// afterwards. A layer's Apply gets a list for the updates of the running statistics, targets that a
// training step runs too (WithUpdates); without a list the layer infers.
#ifndef VIV_MODELS_LAYERS_CONVOLUTION_H_
#define VIV_MODELS_LAYERS_CONVOLUTION_H_

#include <string>
#include <vector>

#include "core/ops/image.h"
#include "core/ops/state.h"
#include "core/train/optimizer.h"

namespace viv {

struct ConvolutionOptions {
  // Height and width of the filters.
  std::vector<int64_t> window = {1, 1};
  Conv2DOptions conv = {};

  static ConvolutionOptions Square(int64_t size, int64_t stride = 1,
                                   WindowPadding padding = WindowPadding::Same()) {
    return {{size, size}, {.strides = {stride, stride}, .padding = std::move(padding)}};
  }
};

class Convolution {
 public:
  Convolution() = default;
  // Variables "<name>/filter" [h, w, inputs / groups, outputs] (normal, of He et al. 2015's
  // deviation) and, with `bias`, "<name>/bias" [outputs] (zeros).
  Convolution(BuilderRef b, const std::string& name, int64_t inputs, int64_t outputs,
              const ConvolutionOptions& options = {}, bool bias = true);

  // x: [N, H, W, inputs] -> [N, H', W', outputs].
  Output Apply(BuilderRef b, Output x) const;

 private:
  ConvolutionOptions options_;
  Variable filter_, bias_;
};

struct BatchNormalizationOptions {
  double epsilon = 1e-3;
  // What the running statistics keep of themselves in an update.
  float momentum = 0.9f;
  // Whether a factor is learnt; one before a ReLU and a convolution changes nothing that the
  // convolution could not.
  bool scale = true;
  bool relu = false;
};

// Batch norm with its variables, all [channels]: "<name>/scale" (ones), "<name>/offset" (zeros),
// and the running statistics, which no optimizer moves, "<name>/mean" and "<name>/variance".
class BatchNormalization {
 public:
  BatchNormalization() = default;
  BatchNormalization(BuilderRef b, const std::string& name, int64_t channels,
                     const BatchNormalizationOptions& options = {});

  // x: [..., channels]. `updates`, null to infer, gets the targets that move the running
  // statistics. (That of the variance is the batch's, without Bessel's correction.)
  Output Apply(BuilderRef b, Output x, std::vector<Output>* updates) const;

 private:
  BatchNormalizationOptions options_;
  Output scale_;
  Variable offset_, mean_, variance_;
};

// A convolution without bias, batch norm, ReLU: "<name>/filter" and the variables of batch norm.
class NormalizedConvolution {
 public:
  NormalizedConvolution() = default;
  NormalizedConvolution(BuilderRef b, const std::string& name, int64_t inputs, int64_t outputs,
                        const ConvolutionOptions& options = {},
                        BatchNormalizationOptions norm = {});

  Output Apply(BuilderRef b, Output x, std::vector<Output>* updates) const;

 private:
  Convolution convolution_;
  BatchNormalization norm_;
};

// `step`, each of whose batches also runs `updates`.
OptimizerStep WithUpdates(BuilderRef b, OptimizerStep step, const std::vector<Output>& updates);

}  // namespace viv

#endif  // VIV_MODELS_LAYERS_CONVOLUTION_H_
