// Photos with sentences as the batches that a captioner is trained on.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_DATA_H_
#define VIV_MODELS_CAPTIONS_CAPTION_DATA_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/data/dataset.h"
#include "datasets/images/captioned_images.h"
#include "models/language/tokenizer.h"
#include "models/vision/augment.h"
#include "models/vision/photo_fit.h"

namespace viv {

struct CaptionSplit {
  CaptionedImages train, validation;
};

// The photos at `spec`: "flickr8k:" and where that data set lies, of which train and dev are the
// split; or "coco:ANNOTATIONS,PHOTOS", a file in COCO's format and where its photos lie, of which
// every tenth is held out.
absl::StatusOr<CaptionSplit> ReadCaptions(const std::string& spec);

// As captioners are trained on it and scored: in lower case, without punctuation, single spaces.
// Text that is no valid UTF-8 becomes "".
std::string PlainCaption(const std::string& caption);

struct CaptionBatchOptions {
  int64_t size = 224;  // of the squares that photos become
  int batch = 32;      // photos; each with all of its sentences
  AugmentOptions augment;
  uint64_t seed = 1;
  int threads = 2;
  // Longer sentences are left out.
  int max_words = 40;
};

enum CaptionField { kPhotos, kPhotoOf, kTargetIn, kTargetOut, kTargetLengths };

// Photos in random order, augmented anew each time, without end, and their sentences, M in all:
// photos uint8 [N, S, S, 3]; int32: which photo a sentence belongs to [M]; its words with the
// begin before them [M, T], and with the end behind them [M, T], filled up; their number, the end
// included [M] (0 where a photo has fewer sentences than another). A photo that cannot be read is
// left out, and logged.
Dataset CaptionBatches(const CaptionedImages& photos, const Tokenizer& tokenizer,
                       const CaptionBatchOptions& options);
// The photos once, in order and as they are; else the same.
Dataset FittedCaptions(const CaptionedImages& photos, const Tokenizer& tokenizer,
                       const PhotoFit& fit, const CaptionBatchOptions& options);

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_DATA_H_
