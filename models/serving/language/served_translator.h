// A translator as a model of a server, and what the server offers beside the common protocol: the
// calls of LibreTranslate's clients.
#ifndef VIV_MODELS_SERVING_LANGUAGE_SERVED_TRANSLATOR_H_
#define VIV_MODELS_SERVING_LANGUAGE_SERVED_TRANSLATOR_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/serving/batcher.h"
#include "core/serving/http.h"
#include "core/serving/served_model.h"
#include "models/language/translate_text.h"

namespace viv {

// Loads bundles of kind "translate". An item's input is "text", a string; its outputs are
// "translation", "confidence" (NaN where the bundle is not calibrated) and "json", the line that
// `translate --json` prints. Its parameters "beam", "nbest" and "length_penalty" override
// `options`. `glossary`: a file of terms, read with the bundle; "": none. `precision`: see
// SessionOptions.
ServedModelLoader TranslatorLoader(const TranslateOptions& options,
                                   const std::string& glossary = "", DType precision = kFloat);

// One of a server's translators: what serves at the moment (null: nothing yet), and who answers.
struct TranslatorSlot {
  std::function<std::shared_ptr<const ServedModel>()> model;
  // Blocks until the items are answered.
  std::function<absl::StatusOr<ServedResults>(const std::vector<ServedItem>&)> infer;
};

// POST /translate {"q": text or list, "source": "en", "target": "fr", "alternatives": 2} and GET
// /languages, in the form of LibreTranslate; replies also hold "confidence". The models of the
// slots come from TranslatorLoader.
std::vector<HttpRoute> LibreTranslateRoutes(const std::vector<TranslatorSlot>& slots);

}  // namespace viv

#endif  // VIV_MODELS_SERVING_LANGUAGE_SERVED_TRANSLATOR_H_
