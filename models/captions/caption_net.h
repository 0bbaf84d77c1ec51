// A net that says in words what is on a photo: an Inception net, and a sequence-to-sequence net
// whose source is what that sees at each place of its last map.
//
// Vinyals et al., "Show and tell", 2015; Xu et al., "Show, attend and tell", 2015.
#ifndef VIV_MODELS_CAPTIONS_CAPTION_NET_H_
#define VIV_MODELS_CAPTIONS_CAPTION_NET_H_

#include <functional>
#include <vector>

#include "models/language/seq2seq.h"
#include "models/vision/inception.h"

namespace viv {

struct CaptionNetOptions {
  InceptionOptions photos;
  // Its source features are those of the Inception net.
  Seq2SeqOptions words = {
      .vocab_size = 2500, .embed = 256, .encoder_hidden = 128, .hidden = 384, .attention = true};

  // InvalidArgument where a number is out of range.
  absl::Status Check() const { return words.Check(); }
};

class CaptionNet {
 public:
  // Makes the variables: "photos/..." and "words/...". The options are checked.
  CaptionNet(BuilderRef b, const CaptionNetOptions& options);

  const Seq2Seq& words() const { return words_; }
  const Inception& photos() const { return photos_; }

  // photos: uint8 [N, S, S, 3] -> the source of words(): [places, N, features].
  Output See(BuilderRef b, Output photos) const;

  // The mean loss of a word. target_in, target_out: [T, M]; target_lengths: [M]; `photo_of`, int32
  // [M]: which of the photos a target tells of. With `train_photos` the Inception net is trained
  // too: `updates` gets what a step runs besides (see WithUpdates).
  Output Loss(BuilderRef b, Output photos, Output photo_of, Output target_in, Output target_out,
              Output target_lengths, const NetLossOptions& options, bool train_photos,
              std::vector<Output>* updates) const;

  // For OptimizerOptions::trains: the variables of words() and, with `photos`, those of photos()
  // but for its classes.
  std::function<bool(const Variable&)> Trains(bool photos) const;

 private:
  Inception photos_;
  Seq2Seq words_;
};

}  // namespace viv

#endif  // VIV_MODELS_CAPTIONS_CAPTION_NET_H_
