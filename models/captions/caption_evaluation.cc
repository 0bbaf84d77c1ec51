// Sentences are scored against all of a photo's own.
#include "models/captions/caption_evaluation.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "models/vision/each_photo.h"

namespace viv {
namespace {

std::vector<std::string> Sentences(const CaptionedImages& photos) {
  std::vector<std::string> all;
  for (const CaptionedImage& image : photos.images) {
    for (const std::string& caption : image.captions) all.push_back(PlainCaption(caption));
  }
  return all;
}

}  // namespace

absl::StatusOr<std::vector<JudgedCaption>> DescribeAll(const Captioner& captioner,
                                                       const CaptionedImages& photos, int beam) {
  const DecodeOptions options = {.min_side = captioner.info().fit.min_side()};
  const auto decode = [&](size_t i) { return photos.images[i].Decode(options); };
  std::vector<JudgedCaption> judged;
  const auto describe = [&](const std::vector<size_t>& numbers,
                            const std::vector<Tensor>& batch) -> absl::Status {
    ASSIGN_OR_RETURN(auto captions, captioner.Describe(batch, {.beam = beam}));
    for (size_t i = 0; i < numbers.size(); ++i) {
      const CaptionedImage& image = photos.images[numbers[i]];
      judged.push_back({image.Name(), std::move(captions[i].front()), image.captions});
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      ForEachReadable(photos.images.size(), decode, {.batch = 16}, describe, /*skipped=*/nullptr));
  return judged;
}

absl::StatusOr<CaptionEvaluation> EvaluateCaptions(const std::vector<JudgedCaption>& judged,
                                                   const CaptionedImages* training) {
  if (judged.empty()) {
    return absl::InvalidArgumentError("there are no photos to evaluate a captioner on");
  }
  std::vector<std::string> captions;
  std::vector<std::vector<std::string>> references;
  std::vector<JudgedConfidence> confidences;
  for (const JudgedCaption& one : judged) {
    captions.push_back(one.caption.text);
    references.push_back(one.references);
    if (!one.caption.confidence) continue;
    confidences.push_back(
        {*one.caption.confidence, IsGoodCaption(one.caption.text, one.references)});
  }
  ASSIGN_OR_RETURN(const CaptionScorer scorer, CaptionScorer::Make(references));
  CaptionEvaluation evaluation = {.photos = static_cast<int64_t>(judged.size()),
                                  .distinct = ShareOfDistinct(captions)};
  ASSIGN_OR_RETURN(evaluation.scores, scorer.Score(captions));
  if (training != nullptr) evaluation.novel = ShareOfNew(captions, Sentences(*training));
  if (!confidences.empty()) {
    ASSIGN_OR_RETURN(evaluation.confidence, ReportConfidence(confidences));
  }
  std::rotate(captions.begin(), captions.begin() + 1, captions.end());
  ASSIGN_OR_RETURN(const CaptionScores shuffled, scorer.Score(captions));
  evaluation.shuffled_cider = shuffled.cider;
  return evaluation;
}

std::string CaptionEvaluation::ToString() const {
  std::string text = absl::StrFormat(
      "%d photos: CIDEr %.1f (%.1f for other photos), BLEU-1 to 4 %.1f / %.1f / %.1f / %.1f, "
      "ROUGE-L %.1f\n%.1f %% of the sentences are different",
      photos, scores.cider, shuffled_cider, scores.bleu[0], scores.bleu[1], scores.bleu[2],
      scores.bleu[3], scores.rouge_l, distinct);
  if (novel) absl::StrAppendFormat(&text, ", %.1f %% are not in the training data", *novel);
  absl::StrAppend(&text, "\n");
  if (confidence) absl::StrAppend(&text, confidence->ToString());
  return text;
}

}  // namespace viv
