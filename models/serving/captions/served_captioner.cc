// Photos of several requests are described in one batch.
#include "models/serving/captions/served_captioner.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "models/captions/captioner.h"
#include "models/vision/each_photo.h"

namespace viv {
namespace {

constexpr int kMostCaptions = 10;

absl::StatusOr<CaptionOptions> OptionsOf(const std::map<std::string, std::string>& parameters,
                                         int beam) {
  CaptionOptions options = {.beam = beam};
  for (const auto& [key, value] : parameters) {
    if (key == "nbest") {
      if (absl::SimpleAtoi(value, &options.count) && options.count >= 1 &&
          options.count <= kMostCaptions) {
        continue;
      }
      return absl::InvalidArgumentError(absl::StrCat("parameter 'nbest' is '", value,
                                                     "': it is a number of sentences, at most ",
                                                     kMostCaptions));
    }
    if (key == "sample" && (value == "0" || value == "1")) {
      options.sample = value == "1";
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat("parameter '", key, "' is '", value,
                                                   "': there are nbest, a number, and sample, "
                                                   "which is 0 or 1"));
  }
  options.beam = std::max(options.beam, options.count);
  return options;
}

class ServedCaptioner : public ServedModel {
 public:
  ServedCaptioner(std::unique_ptr<Captioner> captioner, int beam)
      : captioner_(std::move(captioner)), beam_(beam) {}

  const std::vector<ServedTensor>& inputs() const override {
    static const auto* const tensors =
        new std::vector<ServedTensor>{{"photo", kString, PartialShape({})}};
    return *tensors;
  }
  const std::vector<ServedTensor>& outputs() const override {
    static const auto* const tensors =
        new std::vector<ServedTensor>{{"caption", kString, PartialShape({})},
                                      {"confidence", kDouble, PartialShape({})},
                                      {"json", kString, PartialShape({})}};
    return *tensors;
  }

  std::vector<absl::StatusOr<Example>> Infer(
      absl::Span<const ServedItem* const> batch) const override {
    const auto options = OptionsOf(batch[0]->parameters, beam_);
    if (!options.ok()) return {batch.size(), options.status()};
    auto captions = AnswerReadable<std::vector<Caption>>(
        PhotosOf(batch, {.min_side = captioner_->info().fit.min_side()}),
        [&](const std::vector<Tensor>& readable) {
          return captioner_->Describe(readable, *options);
        });
    if (!captions.ok()) return {batch.size(), captions.status()};
    std::vector<absl::StatusOr<Example>> results;
    for (CaptionResult& result : *captions) {
      if (result.ok()) {
        results.emplace_back(Answer(*std::move(result)));
      } else {
        results.emplace_back(result.status());
      }
    }
    return results;
  }

  std::vector<ServedItem> WarmUp() const override { return {GreyPhoto()}; }

 private:
  static Example Answer(std::vector<Caption> captions) {
    const std::string text = captions.front().text;
    const double confidence = captions.front().confidence.value_or(1);
    return {Tensor::Scalar(text), Tensor::Scalar(confidence),
            Tensor::Scalar(FormatCaptions("photo", std::move(captions), {.json = true}))};
  }

  const std::unique_ptr<Captioner> captioner_;
  const int beam_;
};

}  // namespace

ServedModelLoader CaptionerLoader(int beam, DType precision) {
  return [=](const std::string& directory) -> absl::StatusOr<std::unique_ptr<const ServedModel>> {
    ASSIGN_OR_RETURN(std::unique_ptr<Captioner> captioner,
                     Captioner::Load(Env::Default(), directory, precision));
    return std::make_unique<const ServedCaptioner>(std::move(captioner), beam);
  };
}

HttpRoute CaptionRoute(InferItems infer) {
  return PhotoRoute("/caption", /*line=*/2, std::move(infer));
}

}  // namespace viv
