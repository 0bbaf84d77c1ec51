// Loading of classifiers, and their answers.
#include "models/vision/photo_classifier.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "core/bundle/row_codes.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "models/vision/class_confidence.h"

namespace viv {
namespace {

constexpr char kKind[] = "classify_image";
constexpr char kShipped[] = "inception_photos";
constexpr char kLabelsFile[] = "labels.txt";
constexpr char kCalibrationFile[] = "calibration.json";
constexpr char kTemperature[] = "temperature";
constexpr char kSignature[] = "classify";
// Photos that are run together.
constexpr size_t kBatch = 32;

// What the graph of a bundle is fed and what it gives.
struct Ends {
  Output photos;    // [N, S, S, 3], uint8
  Output logits;    // [N, K]
  Output features;  // [N, F], of length 1
  Output map;       // [N, h, w]: what each place adds to the highest logit
};

// The graph that classifies: the variables and the net.
absl::StatusOr<LoadedGraph> MakeGraph(const InceptionOptions& options) {
  LoadedGraph made = {.graph = std::make_unique<Graph>()};
  const GraphBuilder b(made.graph.get());
  const Inception net(b, options);
  const Output photos = Placeholder(b, kUInt8, {-1, options.input_size, options.input_size, 3});
  const InceptionOutputs outputs = net.Apply(b, photos);
  Signature& signature = made.signatures[kSignature];
  signature.feeds["photos"] = photos;
  signature.fetches["logits"] = outputs.logits;
  signature.fetches["features"] = L2Normalize(b, outputs.features, {1});
  signature.fetches["map"] = net.ClassMap(b, outputs, ArgMax(b, outputs.logits, 1));
  RETURN_IF_ERROR(b.status());
  return made;
}

absl::StatusOr<Output> End(const Signature& signature, const std::string& name, bool fetched) {
  const auto& ends = fetched ? signature.fetches : signature.feeds;
  const auto found = ends.find(name);
  if (found != ends.end() && found->second.index >= 0) return found->second;
  return absl::InvalidArgumentError(
      absl::StrCat("the graph has no ", fetched ? "fetch" : "feed", " '", name, "'"));
}

absl::StatusOr<Ends> EndsOf(const Signatures& signatures, const InceptionOptions& net) {
  const auto found = signatures.find(kSignature);
  if (found == signatures.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the graph has no signature ", kSignature));
  }
  Ends ends;
  ASSIGN_OR_RETURN(ends.photos, End(found->second, "photos", false));
  ASSIGN_OR_RETURN(ends.logits, End(found->second, "logits", true));
  ASSIGN_OR_RETURN(ends.features, End(found->second, "features", true));
  ASSIGN_OR_RETURN(ends.map, End(found->second, "map", true));
  const struct {
    const char* name;
    Output output;
    DType dtype;
    PartialShape shape;
  } expected[] = {{"photos", ends.photos, kUInt8, {-1, net.input_size, net.input_size, 3}},
                  {"logits", ends.logits, kFloat, {-1, net.classes}},
                  {"features", ends.features, kFloat, {-1, -1}},
                  {"map", ends.map, kFloat, {-1, -1, -1}}};
  for (const auto& end : expected) {
    if (end.output.dtype() == end.dtype && end.output.shape().Compatible(end.shape)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "'", end.name, "' of the graph is ", DTypeName(end.output.dtype()),
        end.output.shape().ToString(), ", not ", DTypeName(end.dtype), end.shape.ToString()));
  }
  return ends;
}

absl::StatusOr<ClassifierParts> PartsOf(const Bundle& bundle) {
  ClassifierParts parts;
  parts.info.non_commercial = bundle.non_commercial;
  ASSIGN_OR_RETURN(const std::string net, FindText(bundle.settings, "net"));
  ASSIGN_OR_RETURN(parts.net, InceptionOptions::FromJson(net));
  ASSIGN_OR_RETURN(const std::string fit, FindText(bundle.settings, "preprocessing"));
  ASSIGN_OR_RETURN(parts.info.fit, PhotoFit::FromJson(fit));
  ASSIGN_OR_RETURN(const std::string labels, FindText(bundle.files, kLabelsFile));
  for (const absl::string_view line : absl::StrSplit(labels, '\n', absl::SkipEmpty())) {
    parts.info.labels.emplace_back(line);
  }
  if (static_cast<int64_t>(parts.info.labels.size()) != parts.net.classes) {
    return absl::InvalidArgumentError(absl::StrCat("the net tells ", parts.net.classes,
                                                   " classes apart, there are ",
                                                   parts.info.labels.size(), " labels"));
  }
  if (parts.info.fit.size != parts.net.input_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("the net sees ", parts.net.input_size, " x ", parts.net.input_size,
                     " pixels, photos are brought to ", parts.info.fit.size));
  }
  if (const auto found = bundle.settings.find(kTemperature);
      found != bundle.settings.end() &&
      (!absl::SimpleAtof(found->second, &parts.info.temperature) ||
       !(parts.info.temperature > 0))) {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", kTemperature, " of '", found->second, "'"));
  }
  parts.weights = bundle.weights;
  parts.licence = FindText(bundle.files, "LICENSE").value_or("");
  return parts;
}

// [N, h, w] -> [h, w] of one photo.
absl::StatusOr<Tensor> HeatOf(const Tensor& maps, int64_t photo) {
  const int64_t places = maps.dim(1) * maps.dim(2);
  ASSIGN_OR_RETURN(Tensor heat, Tensor::Make(kFloat, {maps.dim(1), maps.dim(2)}));
  std::copy_n(maps.data<float>() + photo * places, places, heat.mutable_data<float>());
  return heat;
}

}  // namespace

struct PhotoClassifier::Parts {
  Session session;
  Ends ends;
  std::optional<Calibration> calibration;
};

PhotoClassifier::PhotoClassifier(ClassifierInfo info, std::unique_ptr<Parts> parts)
    : info_(std::move(info)), parts_(std::move(parts)) {}
PhotoClassifier::~PhotoClassifier() = default;

bool PhotoClassifier::calibrated() const { return parts_->calibration.has_value(); }

absl::StatusOr<std::unique_ptr<PhotoClassifier>> PhotoClassifier::FromBundle(const Bundle& bundle,
                                                                             DType precision) {
  ASSIGN_OR_RETURN(ClassifierParts made_of, PartsOf(bundle));
  ASSIGN_OR_RETURN(LoadedGraph loaded, ReadGraph(bundle));
  ASSIGN_OR_RETURN(const Ends ends, EndsOf(loaded.signatures, made_of.net));
  const GraphBuilder b(std::move(loaded.graph));
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.precision = precision}));
  RETURN_IF_ERROR(RestoreVariables(session, b.graph(), bundle.weights));
  auto parts = std::make_unique<Parts>(Parts{std::move(session), ends, std::nullopt});
  if (const auto file = bundle.files.find(kCalibrationFile); file != bundle.files.end()) {
    ASSIGN_OR_RETURN(parts->calibration, Calibration::FromJson(file->second));
    if (parts->calibration->features().size() != ConfidenceFeatureNames().size()) {
      return absl::InvalidArgumentError("the calibration is for other features");
    }
  }
  return std::unique_ptr<PhotoClassifier>(
      new PhotoClassifier(std::move(made_of.info), std::move(parts)));
}

absl::StatusOr<std::unique_ptr<PhotoClassifier>> PhotoClassifier::Load(Env* env,
                                                                       const std::string& directory,
                                                                       DType precision) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  absl::StatusOr<std::unique_ptr<PhotoClassifier>> classifier = FromBundle(bundle, precision);
  if (!classifier.ok()) return Annotate(classifier.status(), directory);
  return classifier;
}

absl::StatusOr<std::vector<Tensor>> PhotoClassifier::Run(const std::vector<Tensor>& photos,
                                                         size_t begin,
                                                         const std::vector<Output>& fetches) const {
  const auto here = absl::MakeSpan(photos).subspan(begin, kBatch);
  ASSIGN_OR_RETURN(const Tensor batch, FitPhotos(here, info_.fit));
  return parts_->session.Run({{parts_->ends.photos, batch}}, fetches);
}

absl::StatusOr<std::vector<std::vector<float>>> PhotoClassifier::Logits(
    const std::vector<Tensor>& photos) const {
  std::vector<std::vector<float>> all;
  for (size_t begin = 0; begin < photos.size(); begin += kBatch) {
    ASSIGN_OR_RETURN(const std::vector<Tensor> results, Run(photos, begin, {parts_->ends.logits}));
    const int64_t classes = results[0].dim(1);
    for (int64_t i = 0; i < results[0].dim(0); ++i) {
      const auto row = results[0].flat<float>().subspan(i * classes, classes);
      all.emplace_back(row.begin(), row.end());
    }
  }
  return all;
}

std::vector<PhotoLabel> PhotoClassifier::Labels(absl::Span<const float> logits, int top) const {
  std::vector<double> p = Probabilities(logits, info_.temperature);
  if (parts_->calibration) p = CalibratedProbabilities(p, *parts_->calibration);
  std::vector<int> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  const auto kept = order.begin() + std::min<size_t>(top, order.size());
  // Of equal ones the net's order.
  std::partial_sort(order.begin(), kept, order.end(), [&](int a, int b) {
    return std::pair(-p[a], -logits[a]) < std::pair(-p[b], -logits[b]);
  });
  std::vector<PhotoLabel> labels;
  for (auto i = order.begin(); i != kept; ++i) labels.push_back({*i, info_.labels[*i], p[*i]});
  return labels;
}

DecodeOptions PhotoClassifier::Decoding(const ClassifyOptions& options) const {
  constexpr int64_t kForPeople = 512;
  return {.min_side = std::max(info_.fit.min_side(), options.heat ? kForPeople : 0)};
}

absl::StatusOr<std::vector<Classification>> PhotoClassifier::Classify(
    const std::vector<Tensor>& photos, const ClassifyOptions& options) const {
  std::vector<Output> fetches = {parts_->ends.logits};
  if (options.features) fetches.push_back(parts_->ends.features);
  if (options.heat) fetches.push_back(parts_->ends.map);
  std::vector<Classification> all;
  for (size_t begin = 0; begin < photos.size(); begin += kBatch) {
    ASSIGN_OR_RETURN(const std::vector<Tensor> results, Run(photos, begin, fetches));
    const int64_t classes = results[0].dim(1);
    for (int64_t i = 0; i < results[0].dim(0); ++i) {
      Classification answer;
      answer.labels = Labels(results[0].flat<float>().subspan(i * classes, classes), options.top);
      if (options.features) {
        const int64_t width = results[1].dim(1);
        answer.features = Tensor::Vector<float>(results[1].flat<float>().subspan(i * width, width));
      }
      if (options.heat) {
        ASSIGN_OR_RETURN(answer.heat, HeatOf(results.back(), i));
      }
      all.push_back(std::move(answer));
    }
  }
  return all;
}

absl::StatusOr<Bundle> MakeClassifierBundle(const ClassifierInfo& info, const InceptionOptions& net,
                                            NamedTensors weights, const std::string& licence,
                                            const std::string& card) {
  for (const std::string& label : info.labels) {
    if (!label.empty() && label.find('\n') == label.npos) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("a label of '", label, "': labels are not empty, and have one line"));
  }
  // As its file holds them, so that what is measured is what is written.
  ASSIGN_OR_RETURN(const NamedTensors codes, EncodeRows(weights));
  ASSIGN_OR_RETURN(weights, DecodeRows(codes));
  Bundle bundle = {.kind = kKind,
                   .settings = {{"net", net.ToJson()},
                                {"preprocessing", info.fit.ToJson()},
                                {kTemperature, absl::StrCat(info.temperature)}},
                   .non_commercial = info.non_commercial,
                   .weights = std::move(weights),
                   .files = {{kLabelsFile, absl::StrJoin(info.labels, "\n") + "\n"},
                             {"LICENSE", licence},
                             {"README.md", card}}};
  ASSIGN_OR_RETURN(const LoadedGraph made, MakeGraph(net));
  RETURN_IF_ERROR(SetGraph(*made.graph, made.signatures, &bundle));
  return bundle;
}

absl::Status CalibrateBundle(absl::Span<const JudgedLogits> examples, Bundle* bundle) {
  const double temperature = FitTemperature(examples);
  ASSIGN_OR_RETURN(const Calibration calibration, FitClassConfidence(examples, temperature));
  bundle->settings[kTemperature] = absl::StrCat(temperature);
  bundle->files[kCalibrationFile] = calibration.ToJson();
  return absl::OkStatus();
}

absl::StatusOr<ClassifierParts> ReadClassifierParts(Env* env, const std::string& directory) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  absl::StatusOr<ClassifierParts> parts = PartsOf(bundle);
  if (!parts.ok()) return Annotate(parts.status(), directory);
  return parts;
}

absl::StatusOr<std::string> FindClassifierBundle(Env* env) {
  const std::string path = JoinPath(PretrainedDirectory(), kShipped);
  if (env->FileExists(path)) return path;
  return absl::NotFoundError(
      absl::StrCat("there is no model in ", path,
                   "; train one with classify_image_train, and name it with --model"));
}

}  // namespace viv
