// Photos are decoded beside the net, as in training.
#include "models/vision/classifier_evaluation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "models/vision/each_photo.h"

namespace viv {
namespace {

constexpr int kWorst = 10;

// How many classes have a higher logit than the right one.
int64_t RankOf(const JudgedLogits& example) {
  const float right = example.logits[example.truth];
  return std::count_if(example.logits.begin(), example.logits.end(),
                       [right](float logit) { return logit > right; });
}

}  // namespace

std::vector<std::string> LabelsOf(const std::vector<ImageClass>& classes) {
  std::map<std::string, int> uses;
  for (const ImageClass& c : classes) ++uses[c.name];
  std::vector<std::string> labels;
  for (const ImageClass& c : classes) {
    labels.push_back(uses[c.name] == 1 ? c.name : absl::StrCat(c.name, " (", c.key, ")"));
  }
  return labels;
}

absl::StatusOr<LabelledImages> MatchLabels(LabelledImages data,
                                           const std::vector<std::string>& labels) {
  std::map<std::string, int32_t> numbers;
  for (size_t i = 0; i < labels.size(); ++i) numbers[labels[i]] = static_cast<int32_t>(i);
  const std::vector<std::string> names = LabelsOf(data.classes);
  std::vector<int32_t> number_of;
  for (size_t i = 0; i < names.size(); ++i) {
    auto found = numbers.find(names[i]);
    if (found == numbers.end()) found = numbers.find(data.classes[i].key);
    if (found == numbers.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the classifier has no label '", names[i], "' (", data.classes[i].key,
                       "): its ", labels.size(), " labels begin with '", labels.front(), "'"));
    }
    number_of.push_back(found->second);
  }
  for (LabelledImage& image : data.images) image.label = number_of[image.label];
  data.classes.clear();
  for (const std::string& label : labels) data.classes.push_back({label, label});
  return data;
}

absl::StatusOr<JudgedPhotos> JudgePhotos(const PhotoClassifier& classifier,
                                         const LabelledImages& data) {
  const DecodeOptions options = {.min_side = classifier.info().fit.min_side()};
  const auto decode = [&](size_t i) { return data.images[i].Decode(options); };
  JudgedPhotos judged;
  const auto judge = [&](const std::vector<size_t>& numbers,
                         const std::vector<Tensor>& photos) -> absl::Status {
    ASSIGN_OR_RETURN(const auto logits, classifier.Logits(photos));
    for (size_t i = 0; i < numbers.size(); ++i) {
      judged.examples.push_back({logits[i], data.images[numbers[i]].label});
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ForEachReadable(data.images.size(), decode, {}, judge, &judged.skipped));
  return judged;
}

absl::StatusOr<ClassifierEvaluation> EvaluateClassifier(const PhotoClassifier& classifier,
                                                        const JudgedPhotos& photos) {
  if (photos.examples.empty()) {
    return absl::InvalidArgumentError("there are no photos to evaluate a classifier on");
  }
  ClassifierEvaluation evaluation(classifier.info().labels);
  evaluation.photos = static_cast<int64_t>(photos.examples.size());
  evaluation.skipped = static_cast<int64_t>(photos.skipped.size());
  int64_t first = 0, among_five = 0;
  std::vector<JudgedConfidence> judged;
  for (const JudgedLogits& example : photos.examples) {
    const PhotoLabel answer = classifier.Labels(example.logits, 1).front();
    const bool right = answer.number == example.truth;
    first += right;
    among_five += RankOf(example) < 5;
    evaluation.confusion.Add(example.truth, answer.number);
    judged.push_back({answer.confidence, right});
  }
  evaluation.top1 = static_cast<double>(first) / static_cast<double>(evaluation.photos);
  evaluation.top5 = static_cast<double>(among_five) / static_cast<double>(evaluation.photos);
  if (classifier.calibrated()) {
    ASSIGN_OR_RETURN(evaluation.confidence, ReportConfidence(judged));
  }
  return evaluation;
}

std::string ClassifierEvaluation::ToString() const {
  std::string text =
      absl::StrFormat("%d photos: the first label is right for %.2f %%", photos, 100 * top1);
  if (confusion.classes() > 5) {
    absl::StrAppendFormat(&text, ", one of the first five for %.2f %%", 100 * top5);
  }
  absl::StrAppend(&text, "\n");
  if (skipped > 0) absl::StrAppend(&text, skipped, " photos could not be read\n");
  if (const std::string worst = confusion.WorstClasses(kWorst); !worst.empty()) {
    absl::StrAppend(&text, "recognised worst:\n", worst);
  }
  if (confidence) absl::StrAppend(&text, confidence->ToString());
  return text;
}

}  // namespace viv
