// Loading of captioners, and their sentences.
#include "models/captions/captioner.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/bundle/row_codes.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/array.h"
#include "models/captions/caption_data.h"
#include "models/decoding/beam_search.h"
#include "models/decoding/sampling.h"
#include "models/language/bleu.h"
#include "models/language/seq2seq_decoder.h"

namespace viv {
namespace {

constexpr char kKind[] = "caption_image";
constexpr char kShipped[] = "caption_photos";
constexpr char kWordsFile[] = "words.model";
constexpr char kCalibrationFile[] = "calibration.json";
constexpr char kSignature[] = "see";
// Photos that are described together.
constexpr size_t kBatch = 16;
constexpr int kMostWords = 40;
// No three words in a row occur twice.
constexpr int kNoRepeat = 3;
// Of log probabilities that are divided by the full number of words the long ones win.
constexpr float kLengthPenalty = 0.5f;

// The graph that describes: the variables, what the Inception net sees, and the words' net.
// `words` gets the options of that, source features included.
absl::StatusOr<LoadedGraph> MakeGraph(const CaptionNetOptions& options, Seq2SeqOptions* words) {
  LoadedGraph made = {.graph = std::make_unique<Graph>()};
  const GraphBuilder b(made.graph.get());
  const CaptionNet net(b, options);
  const int64_t size = options.photos.input_size;
  const Output photos = Placeholder(b, kUInt8, {-1, size, size, 3});
  const Output places = net.See(b, photos);
  RETURN_IF_ERROR(b.status());
  const Seq2SeqDecoder decoder(b, net.words());
  RETURN_IF_ERROR(b.status());
  *words = net.words().options();
  made.signatures = decoder.signatures();
  made.signatures[kSignature].feeds["photos"] = photos;
  made.signatures[kSignature].fetches["places"] = places;
  return made;
}

// What is fed and fetched to see photos.
struct SeeEnds {
  Output photos;  // uint8 [N, S, S, 3]
  Output places;  // [places, N, features]
};

absl::StatusOr<SeeEnds> SeeEndsOf(const Signatures& signatures, const CaptionNetOptions& net) {
  const auto signature = signatures.find(kSignature);
  if (signature == signatures.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the graph has no signature ", kSignature));
  }
  const auto photos = signature->second.feeds.find("photos");
  const auto places = signature->second.fetches.find("places");
  const int64_t size = net.photos.input_size;
  const PartialShape photo_shape = {-1, size, size, 3};
  const PartialShape place_shape = {-1, -1, net.words.source_features};
  if (photos == signature->second.feeds.end() || places == signature->second.fetches.end() ||
      places->second.index < 0 || photos->second.dtype() != kUInt8 ||
      places->second.dtype() != kFloat || !photos->second.shape().Compatible(photo_shape) ||
      !places->second.shape().Compatible(place_shape)) {
    return absl::InvalidArgumentError(
        absl::StrCat("signature ", kSignature, " is not from photos, uint8", photo_shape.ToString(),
                     ", to places, float", place_shape.ToString()));
  }
  return SeeEnds{photos->second, places->second};
}

absl::StatusOr<CaptionerParts> PartsOf(const Bundle& bundle) {
  CaptionerInfo info = {.non_commercial = bundle.non_commercial};
  CaptionNetOptions net;
  ASSIGN_OR_RETURN(const std::string photos, FindText(bundle.settings, "photos"));
  ASSIGN_OR_RETURN(net.photos, InceptionOptions::FromJson(photos));
  ASSIGN_OR_RETURN(const std::string words, FindText(bundle.settings, "words"));
  ASSIGN_OR_RETURN(net.words, Seq2SeqOptions::FromJson(words));
  ASSIGN_OR_RETURN(const std::string fit, FindText(bundle.settings, "preprocessing"));
  ASSIGN_OR_RETURN(info.fit, PhotoFit::FromJson(fit));
  ASSIGN_OR_RETURN(const std::string pieces, FindText(bundle.files, kWordsFile));
  ASSIGN_OR_RETURN(Tokenizer tokenizer, Tokenizer::FromModel(pieces));
  if (tokenizer.size() != net.words.vocab_size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the net knows ", net.words.vocab_size, " words, the vocabulary has ", tokenizer.size()));
  }
  if (tokenizer.unknown() < 0) return absl::InvalidArgumentError("the vocabulary is not of words");
  if (info.fit.size != net.photos.input_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("the net sees ", net.photos.input_size, " x ", net.photos.input_size,
                     " pixels, photos are brought to ", info.fit.size));
  }
  return CaptionerParts{info, net, std::move(tokenizer), bundle.weights,
                        FindText(bundle.files, "LICENSE").value_or("")};
}

// What the confidence is computed from.
const std::vector<std::string>& FeatureNames() {
  static const auto* const names = new std::vector<std::string>{
      "mean log probability of a word", "log probability", "words", "log of the least word's"};
  return *names;
}
std::vector<double> Features(const Caption& caption) {
  double least = 1;
  for (const CaptionWord& word : caption.words) least = std::min(least, word.probability);
  // The end counts as one.
  const auto count = static_cast<double>(caption.words.size() + 1);
  return {caption.log_prob / count, caption.log_prob, count, std::log(std::max(least, 1e-9))};
}

}  // namespace

struct Captioner::Parts {
  Tokenizer tokenizer;
  mutable Session session;
  Seq2SeqDecoder decoder;
  SeeEnds see;
  std::optional<Calibration> calibration;
};

Captioner::Captioner(CaptionerInfo info, std::unique_ptr<Parts> parts)
    : info_(std::move(info)), parts_(std::move(parts)) {}
Captioner::~Captioner() = default;

bool Captioner::calibrated() const { return parts_->calibration.has_value(); }

absl::StatusOr<std::unique_ptr<Captioner>> Captioner::FromBundle(const Bundle& bundle,
                                                                 DType precision) {
  ASSIGN_OR_RETURN(const CaptionerParts made_of, PartsOf(bundle));
  ASSIGN_OR_RETURN(LoadedGraph loaded, ReadGraph(bundle));
  ASSIGN_OR_RETURN(const SeeEnds see, SeeEndsOf(loaded.signatures, made_of.net));
  ASSIGN_OR_RETURN(
      Seq2SeqDecoder decoder,
      Seq2SeqDecoder::FromSignatures(Seq2Seq::EndsOf(made_of.net.words), loaded.signatures));
  const GraphBuilder b(std::move(loaded.graph));
  decoder.ChooseInGraph(b);
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.precision = precision}));
  RETURN_IF_ERROR(RestoreVariables(session, b.graph(), bundle.weights));
  auto parts = std::make_unique<Parts>(
      Parts{made_of.tokenizer, std::move(session), std::move(decoder), see, std::nullopt});
  if (const auto file = bundle.files.find(kCalibrationFile); file != bundle.files.end()) {
    ASSIGN_OR_RETURN(parts->calibration, Calibration::FromJson(file->second));
    if (parts->calibration->features().size() != FeatureNames().size()) {
      return absl::InvalidArgumentError("the calibration is for other features");
    }
  }
  return std::unique_ptr<Captioner>(new Captioner(made_of.info, std::move(parts)));
}

absl::StatusOr<std::unique_ptr<Captioner>> Captioner::Load(Env* env, const std::string& directory,
                                                           DType precision) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  absl::StatusOr<std::unique_ptr<Captioner>> captioner = FromBundle(bundle, precision);
  if (!captioner.ok()) return Annotate(captioner.status(), directory);
  return captioner;
}

absl::StatusOr<Caption> Captioner::MakeCaption(const Hypothesis& hypothesis) const {
  Caption caption = {.log_prob = hypothesis.log_prob};
  ASSIGN_OR_RETURN(caption.text, parts_->tokenizer.Decode(hypothesis.tokens));
  for (size_t i = 0; i < hypothesis.tokens.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string word, parts_->tokenizer.Decode({hypothesis.tokens[i]}));
    caption.words.push_back({word, std::exp(static_cast<double>(hypothesis.token_log_probs[i]))});
  }
  if (parts_->calibration) caption.confidence = parts_->calibration->Probability(Features(caption));
  return caption;
}

absl::StatusOr<std::vector<std::vector<Caption>>> Captioner::Describe(
    const std::vector<Tensor>& photos, const CaptionOptions& options) const {
  const Tokenizer& tokenizer = parts_->tokenizer;
  std::vector<std::vector<Caption>> all;
  for (size_t begin = 0; begin < photos.size(); begin += kBatch) {
    const auto here = absl::MakeSpan(photos).subspan(begin, kBatch);
    ASSIGN_OR_RETURN(const Tensor batch, FitPhotos(here, info_.fit));
    ASSIGN_OR_RETURN(const std::vector<Tensor> seen,
                     parts_->session.Run({{parts_->see.photos, batch}}, {parts_->see.places}));
    ASSIGN_OR_RETURN(const std::unique_ptr<StepFunction> steps,
                     parts_->decoder.Start(parts_->session, seen[0]));
    absl::StatusOr<std::vector<std::vector<Hypothesis>>> found =
        options.sample
            ? SampleSequences(*steps, static_cast<int>(here.size()),
                              {.count = options.count,
                               .temperature = options.temperature,
                               .max_length = kMostWords,
                               .no_repeat_ngram = kNoRepeat,
                               .bos = tokenizer.bos(),
                               .eos = tokenizer.eos(),
                               .reserved = {tokenizer.unknown()},
                               .seed = options.seed})
            : BeamSearch(*steps, {here.size(), {.max_length = kMostWords, .max_repeats = 1}},
                         {.beam = options.beam,
                          .nbest = options.count,
                          .length_penalty = kLengthPenalty,
                          .no_repeat_ngram = kNoRepeat,
                          .bos = tokenizer.bos(),
                          .eos = tokenizer.eos(),
                          .reserved = {tokenizer.unknown()}});
    RETURN_IF_ERROR(found.status());
    for (const std::vector<Hypothesis>& hypotheses : *found) {
      all.emplace_back();
      for (const Hypothesis& hypothesis : hypotheses) {
        ASSIGN_OR_RETURN(Caption caption, MakeCaption(hypothesis));
        all.back().push_back(std::move(caption));
      }
    }
  }
  return all;
}

absl::StatusOr<Bundle> MakeCaptionerBundle(const CaptionerInfo& info, const CaptionNetOptions& net,
                                           const Tokenizer& tokenizer, NamedTensors weights,
                                           const std::string& licence, const std::string& card) {
  // As its file holds them, so that what is measured is what is written.
  ASSIGN_OR_RETURN(const NamedTensors codes, EncodeRows(weights));
  ASSIGN_OR_RETURN(weights, DecodeRows(codes));
  Seq2SeqOptions words;
  ASSIGN_OR_RETURN(const LoadedGraph made, MakeGraph(net, &words));
  Bundle bundle = {
      .kind = kKind,
      .settings = {{"photos", net.photos.ToJson()},
                   {"words", words.ToJson()},
                   {"preprocessing", info.fit.ToJson()}},
      .non_commercial = info.non_commercial,
      .weights = std::move(weights),
      .files = {{kWordsFile, tokenizer.model()}, {"LICENSE", licence}, {"README.md", card}}};
  RETURN_IF_ERROR(SetGraph(*made.graph, made.signatures, &bundle));
  return bundle;
}

bool IsGoodCaption(const std::string& caption, const std::vector<std::string>& references) {
  return std::any_of(references.begin(), references.end(), [&](const std::string& reference) {
    return SentenceChrf(caption, PlainCaption(reference)) >= kGoodCaptionChrf;
  });
}

namespace {

absl::StatusOr<Calibration> FitConfidence(const std::vector<JudgedCaption>& examples) {
  std::vector<CalibrationExample> fitted;
  for (const JudgedCaption& example : examples) {
    fitted.push_back({.features = Features(example.caption),
                      .happened = IsGoodCaption(example.caption.text, example.references)});
  }
  return Calibration::Fit(
      absl::StrCat("the chrF against the likest of a photo's sentences is at least ",
                   kGoodCaptionChrf),
      FeatureNames(), fitted);
}

}  // namespace

absl::Status CalibrateCaptions(const std::vector<JudgedCaption>& examples, Bundle* bundle) {
  ASSIGN_OR_RETURN(const Calibration calibration, FitConfidence(examples));
  bundle->files[kCalibrationFile] = calibration.ToJson();
  return absl::OkStatus();
}

absl::StatusOr<ConfidenceReport> CrossReportCaptions(const std::vector<JudgedCaption>& examples) {
  std::vector<JudgedCaption> halves[2];
  for (size_t i = 0; i < examples.size(); ++i) halves[i % 2].push_back(examples[i]);
  std::vector<JudgedConfidence> judged;
  for (int half = 0; half < 2; ++half) {
    ASSIGN_OR_RETURN(const Calibration calibration, FitConfidence(halves[1 - half]));
    for (const JudgedCaption& example : halves[half]) {
      judged.push_back({calibration.Probability(Features(example.caption)),
                        IsGoodCaption(example.caption.text, example.references)});
    }
  }
  return ReportConfidence(judged);
}

absl::StatusOr<CaptionerParts> ReadCaptionerParts(Env* env, const std::string& directory) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  absl::StatusOr<CaptionerParts> parts = PartsOf(bundle);
  if (!parts.ok()) return Annotate(parts.status(), directory);
  return parts;
}

absl::StatusOr<std::string> FindCaptionerBundle(Env* env) {
  const std::string path = JoinPath(PretrainedDirectory(), kShipped);
  if (env->FileExists(path)) return path;
  return absl::NotFoundError(
      absl::StrCat("there is no model in ", path,
                   "; train one with caption_image_train, and name it with --model"));
}

}  // namespace viv
