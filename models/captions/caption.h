// A sentence for a photo, and how that is printed.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_H_
#define VIV_MODELS_CAPTIONS_CAPTION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace viv {

struct CaptionWord {
  std::string text;
  // How probable the net holds it, given the words before it.
  double probability = 0;
};

struct Caption {
  std::string text;
  std::vector<CaptionWord> words;
  // Of all words and the end.
  double log_prob = 0;
  // That it is a good one (see IsGoodCaption); where the captioner is calibrated.
  std::optional<double> confidence;
};

// Of a photo; at least one.
using CaptionResult = absl::StatusOr<std::vector<Caption>>;

struct CaptionFormat {
  bool json = false;
  // Adds the words' probabilities to lines; JSON has them always.
  bool words = false;
  // Adds confidences to lines; JSON has them always.
  bool confidence = false;
  // What has a lower confidence is withheld.
  double min_confidence = 0;

  bool Withholds(const CaptionResult& result) const {
    return result.ok() && result->front().confidence.value_or(1) < min_confidence;
  }
};

// The lines, with their ends, for one photo. As text: the photo's name, then a sentence a line,
// "(no sentence is sure enough)" where withheld; "" where it failed. As JSON one line: "input" and
// "captions", each with "text", "confidence", "log_prob" and "words", pairs of a word and its
// probability; or "input", "confidence" and "abstained": true; or "input" and "error".
std::string FormatCaptions(const std::string& input, const CaptionResult& result,
                           const CaptionFormat& format);

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_H_
