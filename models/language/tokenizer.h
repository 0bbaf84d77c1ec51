// Subword tokenizers: text to piece numbers and back, by SentencePiece.
#ifndef VIV_MODELS_LANGUAGE_TOKENIZER_H_
#define VIV_MODELS_LANGUAGE_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "models/language/piece_model.h"

namespace viv {

struct TokenizerOptions {
  // Pieces in all, with the 256 bytes and the four control pieces. Text too small for as many is an
  // error that names the largest possible size.
  int vocab_size = 6000;
  // Texts that are one piece each wherever they occur, among the `vocab_size`.
  std::vector<std::string> symbols;
  // Whole words instead (word_model.h), the most frequent ones; then what is rare is unknown.
  bool words = false;
};

// Byte-pair encoding (Sennrich et al. 2016) with byte fallback: every text has an encoding, and no
// piece is unknown, unless the pieces are words. Text is normalised (NFKC, runs of spaces
// collapsed) before it is split. Cheap to copy; safe for concurrent use.
class Tokenizer {
 public:
  // Learns the pieces from sentences, one for several languages where they are mixed in.
  static absl::StatusOr<Tokenizer> Train(const std::vector<std::string>& sentences,
                                         const TokenizerOptions& options);
  // From what model() returned. InvalidArgument where it is damaged.
  static absl::StatusOr<Tokenizer> FromModel(const std::string& model);

  // The pieces of a text, without begin and end. InvalidArgument for text that is no valid UTF-8.
  absl::StatusOr<std::vector<int32_t>> Encode(const std::string& text) const;
  // The text of pieces; control pieces leave nothing behind. A number outside [0, size()) is an
  // error. Bytes that do not make up valid UTF-8 become U+FFFD.
  absl::StatusOr<std::string> Decode(const std::vector<int32_t>& ids) const;

  // For each piece of Encode(text) its bytes of the text, and for each of `ids` its bytes of
  // Decode(ids); a space belongs to the piece behind it.
  absl::StatusOr<std::vector<PieceSpan>> EncodeSpans(const std::string& text) const;
  absl::StatusOr<std::vector<PieceSpan>> DecodeSpans(const std::vector<int32_t>& ids) const;

  // The number of the piece that is written so; -1 where there is none.
  int32_t Find(const std::string& piece) const;
  // How a piece is written: "\xe2\x96\x81" (U+2581) stands for a space. "" for numbers outside [0,
  // size()).
  std::string Piece(int32_t id) const;
  // Whether the piece is one byte of a character that has no piece of its own.
  bool IsByte(int32_t id) const;

  int size() const { return size_; }
  int32_t bos() const { return bos_; }
  int32_t eos() const { return eos_; }
  int32_t pad() const { return pad_; }
  // The piece for all that there is no piece for; -1 where there is always one.
  int32_t unknown() const { return unknown_; }
  // The learnt pieces, for a file.
  const std::string& model() const { return *model_; }

 private:
  Tokenizer() = default;
  absl::Status CheckIds(const std::vector<int32_t>& ids) const;

  std::shared_ptr<const PieceModel> pieces_;
  std::shared_ptr<const std::string> model_;
  int size_ = 0;
  int32_t bos_ = 0, eos_ = 0, pad_ = 0, unknown_ = -1;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_TOKENIZER_H_
