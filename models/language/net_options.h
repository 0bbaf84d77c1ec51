// Which net translates, and how large it is.
#ifndef VIV_MODELS_LANGUAGE_NET_OPTIONS_H_
#define VIV_MODELS_LANGUAGE_NET_OPTIONS_H_

#include <memory>
#include <string>
#include <variant>

#include "models/language/seq2seq.h"
#include "models/language/transformer.h"

namespace viv {

class NetOptions {
 public:
  NetOptions() = default;                                                // Seq2SeqOptions
  NetOptions(Seq2SeqOptions options) : kind_(std::move(options)) {}      // NOLINT
  NetOptions(TransformerOptions options) : kind_(std::move(options)) {}  // NOLINT

  // One JSON object, that of the kind's options; its key "kind", "transformer", is missing for
  // Seq2Seq, which is older than the key. FromJson checks the options.
  std::string ToJson() const;
  static absl::StatusOr<NetOptions> FromJson(const std::string& json);

  // InvalidArgument where a number is out of range.
  absl::Status Check() const;
  int64_t vocab_size() const;
  void set_vocab_size(int64_t size);
  NetEnds ends() const;
  // "A Transformer: 3 encoder layers ...".
  std::string Describe() const;

  // Makes the net's variables in the graph.
  std::unique_ptr<TranslationNet> Build(BuilderRef b) const;

 private:
  std::variant<Seq2SeqOptions, TransformerOptions> kind_;
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_NET_OPTIONS_H_
