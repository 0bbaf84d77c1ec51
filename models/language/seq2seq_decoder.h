// A sequence-to-sequence net as a step function: what beam search needs of it.
#ifndef VIV_MODELS_LANGUAGE_SEQ2SEQ_DECODER_H_
#define VIV_MODELS_LANGUAGE_SEQ2SEQ_DECODER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/graph/graph_def.h"
#include "core/runtime/session.h"
#include "models/decoding/step_function.h"
#include "models/decoding/token_chooser.h"
#include "models/language/translation_net.h"

namespace viv {

// The encoder and one step of the decoder, as parts of the graph that holds the net's variables, so
// that a net can be tried out while it is trained.
class Seq2SeqDecoder {
 public:
  Seq2SeqDecoder(BuilderRef b, const TranslationNet& net);

  // Names for its ends in the graph: "encode" (source, source_lengths; the memory, and "initial"
  // where states begin with it) and "step" (tokens, the states, the memory and its lengths;
  // log_probs, the next states under the same names, and with attention "attention"), to find them
  // in a graph that was loaded.
  Signatures signatures() const;
  // InvalidArgument where an end is missing, or of another type or shape than the net's.
  static absl::StatusOr<Seq2SeqDecoder> FromSignatures(const NetEnds& net,
                                                       const Signatures& signatures);

  // Adds nodes that find the most probable tokens to the graph, whose builder `b` is, for sessions
  // that are made afterwards: else steps hand out all probabilities, and that takes longer. They
  // belong to no signature.
  void ChooseInGraph(BuilderRef b);

  // Whether Attend() works: nets without attention, and graphs from before it was an end, lack it.
  bool has_attention() const { return step_.attention.valid(); }

  // What was looked at for each token of the targets, and for their ends, when they are chosen
  // after those before them: for target i [tokens + 1][pieces of source i], in the order of the
  // source.
  absl::StatusOr<std::vector<std::vector<std::vector<float>>>> Attend(
      Session& session, const std::vector<std::vector<int32_t>>& sources,
      const std::vector<std::vector<int32_t>>& targets, int32_t bos, int32_t pad) const;

  // Encodes the sources (non-empty pieces with the end token) with the session of that graph. The
  // session must outlive the result. `pad` fills up the shorter ones.
  absl::StatusOr<std::unique_ptr<StepFunction>> Start(
      Session& session, const std::vector<std::vector<int32_t>>& sources, int32_t pad) const;
  // The same of sources that are features: float [S, B, NetEnds::source_features].
  absl::StatusOr<std::unique_ptr<StepFunction>> Start(Session& session,
                                                      const Tensor& features) const;

 private:
  friend class Seq2SeqSteps;
  explicit Seq2SeqDecoder(NetEnds net);
  // An output with its name in a signature, and what it is.
  struct End {
    std::string signature, name;
    bool fetched;
    Output* output;
    DType dtype;
    PartialShape shape;
    bool optional = false;
  };
  // All that the net asks for.
  std::vector<End> Ends();

  NetEnds net_;
  int64_t initial_width_ = 0;
  Output source_, source_lengths_;  // fed to the encoder
  EncodedSource encoded_;
  Output tokens_;  // fed to a step, with the memory ...
  EncodedSource memory_;
  std::vector<Output> states_;  // ... and the states
  DecoderStep step_;
  TokenChooser chooser_;
};

// Sequences as one [T, B] tensor of int32, time outermost, filled up with `pad`, and their lengths.
struct PaddedBatch {
  Tensor tokens, lengths;
};
PaddedBatch PadSequences(const std::vector<std::vector<int32_t>>& sequences, int32_t pad);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_SEQ2SEQ_DECODER_H_
