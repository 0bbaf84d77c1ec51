// SentencePiece without Abseil: its headers declare an absl::string_view of their own, so no file
// that sees Abseil's may include them. Plain types pass the border; the Tokenizer is what to use.
#ifndef VIV_MODELS_LANGUAGE_PIECE_MODEL_H_
#define VIV_MODELS_LANGUAGE_PIECE_MODEL_H_

#include <memory>
#include <string>
#include <vector>

namespace viv {

// Every function that can fail returns "" or the library's message. May throw what the library
// throws.
class PieceModel {
 public:
  PieceModel();
  ~PieceModel();

  // Learns `vocab_size` pieces into the bytes of a model.
  static std::string Train(const std::vector<std::string>& sentences, int vocab_size,
                           std::string* model);
  std::string Load(const std::string& model);
  std::string Encode(const std::string& text, std::vector<int>* ids) const;
  std::string Decode(const std::vector<int>& ids, std::string* text) const;
  int size() const;
  // -1 where the model has no such piece.
  int bos() const;
  int eos() const;
  int pad() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_PIECE_MODEL_H_
