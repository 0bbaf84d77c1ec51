// The wiring of both nets.
#include "models/captions/caption_net.h"

#include "absl/strings/match.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

constexpr char kPhotos[] = "photos";

Seq2SeqOptions WordsOf(const CaptionNetOptions& options, const Inception& photos) {
  Seq2SeqOptions words = options.words;
  words.source_features = photos.channels();
  return words;
}

// [N, h, w, C] -> [h * w, N, C].
Output Places(BuilderRef b, Output map, int64_t channels) {
  const Output batch = DimOf(b, map, 0);
  const Output rest = Const(b, Tensor::Vector<int64_t>({-1, channels}));
  const Output flat = Reshape(b, map, Concat(b, {ExpandDims(b, batch, 0), rest}, 0));
  return Transpose(b, flat, {1, 0, 2});
}

}  // namespace

CaptionNet::CaptionNet(BuilderRef b, const CaptionNetOptions& options)
    : photos_(b.Scope(kPhotos), options.photos),
      words_(b.Scope("words"), WordsOf(options, photos_)) {}

Output CaptionNet::See(BuilderRef b, Output photos) const {
  return Places(b, photos_.Apply(b, photos).map, photos_.channels());
}

Output CaptionNet::Loss(BuilderRef b, Output photos, Output photo_of, Output target_in,
                        Output target_out, Output target_lengths, const NetLossOptions& options,
                        bool train_photos, std::vector<Output>* updates) const {
  const InceptionOutputs seen =
      train_photos ? photos_.ApplyToTrain(b, photos) : photos_.Apply(b, photos);
  if (train_photos) *updates = seen.updates;
  const Output places = Places(b, seen.map, photos_.channels());
  const Output count = Cast(b, DimOf(b, places, 0), kInt32);
  const Output batch = Slice(b, ShapeOf(b, places), {{1, 2}});
  EncodedSource source = words_.Encode(b, places, BroadcastTo(b, count, batch), options.dropout);
  // What was encoded once is read for each sentence.
  for (Output& memory : source.memory) memory = GatherAxis(b, memory, photo_of, /*axis=*/1);
  source.lengths = Gather(b, source.lengths, photo_of);
  source.initial = Gather(b, source.initial, photo_of);
  return words_.Loss(b, source, target_in, target_out, target_lengths, options);
}

std::function<bool(const Variable&)> CaptionNet::Trains(bool photos) const {
  return [photos, classes = photos_.Trains(Tune::kHead)](const Variable& variable) {
    if (!absl::StartsWith(variable.name(), kPhotos)) return true;
    return photos && !classes(variable);
  };
}

}  // namespace viv
