// A classifier of photos out of a bundle.
#ifndef VIV_MODELS_VISION_PHOTO_CLASSIFIER_H_
#define VIV_MODELS_VISION_PHOTO_CLASSIFIER_H_

#include <memory>
#include <string>
#include <vector>

#include "core/bundle/bundle.h"
#include "core/bundle/calibration.h"
#include "datasets/images/decode.h"
#include "models/vision/class_confidence.h"
#include "models/vision/classification.h"
#include "models/vision/inception.h"
#include "models/vision/photo_fit.h"

namespace viv {

// What a bundle of kind "classify_image" holds beside the weights.
struct ClassifierInfo {
  std::vector<std::string> labels;  // one for each class
  // How a photo is brought to the size of the net's input.
  PhotoFit fit;
  bool non_commercial = false;
  // Logits are divided by it before they become probabilities (Guo et al. 2017).
  float temperature = 1;
};

struct ClassifyOptions {
  int top = 5;  // labels of each photo
  bool features = false;
  bool heat = false;
};

// Safe for concurrent use.
class PhotoClassifier {
 public:
  // NotFound, DataLoss, FailedPrecondition as ReadBundle; InvalidArgument where the parts of the
  // bundle do not fit each other. `precision`: see SessionOptions.
  static absl::StatusOr<std::unique_ptr<PhotoClassifier>> Load(Env* env,
                                                               const std::string& directory,
                                                               DType precision = kFloat);
  // Of a bundle in memory.
  static absl::StatusOr<std::unique_ptr<PhotoClassifier>> FromBundle(const Bundle& bundle,
                                                                     DType precision = kFloat);
  ~PhotoClassifier();

  const ClassifierInfo& info() const { return info_; }
  // Whether confidences are calibrated; they are the net's own probabilities otherwise.
  bool calibrated() const;

  // How photos are decoded for Classify: nothing that the net could see is lost, and what is to be
  // drawn over (options.heat) has a size that people can look at.
  DecodeOptions Decoding(const ClassifyOptions& options) const;

  // Photos: uint8 [H, W, 3] of any size. One result for each; errors of runs.
  absl::StatusOr<std::vector<Classification>> Classify(const std::vector<Tensor>& photos,
                                                       const ClassifyOptions& options = {}) const;
  // What the net says before anything is made of it, [K] each.
  absl::StatusOr<std::vector<std::vector<float>>> Logits(const std::vector<Tensor>& photos) const;
  // The `top` most probable ones, or all.
  std::vector<PhotoLabel> Labels(absl::Span<const float> logits, int top) const;

 private:
  struct Parts;
  // Of the batch that begins there.
  absl::StatusOr<std::vector<Tensor>> Run(const std::vector<Tensor>& photos, size_t begin,
                                          const std::vector<Output>& fetches) const;
  PhotoClassifier(ClassifierInfo info, std::unique_ptr<Parts> parts);
  ClassifierInfo info_;
  std::unique_ptr<Parts> parts_;
};

// A bundle of kind "classify_image"; `weights`: of the net alone, by the names of its variables,
// statistics of its norms included.
absl::StatusOr<Bundle> MakeClassifierBundle(const ClassifierInfo& info, const InceptionOptions& net,
                                            NamedTensors weights, const std::string& licence,
                                            const std::string& card);

// Fits temperature and confidence to logits that the bundle's net gives photos which nothing was
// trained on. InvalidArgument where all answers are right, or all wrong: then the bundle stays as
// it is.
absl::Status CalibrateBundle(absl::Span<const JudgedLogits> examples, Bundle* bundle);

// What a bundle was made of, for those who train it further; weights have 32 bits.
struct ClassifierParts {
  ClassifierInfo info;
  InceptionOptions net;
  NamedTensors weights;
  std::string licence;
};
// Errors as PhotoClassifier::Load.
absl::StatusOr<ClassifierParts> ReadClassifierParts(Env* env, const std::string& directory);

// The bundle that comes with the programs; NotFound says what to do.
absl::StatusOr<std::string> FindClassifierBundle(Env* env);

}  // namespace viv

#endif  // VIV_MODELS_VISION_PHOTO_CLASSIFIER_H_
