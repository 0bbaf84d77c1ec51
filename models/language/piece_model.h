// SentencePiece behind an interface of plain types, in a library that is opened when it is used.
//
// Two things in SentencePiece do not bear company, hence the border: its headers declare an
// absl::string_view of their own, so no file that sees Abseil's may include them; and it carries an
// old copy of Protocol Buffers, whose functions must not meet those of a newer one in the process,
// so it is loaded into a scope of symbols of its own. The Tokenizer is what to use.
#ifndef VIV_MODELS_LANGUAGE_PIECE_MODEL_H_
#define VIV_MODELS_LANGUAGE_PIECE_MODEL_H_

#include <cstddef>
#include <string>
#include <vector>

namespace viv {

// [begin, end) of a text, in bytes.
struct PieceSpan {
  size_t begin = 0, end = 0;
};

// A set of pieces, empty at first. Every function that can fail returns "" or the library's
// message, and may throw what the library throws. After Load() safe for concurrent use.
class PieceModel {
 public:
  virtual ~PieceModel() = default;

  // Learns `vocab_size` pieces, the `symbols` (without commas) among them, into the bytes of a
  // model.
  virtual std::string Train(const std::vector<std::string>& sentences, int vocab_size,
                            const std::vector<std::string>& symbols, std::string* model) const = 0;
  virtual std::string Load(const std::string& model) = 0;
  virtual std::string Encode(const std::string& text, std::vector<int>* ids) const = 0;
  virtual std::string Decode(const std::vector<int>& ids, std::string* text) const = 0;
  // What stands for each piece: in the text that is encoded, and in that which comes of decoding.
  virtual std::string EncodeSpans(const std::string& text, std::vector<PieceSpan>* spans) const = 0;
  virtual std::string DecodeSpans(const std::vector<int>& ids,
                                  std::vector<PieceSpan>* spans) const = 0;
  // -1 where there is no such piece.
  virtual int Find(const std::string& piece) const = 0;
  virtual std::string Piece(int id) const = 0;
  virtual bool IsByte(int id) const = 0;
  virtual int size() const = 0;
  // -1 where the model has no such piece.
  virtual int bos() const = 0;
  virtual int eos() const = 0;
  virtual int pad() const = 0;
  // What stands for all that there is no piece for.
  virtual int unknown() const = 0;
};

// What the library libviv_pieces.so offers: a new PieceModel, which the caller deletes.
inline constexpr char kPieceModelFactory[] = "viv_new_piece_model";
using PieceModelFactory = PieceModel* (*)();

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_PIECE_MODEL_H_
