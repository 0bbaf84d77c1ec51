// Sentences of several requests are translated in one batch.
#include "models/serving/language/served_translator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/language/translation_format.h"
#include "models/language/translator.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

constexpr int kMostBeam = 64;
constexpr size_t kLargeText = 400;  // bytes

absl::StatusOr<TranslateOptions> WithParameters(
    TranslateOptions options, const std::map<std::string, std::string>& parameters) {
  for (const auto& [key, value] : parameters) {
    const bool known = key == "beam"             ? absl::SimpleAtoi(value, &options.beam)
                       : key == "nbest"          ? absl::SimpleAtoi(value, &options.nbest)
                       : key == "length_penalty" ? absl::SimpleAtof(value, &options.length_penalty)
                                                 : false;
    if (known) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("parameter '", key, "' is '", value,
                     "': there are beam, nbest and length_penalty, which are numbers"));
  }
  options.beam = std::max(options.beam, options.nbest);
  if (options.nbest >= 1 && options.beam <= kMostBeam && std::isfinite(options.length_penalty)) {
    return options;
  }
  return absl::InvalidArgumentError(absl::StrCat("beam and nbest lie between 1 and ", kMostBeam));
}

class ServedTranslator : public ServedModel {
 public:
  ServedTranslator(std::unique_ptr<Translator> translator, const TranslateOptions& options)
      : translator_(std::move(translator)), options_(options) {}

  const TranslatorInfo& info() const { return translator_->info(); }
  const std::vector<ServedTensor>& inputs() const override {
    static const auto* const tensors =
        new std::vector<ServedTensor>{{"text", kString, PartialShape({})}};
    return *tensors;
  }
  const std::vector<ServedTensor>& outputs() const override {
    static const auto* const tensors =
        new std::vector<ServedTensor>{{"translation", kString, PartialShape({})},
                                      {"confidence", kDouble, PartialShape({})},
                                      {"json", kString, PartialShape({})}};
    return *tensors;
  }

  std::vector<absl::StatusOr<Example>> Infer(
      absl::Span<const ServedItem* const> batch) const override {
    std::vector<std::string> sentences;
    for (const ServedItem* item : batch) {
      sentences.push_back(item->inputs[0].scalar<std::string>());
    }
    absl::StatusOr<std::vector<SentenceResult>> results =
        Translate(sentences, batch[0]->parameters);
    if (!results.ok()) return {batch.size(), results.status()};
    std::vector<absl::StatusOr<Example>> answers;
    for (size_t i = 0; i < batch.size(); ++i) {
      const SentenceResult& result = (*results)[i];
      if (!result.ok()) {
        answers.emplace_back(result.status());
        continue;
      }
      const Translation& best = result->front();
      answers.emplace_back(Example{Tensor::Scalar(best.text),
                                   Tensor::Scalar(best.confidence < 0 ? NAN : best.confidence),
                                   Tensor::Scalar(TranslationJson(sentences[i], result))});
    }
    return answers;
  }

  // A text of several sentences, likely.
  bool IsLarge(const ServedItem& item) const override {
    return item.inputs[0].scalar<std::string>().size() > kLargeText;
  }

  // Short and long, alone: what comes first is no slower than what follows.
  std::vector<ServedItem> WarmUp() const override {
    std::vector<ServedItem> items;
    for (const char* text : {"1.", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20."}) {
      items.push_back({.inputs = {Tensor::Scalar(text)}});
    }
    return items;
  }

 private:
  absl::StatusOr<std::vector<SentenceResult>> Translate(
      const std::vector<std::string>& sentences,
      const std::map<std::string, std::string>& parameters) const {
    ASSIGN_OR_RETURN(const TranslateOptions options, WithParameters(options_, parameters));
    return translator_->Translate(sentences, options);
  }

  const std::unique_ptr<Translator> translator_;
  const TranslateOptions options_;
};

HttpReply JsonReply(const json& body) {
  return {.body = body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

// What a request of LibreTranslate's form asks for.
struct Question {
  std::vector<std::string> texts;
  bool list = false;
  std::string source, target;
  int alternatives = 0;
};

absl::StatusOr<Question> QuestionOf(const HttpRequest& request) {
  json body = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) {
    // The fields of a form.
    if (request.parameters.count("q") == 0) {
      return absl::InvalidArgumentError("the body is neither a JSON object nor a form");
    }
    body = request.parameters;
  }
  Question question;
  const json q = body.value("q", json());
  question.list = q.is_array();
  for (const json& text : question.list ? q : json::array({q})) {
    if (!text.is_string()) {
      return absl::InvalidArgumentError("'q' is missing: a text, or a list of texts");
    }
    question.texts.push_back(text.get<std::string>());
  }
  for (const auto& [key, field] :
       {std::pair("source", &question.source), std::pair("target", &question.target)}) {
    const json value = body.value(key, json());
    if (!value.is_string()) {
      return absl::InvalidArgumentError(absl::StrCat("'", key, "' is missing: a language"));
    }
    *field = value.get<std::string>();
  }
  const json alternatives = body.value("alternatives", json(0));
  const std::string count =
      alternatives.is_string() ? alternatives.get<std::string>() : alternatives.dump();
  if (!absl::SimpleAtoi(count, &question.alternatives) || question.alternatives < 0 ||
      question.alternatives >= kMostBeam) {
    return absl::InvalidArgumentError(absl::StrCat("'alternatives' is a number below ", kMostBeam));
  }
  return question;
}

// What the slot translates; null while nothing is loaded.
std::shared_ptr<const ServedTranslator> TranslatorOf(const TranslatorSlot& slot) {
  return std::dynamic_pointer_cast<const ServedTranslator>(slot.model());
}

absl::StatusOr<json> Answer(const std::vector<TranslatorSlot>& slots, const Question& question) {
  const auto slot = std::find_if(slots.begin(), slots.end(), [&](const TranslatorSlot& s) {
    const auto translator = TranslatorOf(s);
    return translator != nullptr && translator->info().source_language == question.source &&
           translator->info().target_language == question.target;
  });
  if (slot == slots.end()) {
    return absl::InvalidArgumentError(absl::StrCat("this server does not translate from '",
                                                   question.source, "' to '", question.target,
                                                   "'; GET /languages lists what it does"));
  }
  std::vector<ServedItem> items;
  for (const std::string& text : question.texts) {
    ServedItem item{.inputs = {Tensor::Scalar(text)}};
    if (question.alternatives > 0) {
      item.parameters["nbest"] = absl::StrCat(question.alternatives + 1);
    }
    items.push_back(std::move(item));
  }
  ASSIGN_OR_RETURN(const ServedResults results, slot->infer(items));
  json texts = json::array(), alternatives = json::array(), confidences = json::array();
  for (const absl::StatusOr<Example>& result : results.items) {
    RETURN_IF_ERROR(result.status());
    const json line = json::parse((*result)[2].scalar<std::string>());
    texts.push_back(line["translation"]);
    confidences.push_back(line.value("confidence", json()));
    json others = json::array();
    for (const json& other : line["alternatives"]) others.push_back(other["translation"]);
    alternatives.push_back(others);
  }
  const auto one_or_all = [&question](const json& all) { return question.list ? all : all[0]; };
  json answer = {{"translatedText", one_or_all(texts)}, {"confidence", one_or_all(confidences)}};
  if (question.alternatives > 0) answer["alternatives"] = one_or_all(alternatives);
  return answer;
}

json Languages(const std::vector<TranslatorSlot>& slots) {
  std::map<std::string, std::set<std::string>> targets;
  for (const TranslatorSlot& slot : slots) {
    if (const auto translator = TranslatorOf(slot); translator != nullptr) {
      targets[translator->info().source_language].insert(translator->info().target_language);
    }
  }
  json list = json::array();
  for (const auto& [source, all] : targets) {
    list.push_back({{"code", source}, {"name", source}, {"targets", all}});
  }
  return list;
}

}  // namespace

ServedModelLoader TranslatorLoader(const TranslateOptions& options, const std::string& glossary,
                                   DType precision) {
  return [options, glossary, precision](
             const std::string& directory) -> absl::StatusOr<std::unique_ptr<const ServedModel>> {
    ASSIGN_OR_RETURN(std::unique_ptr<Translator> translator,
                     Translator::Load(Env::Default(), directory, precision));
    TranslateOptions with_terms = options;
    if (!glossary.empty()) {
      ASSIGN_OR_RETURN(with_terms.glossary, ReadGlossaryFor(*translator, glossary));
    }
    return std::make_unique<const ServedTranslator>(std::move(translator), with_terms);
  };
}

std::vector<HttpRoute> LibreTranslateRoutes(const std::vector<TranslatorSlot>& slots) {
  return {
      {"POST", "/translate",
       [slots](const HttpRequest& request) {
         absl::StatusOr<Question> question = QuestionOf(request);
         if (!question.ok()) return ErrorReply(question.status());
         const absl::StatusOr<json> answer = Answer(slots, *question);
         return answer.ok() ? JsonReply(*answer) : ErrorReply(answer.status());
       }},
      {"GET", "/languages", [slots](const HttpRequest&) { return JsonReply(Languages(slots)); }},
  };
}

}  // namespace viv
