// The kinds of nets in one place.
#include "models/language/net_options.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr char kTransformer[] = "transformer";

std::string DescribeKind(const Seq2SeqOptions& o) {
  return absl::StrFormat(
      "A recurrent sequence-to-sequence net%s%s: %d encoder layers of 2 x %d units, %d decoder "
      "layers of %d, embeddings of %d",
      o.attention ? " with attention" : "", o.input_feeding ? " and input feeding" : "",
      o.encoder_layers, o.encoder_hidden, o.decoder_layers, o.hidden, o.embed);
}

std::string DescribeKind(const TransformerOptions& o) {
  return absl::StrFormat(
      "A Transformer: %d encoder layers and %d decoder layers of width %d, with %d heads and %d "
      "units between attentions",
      o.encoder_layers, o.decoder_layers, o.width, o.heads, o.feed_forward);
}

NetEnds EndsOfKind(const Seq2SeqOptions& o) { return Seq2Seq::EndsOf(o); }
NetEnds EndsOfKind(const TransformerOptions& o) { return Transformer::EndsOf(o); }

std::unique_ptr<TranslationNet> BuildKind(BuilderRef b, const Seq2SeqOptions& o) {
  return std::make_unique<Seq2Seq>(b, o);
}
std::unique_ptr<TranslationNet> BuildKind(BuilderRef b, const TransformerOptions& o) {
  return std::make_unique<Transformer>(b, o);
}

}  // namespace

std::string NetOptions::ToJson() const {
  const std::string text = std::visit([](const auto& o) { return o.ToJson(); }, kind_);
  if (!std::holds_alternative<TransformerOptions>(kind_)) return text;
  nlohmann::json json = nlohmann::json::parse(text);
  json["kind"] = kTransformer;
  return json.dump(2);
}

absl::StatusOr<NetOptions> NetOptions::FromJson(const std::string& text) {
  std::string kind, options = text;
  RETURN_IF_ERROR(RunGuarded("the net's description is damaged", [&] {
    nlohmann::json json = nlohmann::json::parse(text);
    if (!json.contains("kind")) return absl::OkStatus();
    json["kind"].get_to(kind);
    json.erase("kind");
    options = json.dump();
    return absl::OkStatus();
  }));
  if (kind.empty()) {
    ASSIGN_OR_RETURN(Seq2SeqOptions read, Seq2SeqOptions::FromJson(options));
    return NetOptions(std::move(read));
  }
  if (kind == kTransformer) {
    ASSIGN_OR_RETURN(TransformerOptions read, TransformerOptions::FromJson(options));
    return NetOptions(std::move(read));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the net is of the kind '", kind, "', which this version lacks"));
}

absl::Status NetOptions::Check() const {
  return std::visit([](const auto& o) { return o.Check(); }, kind_);
}

int64_t NetOptions::vocab_size() const {
  return std::visit([](const auto& o) { return o.vocab_size; }, kind_);
}

void NetOptions::set_vocab_size(int64_t size) {
  std::visit([size](auto& o) { o.vocab_size = size; }, kind_);
}

NetEnds NetOptions::ends() const {
  return std::visit([](const auto& o) { return EndsOfKind(o); }, kind_);
}

std::string NetOptions::Describe() const {
  return std::visit([](const auto& o) { return DescribeKind(o); }, kind_);
}

std::unique_ptr<TranslationNet> NetOptions::Build(BuilderRef b) const {
  return std::visit([b](const auto& o) { return BuildKind(b, o); }, kind_);
}

}  // namespace viv
