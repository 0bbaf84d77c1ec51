// What a captioner is worth on photos with sentences.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_EVALUATION_H_
#define VIV_MODELS_CAPTIONS_CAPTION_EVALUATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bundle/confidence_report.h"
#include "models/captions/caption_data.h"
#include "models/captions/captioner.h"
#include "models/language/caption_scores.h"

namespace viv {

// The captioner's best sentence for each photo; those that cannot be read are left out.
absl::StatusOr<std::vector<JudgedCaption>> DescribeAll(const Captioner& captioner,
                                                       const CaptionedImages& photos, int beam);

struct CaptionEvaluation {
  int64_t photos = 0;
  CaptionScores scores;
  // The same sentences, each for the next photo: what they are worth to photos not looked at.
  double shuffled_cider = 0;
  // In percent: how many of the sentences are different, and how many no training photo has (where
  // those were given).
  double distinct = 0;
  std::optional<double> novel;
  // Of the event IsGoodCaption; where the captioner is calibrated.
  std::optional<ConfidenceReport> confidence;

  // A few lines for people.
  std::string ToString() const;
};

// `training` may be null. InvalidArgument where there are no sentences.
absl::StatusOr<CaptionEvaluation> EvaluateCaptions(const std::vector<JudgedCaption>& judged,
                                                   const CaptionedImages* training);

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_EVALUATION_H_
