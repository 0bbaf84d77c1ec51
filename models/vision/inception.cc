// The wiring of Inception nets: variables, graphs and class maps.
#include "models/vision/inception.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "models/layers/options_json.h"

namespace viv {
namespace {

constexpr auto kFields = [](auto&& o, auto&& visit) {
  visit("kind", o.kind);
  visit("input_size", o.input_size);
  visit("classes", o.classes);
  visit("dropout", o.dropout);
  visit("stem", o.stem);
  visit("auxiliary", o.auxiliary);
};
constexpr auto kYoungerFields = [](auto&&, auto&&) {};

constexpr char kClasses[] = "classes";

// Colours with mean 0 and deviation 1, by the statistics of ImageNet's photos.
Output Standardize(BuilderRef b, Output photos) {
  constexpr float kMean[] = {123.675f, 116.28f, 103.53f}, kDeviation[] = {58.395f, 57.12f, 57.375f};
  std::vector<float> factor, shift;
  for (int i = 0; i < 3; ++i) {
    factor.push_back(1 / kDeviation[i]);
    shift.push_back(-kMean[i] / kDeviation[i]);
  }
  const Output scaled = Mul(b, Cast(b, photos, kFloat), Const(b, Tensor::Vector<float>(factor)));
  return Add(b, scaled, Const(b, Tensor::Vector<float>(shift)));
}

// The means of a map over cells x cells windows, as equal and as far apart as they can be.
Output AverageToCells(BuilderRef b, Output map, int64_t cells) {
  if (!map.valid()) return {};
  Pool2DOptions pool;
  for (int i = 0; i < 2; ++i) {
    const int64_t extent = map.shape().dim(1 + i);
    if (extent < cells) {
      b.SetError(absl::InvalidArgumentError(
          absl::StrCat("an auxiliary classifier needs a map of ", cells, " x ", cells,
                       ", not one of the shape ", map.shape().ToString(),
                       ": photos that are larger, or options without auxiliary classifiers")));
      return {};
    }
    pool.strides[i] = extent / cells;
    pool.window[i] = extent - (cells - 1) * pool.strides[i];
  }
  return AvgPool2D(b, map, pool);
}

}  // namespace

absl::Status InceptionOptions::Check() const {
  ASSIGN_OR_RETURN(const InceptionPlan plan, MakeInceptionPlan(kind, stem));
  RETURN_IF_ERROR(CheckBetween("the size of photos", input_size, plan.smallest_photo, 4096));
  RETURN_IF_ERROR(CheckBetween("the number of classes", classes, 1, 1 << 20));
  if (auxiliary && plan.auxiliary.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("nets of the kind ", kind, " have no auxiliary classifiers"));
  }
  // Written so that a NaN is refused.
  if (dropout >= 0 && dropout <= 0.99f) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("dropout is ", dropout, ": it must lie between 0 and 0.99"));
}

std::string InceptionOptions::ToJson() const {
  return OptionsToJson(*this, kFields, kYoungerFields);
}

absl::StatusOr<InceptionOptions> InceptionOptions::FromJson(const std::string& json) {
  return OptionsFromJson<InceptionOptions>(json, kFields, kYoungerFields);
}

Inception::Inception(BuilderRef b, const InceptionOptions& options) : options_(options) {
  if (const absl::Status status = options.Check(); !status.ok()) {
    b.SetError(status);
    return;
  }
  plan_ = *MakeInceptionPlan(options.kind, options.stem);
  scope_ = b.builder().scope();
  int64_t channels = 3;
  std::vector<int64_t> widths;
  for (const LayerPlan& plan : plan_.layers) {
    layers_.emplace_back(b, plan, channels, plan_.style);
    channels = layers_.back().channels();
    widths.push_back(channels);
  }
  classes_ = Linear(b, kClasses, channels, options.classes);
  if (!options.auxiliary) return;
  for (const AuxiliaryPlan& plan : plan_.auxiliary) {
    const GraphBuilder scope = b.Scope(absl::StrCat("auxiliary", heads_.size() + 1));
    AuxiliaryHead head = {.plan = plan};
    head.layers.emplace_back(scope, plan.layers, widths[plan.behind], plan_.style);
    if (plan.hidden > 0) head.hidden = Linear(scope, "hidden", plan.flat, plan.hidden);
    const int64_t inputs = plan.hidden > 0 ? plan.hidden : plan.flat;
    head.classes = Linear(scope, kClasses, inputs, options.classes);
    heads_.push_back(std::move(head));
  }
}

int64_t Inception::channels() const { return layers_.empty() ? 0 : layers_.back().channels(); }

InceptionOutputs Inception::Apply(BuilderRef b, Output photos) const {
  return Run(b, photos, /*training=*/false, Tune::kAll);
}

InceptionOutputs Inception::ApplyToTrain(BuilderRef b, Output photos, Tune tune) const {
  return Run(b, photos, /*training=*/true, tune);
}

InceptionOutputs Inception::Run(BuilderRef b, Output photos, bool training, Tune tune) const {
  InceptionOutputs result;
  if (layers_.empty()) return result;
  Output x = Standardize(b, photos);
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    const bool trained = tune == Tune::kAll || (tune == Tune::kLast && i >= plan_.last);
    x = layers_[i].Apply(b, x, training && trained ? &result.updates : nullptr);
    for (const AuxiliaryHead& head : heads_) {
      if (!training || tune != Tune::kAll || head.plan.behind != i) continue;
      result.auxiliary.push_back(RunHead(b, head, x, &result.updates));
    }
  }
  result.map = x;
  result.features = GlobalAvgPool2D(b, x);
  const Output kept = training ? Dropout(b, result.features, options_.dropout) : result.features;
  result.logits = classes_.Apply(b, kept);
  return result;
}

Output Inception::RunHead(BuilderRef b, const AuxiliaryHead& head, Output map,
                          std::vector<Output>* updates) const {
  Output x = AverageToCells(b, map, head.plan.cells);
  for (const PlannedLayer& layer : head.layers) x = layer.Apply(b, x, updates);
  x = Reshape(b, x, std::vector<int64_t>{-1, head.plan.flat});
  if (head.plan.hidden > 0) x = Relu(b, head.hidden.Apply(b, x));
  const float dropout = options_.dropout > 0 ? head.plan.dropout : 0;
  return head.classes.Apply(b, Dropout(b, x, dropout));
}

std::function<bool(const Variable&)> Inception::Trains(Tune tune) const {
  if (tune == Tune::kAll) return {};
  std::vector<std::string> names = {kClasses};
  for (size_t i = plan_.last; tune == Tune::kLast && i < plan_.layers.size(); ++i) {
    if (!plan_.layers[i].name.empty()) names.push_back(plan_.layers[i].name);
  }
  for (std::string& name : names) name = absl::StrCat(scope_, scope_.empty() ? "" : "/", name, "/");
  return [names](const Variable& v) {
    for (const std::string& name : names) {
      if (absl::StartsWith(v.name(), name)) return true;
    }
    return false;
  };
}

Output Inception::ClassMap(BuilderRef ref, const InceptionOutputs& outputs, Output classes) const {
  const GraphBuilder b = ref.builder().At(ref.site());
  if (!outputs.map.valid()) return {};
  // [N, 1, 1, C]
  Output weights = Gather(b, Transpose(b, classes_.weight(), {1, 0}), classes);
  weights = ExpandDims(b, ExpandDims(b, weights, 1), 1);
  const Output sums = Sum(b, Mul(b, outputs.map, weights), {3});
  const Output positions = Mul(b, DimOf(b, outputs.map, 1), DimOf(b, outputs.map, 2));
  return Div(b, sums, Cast(b, positions, kFloat));
}

Output InceptionLoss(BuilderRef ref, const InceptionOutputs& outputs, Output labels,
                     float label_smoothing) {
  constexpr float kAuxiliaryShare = 0.3f;
  const GraphBuilder b = ref.builder().At(ref.site());
  const auto mean = [&](Output logits) {
    return Mean(b, SoftmaxCrossEntropy(b, logits, labels, label_smoothing));
  };
  Output loss = mean(outputs.logits);
  for (const Output logits : outputs.auxiliary) {
    loss = Add(b, loss, Mul(b, Const(b, kAuxiliaryShare), mean(logits)));
  }
  return loss;
}

}  // namespace viv
