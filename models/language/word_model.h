// Whole words as pieces: the vocabularies of 2014, in which what is rare is unknown.
#ifndef VIV_MODELS_LANGUAGE_WORD_MODEL_H_
#define VIV_MODELS_LANGUAGE_WORD_MODEL_H_

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/language/piece_model.h"
#include "models/language/unicode_text.h"

namespace viv {

// Pieces are words, and signs one by one. Where no space was, a mark (U+FFED) is part of the piece
// beside: "dogs." is "dogs" and "￭.", so that decoding puts back the spaces as they were. What is
// not among the pieces is unknown(), and is decoded as "<unk>".
class WordModel : public PieceModel {
 public:
  // Whether Load() is for these bytes.
  static bool IsModel(const std::string& model);

  std::string Train(const std::vector<std::string>& sentences, int vocab_size,
                    const std::vector<std::string>& symbols, std::string* model) const override;
  std::string Load(const std::string& model) override;
  std::string Encode(const std::string& text, std::vector<int>* ids) const override;
  std::string Decode(const std::vector<int>& ids, std::string* text) const override;
  std::string EncodeSpans(const std::string& text, std::vector<PieceSpan>* spans) const override;
  std::string DecodeSpans(const std::vector<int>& ids,
                          std::vector<PieceSpan>* spans) const override;
  int Find(const std::string& piece) const override;
  std::string Piece(int id) const override;
  bool IsByte(int) const override { return false; }
  int size() const override { return static_cast<int>(pieces_.size()); }
  int bos() const override { return 1; }
  int eos() const override { return 2; }
  int pad() const override { return 3; }
  int unknown() const override { return 0; }

 private:
  void Join(const std::vector<int>& ids, std::string* text, std::vector<PieceSpan>* spans) const;

  std::vector<std::string> pieces_;
  std::unordered_map<std::string, int> ids_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_WORD_MODEL_H_
