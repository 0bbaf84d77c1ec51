// A captioner out of a bundle: photos in, sentences out.
#ifndef VIV_MODELS_CAPTIONS_CAPTIONER_H_
#define VIV_MODELS_CAPTIONS_CAPTIONER_H_

#include <memory>
#include <string>
#include <vector>

#include "core/bundle/bundle.h"
#include "core/bundle/calibration.h"
#include "core/bundle/confidence_report.h"
#include "models/captions/caption.h"
#include "models/captions/caption_net.h"
#include "models/decoding/beam_search.h"
#include "models/language/tokenizer.h"
#include "models/vision/photo_fit.h"

namespace viv {

struct CaptionOptions {
  int beam = 3;
  // Sentences of a photo, the best first; at most `beam`, or so many draws.
  int count = 1;
  // Draws sentences in place of searching for the most probable ones: see SamplingOptions.
  bool sample = false;
  float temperature = 1;
  uint64_t seed = 1;
};

// What a bundle of kind "caption_image" holds beside the weights.
struct CaptionerInfo {
  // How a photo is brought to the size of the net's input.
  PhotoFit fit;
  bool non_commercial = false;
};

// Safe for concurrent use.
class Captioner {
 public:
  // NotFound, DataLoss, FailedPrecondition as ReadBundle; InvalidArgument where the parts of the
  // bundle do not fit each other. `precision`: see SessionOptions.
  static absl::StatusOr<std::unique_ptr<Captioner>> Load(Env* env, const std::string& directory,
                                                         DType precision = kFloat);
  // Of a bundle in memory.
  static absl::StatusOr<std::unique_ptr<Captioner>> FromBundle(const Bundle& bundle,
                                                               DType precision = kFloat);
  ~Captioner();

  const CaptionerInfo& info() const { return info_; }
  // Whether sentences have confidences.
  bool calibrated() const;

  // Photos: uint8 [H, W, 3] of any size. For each its sentences; errors of runs, and
  // InvalidArgument for senseless options.
  absl::StatusOr<std::vector<std::vector<Caption>>> Describe(const std::vector<Tensor>& photos,
                                                             const CaptionOptions& options) const;

 private:
  struct Parts;
  Captioner(CaptionerInfo info, std::unique_ptr<Parts> parts);
  absl::StatusOr<Caption> MakeCaption(const Hypothesis& hypothesis) const;
  CaptionerInfo info_;
  std::unique_ptr<Parts> parts_;
};

// A bundle of kind "caption_image"; `weights`: of the net alone, by the names of its variables,
// statistics of its norms included.
absl::StatusOr<Bundle> MakeCaptionerBundle(const CaptionerInfo& info, const CaptionNetOptions& net,
                                           const Tokenizer& tokenizer, NamedTensors weights,
                                           const std::string& licence, const std::string& card);

// What a confidence is the probability of: the chrF of the sentence against the likest of the
// photo's sentences is at least this.
inline constexpr double kGoodCaptionChrf = 40;
bool IsGoodCaption(const std::string& caption, const std::vector<std::string>& references);

// A sentence for a photo, and the photo's own sentences.
struct JudgedCaption {
  std::string name;
  Caption caption;
  std::vector<std::string> references;
};
// Fits the confidence, on photos which nothing was trained on, and puts it into the bundle. Errors
// of Calibration::Fit; then the bundle stays as it is.
absl::Status CalibrateCaptions(const std::vector<JudgedCaption>& examples, Bundle* bundle);
// How good the confidences are that are fitted so, on examples that they were not fitted on: each
// half (every second one) is judged by what the other half gives.
absl::StatusOr<ConfidenceReport> CrossReportCaptions(const std::vector<JudgedCaption>& examples);

// What a bundle was made of, for those who train it further; weights have 32 bits.
struct CaptionerParts {
  CaptionerInfo info;
  CaptionNetOptions net;
  Tokenizer tokenizer;
  NamedTensors weights;
  std::string licence;
};
// Errors as Captioner::Load.
absl::StatusOr<CaptionerParts> ReadCaptionerParts(Env* env, const std::string& directory);

// The bundle that comes with the programs; NotFound says what to do.
absl::StatusOr<std::string> FindCaptionerBundle(Env* env);

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTIONER_H_
