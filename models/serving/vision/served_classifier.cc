// Photos of several requests are classified in one batch.
#include "models/serving/vision/served_classifier.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/train/png.h"
#include "models/vision/each_photo.h"
#include "models/vision/explanation.h"
#include "models/vision/photo_classifier.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

struct ClassifyParameters {
  int top = 5;
  bool explain = false;
};

absl::StatusOr<ClassifyParameters> ParametersOf(
    const std::map<std::string, std::string>& parameters) {
  ClassifyParameters parsed;
  for (const auto& [key, value] : parameters) {
    if (key == "top") {
      if (absl::SimpleAtoi(value, &parsed.top) && parsed.top >= 1) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("parameter 'top' is '", value, "': it is a number of labels"));
    }
    if (key == "explain" && (value == "0" || value == "1")) {
      parsed.explain = value == "1";
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat("parameter '", key, "' is '", value,
                                                   "': there are top, a number, and explain, "
                                                   "which is 0 or 1"));
  }
  return parsed;
}

class ServedClassifier : public ServedModel {
 public:
  explicit ServedClassifier(std::unique_ptr<PhotoClassifier> classifier)
      : classifier_(std::move(classifier)) {}

  const std::vector<ServedTensor>& inputs() const override {
    static const auto* const tensors =
        new std::vector<ServedTensor>{{"photo", kString, PartialShape({})}};
    return *tensors;
  }
  const std::vector<ServedTensor>& outputs() const override {
    static const auto* const tensors =
        new std::vector<ServedTensor>{{"label", kString, PartialShape({})},
                                      {"confidence", kDouble, PartialShape({})},
                                      {"json", kString, PartialShape({})}};
    return *tensors;
  }

  std::vector<absl::StatusOr<Example>> Infer(
      absl::Span<const ServedItem* const> batch) const override {
    const auto parameters = ParametersOf(batch[0]->parameters);
    if (!parameters.ok()) return {batch.size(), parameters.status()};
    const ClassifyOptions options = {.top = parameters->top, .heat = parameters->explain};
    const std::vector<absl::StatusOr<Tensor>> photos =
        PhotosOf(batch, classifier_->Decoding(options));
    const auto answers =
        AnswerReadable<Classification>(photos, [&](const std::vector<Tensor>& readable) {
          return classifier_->Classify(readable, options);
        });
    if (!answers.ok()) return {batch.size(), answers.status()};
    std::vector<absl::StatusOr<Example>> results;
    for (size_t i = 0; i < photos.size(); ++i) {
      const ClassificationResult& answer = (*answers)[i];
      if (answer.ok()) {
        results.push_back(Answer(*photos[i], *answer, options.top));
      } else {
        results.emplace_back(answer.status());
      }
    }
    return results;
  }

  std::vector<ServedItem> WarmUp() const override { return {GreyPhoto()}; }

 private:
  static absl::StatusOr<Example> Answer(const Tensor& photo, const Classification& answer,
                                        int top) {
    std::string line = FormatClassification("photo", answer, {.json = true, .top = top});
    if (answer.heat.valid()) {
      ASSIGN_OR_RETURN(const Tensor drawn, DrawHeat(photo, answer.heat));
      ASSIGN_OR_RETURN(const std::string png, EncodePng(drawn));
      json object = json::parse(line);
      object["explanation"] = absl::Base64Escape(png);
      line = object.dump();
    }
    return Example{Tensor::Scalar(answer.labels.front().name), Tensor::Scalar(answer.confidence()),
                   Tensor::Scalar(line)};
  }

  const std::unique_ptr<PhotoClassifier> classifier_;
};

}  // namespace

ServedModelLoader ClassifierLoader(DType precision) {
  return [precision](
             const std::string& directory) -> absl::StatusOr<std::unique_ptr<const ServedModel>> {
    ASSIGN_OR_RETURN(std::unique_ptr<PhotoClassifier> classifier,
                     PhotoClassifier::Load(Env::Default(), directory, precision));
    return std::make_unique<const ServedClassifier>(std::move(classifier));
  };
}

HttpRoute ClassifyRoute(InferItems infer) {
  return PhotoRoute("/classify", /*line=*/2, std::move(infer));
}

}  // namespace viv
