// The wrapper of SentencePiece: opens its library; its statuses and exceptions become ours.
#include "models/language/tokenizer.h"

#include <dlfcn.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "models/language/word_model.h"

namespace viv {
namespace {

// RTLD_DEEPBIND: the library finds its own copy of Protocol Buffers before any other. The address
// sanitizer refuses such libraries; under it the copies meet, and tokenizers fail.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kOpenFlags = RTLD_NOW | RTLD_LOCAL;
#else
constexpr int kOpenFlags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

// Opened on first use, for the process's life: models may live as long.
absl::StatusOr<std::shared_ptr<PieceModel>> NewPieceModel() {
  static void* const library = dlopen("libviv_pieces.so", kOpenFlags);
  if (library == nullptr) {
    return absl::NotFoundError(
        "cannot open libviv_pieces.so, which is installed with this library");
  }
  static const auto make = reinterpret_cast<PieceModelFactory>(dlsym(library, kPieceModelFactory));
  if (make == nullptr) {
    return absl::FailedPreconditionError("libviv_pieces.so is not of this version");
  }
  return std::shared_ptr<PieceModel>(make());
}

// Calls `function`, which returns "" or a message, behind the guard.
template <typename F>
absl::Status Guarded(const std::string& what, F&& function) {
  return RunGuarded(what, [&] {
    const std::string message = function();
    if (message.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", message));
  });
}

}  // namespace

absl::StatusOr<Tokenizer> Tokenizer::Train(const std::vector<std::string>& sentences,
                                           const TokenizerOptions& options) {
  // Four control pieces, 256 bytes where there are any, the symbols, and something to learn.
  const int least = (options.words ? 5 : 270) + static_cast<int>(options.symbols.size());
  if (options.vocab_size < least) {
    return absl::InvalidArgumentError(absl::StrCat("a vocabulary needs at least ", least, " pieces",
                                                   options.words ? "" : " (256 of them bytes)",
                                                   ", not ", options.vocab_size));
  }
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (!IsValidUtf8(sentences[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("sentence ", i + 1, " of the training text is not valid UTF-8"));
    }
  }
  std::shared_ptr<PieceModel> pieces = std::make_shared<WordModel>();
  if (!options.words) {
    ASSIGN_OR_RETURN(pieces, NewPieceModel());
  }
  std::string model;
  RETURN_IF_ERROR(Guarded("cannot learn the pieces", [&] {
    return pieces->Train(sentences, options.vocab_size, options.symbols, &model);
  }));
  return FromModel(model);
}

absl::StatusOr<Tokenizer> Tokenizer::FromModel(const std::string& model) {
  Tokenizer tokenizer;
  std::shared_ptr<PieceModel> pieces = std::make_shared<WordModel>();
  if (!WordModel::IsModel(model)) {
    ASSIGN_OR_RETURN(pieces, NewPieceModel());
  }
  const std::string what = "the tokenizer's model is damaged";
  RETURN_IF_ERROR(Guarded(what, [&] { return pieces->Load(model); }));
  tokenizer.size_ = pieces->size();
  tokenizer.bos_ = pieces->bos();
  tokenizer.eos_ = pieces->eos();
  tokenizer.pad_ = pieces->pad();
  tokenizer.unknown_ = pieces->unknown();
  if (tokenizer.bos_ < 0 || tokenizer.eos_ < 0 || tokenizer.pad_ < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": it has no pieces for begin, end and padding"));
  }
  tokenizer.pieces_ = std::move(pieces);
  tokenizer.model_ = std::make_shared<const std::string>(model);
  return tokenizer;
}

absl::StatusOr<std::vector<int32_t>> Tokenizer::Encode(const std::string& text) const {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("the text is not valid UTF-8");
  std::vector<int> ids;
  RETURN_IF_ERROR(Guarded("cannot split the text", [&] { return pieces_->Encode(text, &ids); }));
  return std::vector<int32_t>(ids.begin(), ids.end());
}

absl::Status Tokenizer::CheckIds(const std::vector<int32_t>& ids) const {
  for (const int32_t id : ids) {
    if (id < 0 || id >= size_) {
      return absl::OutOfRangeError(
          absl::StrCat("piece ", id, " does not exist: there are ", size_));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PieceSpan>> Tokenizer::EncodeSpans(const std::string& text) const {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("the text is not valid UTF-8");
  std::vector<PieceSpan> spans;
  RETURN_IF_ERROR(
      Guarded("cannot split the text", [&] { return pieces_->EncodeSpans(text, &spans); }));
  return spans;
}

absl::StatusOr<std::vector<PieceSpan>> Tokenizer::DecodeSpans(
    const std::vector<int32_t>& ids) const {
  RETURN_IF_ERROR(CheckIds(ids));
  std::vector<PieceSpan> spans;
  RETURN_IF_ERROR(Guarded("cannot join the pieces", [&] {
    return pieces_->DecodeSpans(std::vector<int>(ids.begin(), ids.end()), &spans);
  }));
  return spans;
}

absl::StatusOr<std::string> Tokenizer::Decode(const std::vector<int32_t>& ids) const {
  RETURN_IF_ERROR(CheckIds(ids));
  std::string text;
  RETURN_IF_ERROR(Guarded("cannot join the pieces", [&] {
    return pieces_->Decode(std::vector<int>(ids.begin(), ids.end()), &text);
  }));
  return text;
}

int32_t Tokenizer::Find(const std::string& piece) const { return pieces_->Find(piece); }

std::string Tokenizer::Piece(int32_t id) const {
  return id < 0 || id >= size_ ? "" : pieces_->Piece(id);
}

bool Tokenizer::IsByte(int32_t id) const { return id >= 0 && id < size_ && pieces_->IsByte(id); }

}  // namespace viv
