// Inception nets, which classify photos and give their features.
//
// Szegedy et al., "Going deeper with convolutions", 2015 (v1), and "Rethinking the Inception
// architecture for computer vision", 2016 (v3); Ioffe and Szegedy, "Batch normalization", 2015;
// Zhang et al., "Understanding deep learning requires rethinking generalization", 2017 (small).
#ifndef VIV_MODELS_VISION_INCEPTION_H_
#define VIV_MODELS_VISION_INCEPTION_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/layers/linear.h"
#include "models/vision/inception_plan.h"

namespace viv {

struct InceptionOptions {
  // "v1" as published, 7.0 M parameters at 1,000 classes; "v1_norm", with batch norm behind each
  // convolution and 3 x 3 filters in place of 5 x 5, 6.6 M; "v3", 23.8 M; "small", for photos of
  // 32 x 32, 1.6 M at 10 classes. All but v1 have batch norm.
  std::string kind = "v1_norm";
  // Height and width of the photos it is trained on. Others can be classified, larger ones better
  // than smaller ones.
  int input_size = 224;
  int classes = 1000;
  // Of the features, in training. Auxiliary classifiers have the published one, but none where this
  // is 0.
  float dropout = 0.4f;
  // The layers before the modules: "published", made for photos of 224 (v3: 299), which reduce by 8
  // in height and width; or "gentle", by 4, for photos of 64 to 160: v1 with two 3 x 3
  // convolutions in place of one of 7 x 7 and without the second pooling, v3 with padding and
  // without it. The last map is then 8 x 8 (v3: 7 x 7) for photos of 128.
  std::string stem = "published";
  // Whether there are auxiliary classifiers on inner maps, which only training uses: unset it for
  // the net of a bundle. Kind "small" has none.
  bool auxiliary = false;

  // InvalidArgument where a number is out of range, or a kind unknown.
  absl::Status Check() const;
  // See options_json.h.
  std::string ToJson() const;
  static absl::StatusOr<InceptionOptions> FromJson(const std::string& json);
};

// What is trained of a net: everything, the last modules and the classifier, or the classifier.
enum class Tune { kAll, kLast, kHead };

struct InceptionOutputs {
  Output logits;                  // [N, classes]
  std::vector<Output> auxiliary;  // [N, classes] each; in training alone
  Output features;                // [N, C]: the mean over the map
  Output map;                     // [N, h, w, C]: the last map of features
  std::vector<Output> updates;    // of running statistics: see WithUpdates
};

class Inception {
 public:
  // Makes the variables. The options are checked.
  Inception(BuilderRef b, const InceptionOptions& options);

  const InceptionOptions& options() const { return options_; }
  // Of the features.
  int64_t channels() const;

  // photos: [N, H, W, 3], red, green, blue from 0 to 255, uint8 or float.
  InceptionOutputs Apply(BuilderRef b, Output photos) const;
  // The same in training: dropout, auxiliary classifiers (for which H and W must be known), and
  // batches' own statistics in the layers that are trained.
  InceptionOutputs ApplyToTrain(BuilderRef b, Output photos, Tune tune = Tune::kAll) const;

  // For OptimizerOptions::trains.
  std::function<bool(const Variable&)> Trains(Tune tune) const;

  // What each position of the last map adds to the logit of a photo's class: [N, h, w], whose sum
  // and the class's bias are the logit (Zhou et al. 2016). classes: [N], int32 or int64.
  Output ClassMap(BuilderRef b, const InceptionOutputs& outputs, Output classes) const;

 private:
  struct AuxiliaryHead {
    AuxiliaryPlan plan;
    std::vector<PlannedLayer> layers;
    Linear hidden, classes;
  };

  InceptionOutputs Run(BuilderRef b, Output photos, bool training, Tune tune) const;
  Output RunHead(BuilderRef b, const AuxiliaryHead& head, Output map,
                 std::vector<Output>* updates) const;

  InceptionOptions options_;
  InceptionPlan plan_;
  std::string scope_;
  std::vector<PlannedLayer> layers_;
  std::vector<AuxiliaryHead> heads_;
  Linear classes_;
};

// The mean cross entropy of the logits, and a share of 0.3 of each auxiliary classifier's. labels:
// [N], int32 or int64.
Output InceptionLoss(BuilderRef b, const InceptionOutputs& outputs, Output labels,
                     float label_smoothing = 0);

}  // namespace viv

#endif  // VIV_MODELS_VISION_INCEPTION_H_
