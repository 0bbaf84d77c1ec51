// The scores of captions: the same numbers as pycocoevalcap gives, in percent.
#ifndef VIV_MODELS_LANGUAGE_CAPTION_SCORES_H_
#define VIV_MODELS_LANGUAGE_CAPTION_SCORES_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace viv {

struct CaptionScores {
  std::array<double, 4> bleu = {};  // BLEU-1 to BLEU-4 (Papineni et al. 2002), of the corpus
  double rouge_l = 0;               // ROUGE-L (Lin 2004), the mean over photos
  double cider = 0;                 // CIDEr-D (Vedantam et al. 2015), the mean over photos
};

// Compares captions of photos with those that people wrote. Captions are texts as CaptionWords
// splits them. Immutable; safe for concurrent use.
class CaptionScorer {
 public:
  // `references`: for each photo the captions of people. The rarity of words, which CIDEr needs, is
  // that in them. InvalidArgument for a photo without any.
  static absl::StatusOr<CaptionScorer> Make(
      const std::vector<std::vector<std::string>>& references);

  // One caption for each photo; InvalidArgument for another number. Without photos all are 0.
  absl::StatusOr<CaptionScores> Score(const std::vector<std::string>& captions) const;
  // CIDEr-D of a caption of `photo`, by its number in the references.
  double Cider(int64_t photo, const std::string& caption) const;

 private:
  using Words = std::vector<int32_t>;
  // Of the runs of 1 to 4 words: how often they occur, times how rare they are.
  struct Rarities {
    std::array<std::map<Words, double>, 4> weight;
    std::array<double, 4> norm = {};
    int64_t pairs = 0;  // of words
  };
  struct Reference {
    Words words;
    Rarities rarities;
  };

  CaptionScorer() = default;
  // The numbers of a caption's words; words that no reference has get numbers of their own.
  Words NumbersOf(const std::string& caption) const;
  Rarities RaritiesOf(const Words& words) const;
  double Cider(int64_t photo, const Words& words) const;
  double RougeL(int64_t photo, const Words& words) const;

  std::map<std::string, int32_t> numbers_;
  std::map<Words, int64_t> photos_with_;  // of each run of words
  std::vector<std::vector<Reference>> references_;
};

// In percent: how many of the captions are different, and how many do not occur in `training`, word
// for word. 0 where there are none.
double ShareOfDistinct(const std::vector<std::string>& captions);
double ShareOfNew(const std::vector<std::string>& captions,
                  const std::vector<std::string>& training);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_CAPTION_SCORES_H_
