// The only file that includes SentencePiece.
#include "models/language/piece_model.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <unordered_map>

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

}  // namespace

struct PieceModel::Impl {
  sentencepiece::SentencePieceProcessor processor;
};

PieceModel::PieceModel() : impl_(std::make_unique<Impl>()) {}
PieceModel::~PieceModel() = default;

std::string PieceModel::Train(const std::vector<std::string>& sentences, int vocab_size,
                              std::string* model) {
  const std::unordered_map<std::string, std::string> arguments = {
      {"model_type", "bpe"},     {"vocab_size", std::to_string(vocab_size)},
      {"byte_fallback", "true"}, {"character_coverage", "1.0"},
      {"pad_id", "3"},           {"minloglevel", "2"}};
  Sentences iterator(sentences);
  return MessageOf(sentencepiece::SentencePieceTrainer::Train(arguments, &iterator, model));
}

std::string PieceModel::Load(const std::string& model) {
  return MessageOf(impl_->processor.LoadFromSerializedProto(model));
}

std::string PieceModel::Encode(const std::string& text, std::vector<int>* ids) const {
  return MessageOf(impl_->processor.Encode(text, ids));
}

std::string PieceModel::Decode(const std::vector<int>& ids, std::string* text) const {
  return MessageOf(impl_->processor.Decode(ids, text));
}

int PieceModel::size() const { return impl_->processor.GetPieceSize(); }
int PieceModel::bos() const { return impl_->processor.bos_id(); }
int PieceModel::eos() const { return impl_->processor.eos_id(); }
int PieceModel::pad() const { return impl_->processor.pad_id(); }

}  // namespace viv
