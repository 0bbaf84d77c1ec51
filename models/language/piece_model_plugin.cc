// The library libviv_pieces.so, the only one that is linked with SentencePiece.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <memory>
#include <unordered_map>

#include "models/language/piece_model.h"

namespace viv {
namespace {

// Hands sentences in memory to the trainer.
class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::vector<std::string>& sentences) : sentences_(sentences) {}
  bool done() const override { return next_ == sentences_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return sentences_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& sentences_;
  size_t next_ = 0;
};

std::string MessageOf(const sentencepiece::util::Status& status) {
  return status.ok() ? "" : status.ToString();
}

std::string SpansOf(const sentencepiece::ImmutableSentencePieceText& text,
                    std::vector<PieceSpan>* spans) {
  for (size_t i = 0; i < text.pieces_size(); ++i) {
    const auto piece = text.pieces(static_cast<int>(i));
    spans->push_back({piece.begin(), piece.end()});
  }
  return "";
}

class SentencePieceModel : public PieceModel {
 public:
  std::string Train(const std::vector<std::string>& sentences, int vocab_size,
                    const std::vector<std::string>& symbols, std::string* model) const override {
    std::string joined;
    for (const std::string& symbol : symbols) joined += (joined.empty() ? "" : ",") + symbol;
    std::unordered_map<std::string, std::string> arguments = {
        {"model_type", "bpe"},     {"vocab_size", std::to_string(vocab_size)},
        {"byte_fallback", "true"}, {"character_coverage", "1.0"},
        {"pad_id", "3"},           {"minloglevel", "2"}};
    if (!symbols.empty()) arguments["user_defined_symbols"] = joined;
    Sentences iterator(sentences);
    return MessageOf(sentencepiece::SentencePieceTrainer::Train(arguments, &iterator, model));
  }
  std::string Load(const std::string& model) override {
    return MessageOf(processor_.LoadFromSerializedProto(model));
  }
  std::string Encode(const std::string& text, std::vector<int>* ids) const override {
    return MessageOf(processor_.Encode(text, ids));
  }
  std::string Decode(const std::vector<int>& ids, std::string* text) const override {
    return MessageOf(processor_.Decode(ids, text));
  }
  std::string EncodeSpans(const std::string& text, std::vector<PieceSpan>* spans) const override {
    return SpansOf(processor_.EncodeAsImmutableProto(text), spans);
  }
  std::string DecodeSpans(const std::vector<int>& ids,
                          std::vector<PieceSpan>* spans) const override {
    return SpansOf(processor_.DecodeIdsAsImmutableProto(ids), spans);
  }
  int Find(const std::string& piece) const override {
    const int id = processor_.PieceToId(piece);
    return processor_.IdToPiece(id) == piece ? id : -1;
  }
  std::string Piece(int id) const override { return processor_.IdToPiece(id); }
  bool IsByte(int id) const override { return processor_.IsByte(id); }
  int size() const override { return processor_.GetPieceSize(); }
  int bos() const override { return processor_.bos_id(); }
  int eos() const override { return processor_.eos_id(); }
  int pad() const override { return processor_.pad_id(); }
  // There are bytes instead.
  int unknown() const override { return -1; }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace
}  // namespace viv

extern "C" viv::PieceModel* viv_new_piece_model() {
  return std::make_unique<viv::SentencePieceModel>().release();
}
