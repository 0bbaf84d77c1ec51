// Loading of translators.
#include "models/language/translator.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/base/isa.h"
#include "core/base/status.h"
#include "core/checkpoint/checkpoint.h"
#include "models/language/alignment.h"
#include "models/language/bleu.h"
#include "models/language/long_text.h"

namespace viv {
namespace {

constexpr char kKind[] = "translate";
constexpr char kPiecesFile[] = "pieces.model";
constexpr char kWordsFile[] = "words.txt";
constexpr char kCalibrationFile[] = "calibration.json";
constexpr char kLengthReward[] = "length_reward";
constexpr char kConsensus[] = "consensus";
// Ranking by consensus is for those whose BLEU it raises by more: less is chance.
constexpr double kConsensusGain = 0.3;
constexpr char kPrefix[] = "translate_";

// What confidences are computed from. Bundles are calibrated for some of them, new ones for all.
struct Feature {
  const char* name;
  // Not a number where the search found one translation alone, and nothing agrees with it.
  double (*of)(const Translation&);
};
constexpr char kAgreement[] = "expected chrF";
constexpr Feature kFeatures[] = {
    {"mean log probability of a piece",
     [](const Translation& t) { return static_cast<double>(t.log_prob) / std::max(t.pieces, 1); }},
    {"log probability", [](const Translation& t) { return static_cast<double>(t.log_prob); }},
    {"pieces", [](const Translation& t) { return static_cast<double>(std::max(t.pieces, 1)); }},
    {"least log probability of a piece",
     [](const Translation& t) { return static_cast<double>(t.least_log_prob); }},
    {kAgreement, [](const Translation& t) { return t.agreement < 0 ? NAN : t.agreement; }},
};

std::vector<std::string> FeatureNames() {
  std::vector<std::string> names;
  for (const Feature& feature : kFeatures) names.emplace_back(feature.name);
  return names;
}

// Null where there is none of that name.
const Feature* FindFeature(absl::string_view name) {
  const auto* const end = std::end(kFeatures);
  const auto* const found =
      std::find_if(std::begin(kFeatures), end, [name](const Feature& f) { return f.name == name; });
  return found == end ? nullptr : found;
}

absl::Status CheckFeatures(const Calibration& calibration) {
  for (const Calibration::Feature& feature : calibration.features()) {
    if (FindFeature(feature.name) != nullptr) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the calibration is for a feature that is unknown here, '", feature.name, "'"));
  }
  return absl::OkStatus();
}

bool Uses(const Calibration& calibration, absl::string_view name) {
  const auto& features = calibration.features();
  return std::any_of(features.begin(), features.end(),
                     [name](const Calibration::Feature& f) { return f.name == name; });
}

double Confidence(const Calibration& calibration, const Translation& translation) {
  // Nothing was asked where there are no pieces.
  if (translation.pieces == 0) return 1;
  std::vector<double> values;
  for (const Calibration::Feature& feature : calibration.features()) {
    const double value = FindFeature(feature.name)->of(translation);
    values.push_back(std::isnan(value) ? feature.mean : value);
  }
  return calibration.Probability(values);
}

// The graph that translates: the variables, the encoder and a step of the decoder.
absl::StatusOr<LoadedGraph> MakeGraph(const NetOptions& options) {
  LoadedGraph made = {.graph = std::make_unique<Graph>()};
  const GraphBuilder b(made.graph.get());
  const std::unique_ptr<TranslationNet> net = options.Build(b);
  RETURN_IF_ERROR(b.status());
  const Seq2SeqDecoder decoder(b, *net);
  RETURN_IF_ERROR(b.status());
  made.signatures = decoder.signatures();
  return made;
}

absl::StatusOr<TranslatorParts> PartsOf(const Bundle& bundle) {
  TranslatorInfo info = {.non_commercial = bundle.non_commercial};
  ASSIGN_OR_RETURN(info.source_language, FindText(bundle.settings, "source_language"));
  ASSIGN_OR_RETURN(info.target_language, FindText(bundle.settings, "target_language"));
  ASSIGN_OR_RETURN(const std::string description, FindText(bundle.settings, "net"));
  ASSIGN_OR_RETURN(const NetOptions net, NetOptions::FromJson(description));
  ASSIGN_OR_RETURN(const std::string pieces, FindText(bundle.files, kPiecesFile));
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, Tokenizer::FromModel(pieces));
  if (tokenizer.size() != net.vocab_size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the net knows ", net.vocab_size(), " pieces, the vocabulary has ", tokenizer.size()));
  }
  if (const auto reward = bundle.settings.find(kLengthReward);
      reward != bundle.settings.end() && !absl::SimpleAtof(reward->second, &info.length_reward)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", kLengthReward, " of '", reward->second, "'"));
  }
  const auto consensus = bundle.settings.find(kConsensus);
  info.consensus = consensus != bundle.settings.end() && consensus->second == "true";
  const std::string words = FindText(bundle.files, kWordsFile).value_or("");
  return TranslatorParts{info,           net,
                         tokenizer,      KnownWords::FromText(words),
                         bundle.weights, FindText(bundle.files, "LICENSE").value_or("")};
}

// Without a list of words no names are copied.
TextCopier CopierOf(const TranslatorParts& parts) {
  if (parts.words.empty()) return TextCopier(parts.tokenizer, nullptr);
  return TextCopier(parts.tokenizer, std::make_shared<KnownWords>(parts.words));
}

}  // namespace

absl::StatusOr<DType> ParseTranslationPrecision(absl::string_view name) {
  if (name == "auto") return MachineIsa() == Isa::kAvx512Bf16 ? kInt8 : kFloat;
  return ParsePrecision(name);
}

struct Translator::Parts {
  Tokenizer tokenizer;
  TextCopier copier;
  Session session;
  Seq2SeqDecoder decoder;
  std::optional<Calibration> calibration;
};

Translator::Translator(TranslatorInfo info, std::unique_ptr<Parts> parts)
    : info_(std::move(info)), parts_(std::move(parts)) {}
Translator::~Translator() = default;

absl::StatusOr<std::unique_ptr<Translator>> Translator::FromBundle(const Bundle& bundle,
                                                                   DType precision, bool align) {
  ASSIGN_OR_RETURN(const TranslatorParts made_of, PartsOf(bundle));
  ASSIGN_OR_RETURN(LoadedGraph loaded,
                   HasGraph(bundle) ? ReadGraph(bundle) : MakeGraph(made_of.net));
  ASSIGN_OR_RETURN(Seq2SeqDecoder decoder,
                   Seq2SeqDecoder::FromSignatures(made_of.net.ends(), loaded.signatures));
  if (align && !decoder.has_attention()) {
    // Graphs from before attention was one of their ends.
    ASSIGN_OR_RETURN(loaded, MakeGraph(made_of.net));
    ASSIGN_OR_RETURN(decoder,
                     Seq2SeqDecoder::FromSignatures(made_of.net.ends(), loaded.signatures));
    if (!decoder.has_attention()) {
      return absl::FailedPreconditionError("a net without attention aligns no words");
    }
  }
  const GraphBuilder b(std::move(loaded.graph));
  decoder.ChooseInGraph(b);
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.precision = precision}));
  RETURN_IF_ERROR(RestoreVariables(session, b.graph(), bundle.weights));
  auto parts = std::make_unique<Parts>(Parts{made_of.tokenizer, CopierOf(made_of),
                                             std::move(session), std::move(decoder), std::nullopt});
  if (const auto file = bundle.files.find(kCalibrationFile); file != bundle.files.end()) {
    ASSIGN_OR_RETURN(parts->calibration, Calibration::FromJson(file->second));
    RETURN_IF_ERROR(CheckFeatures(*parts->calibration));
  }
  return std::unique_ptr<Translator>(new Translator(made_of.info, std::move(parts)));
}

absl::StatusOr<std::unique_ptr<Translator>> Translator::Load(Env* env, const std::string& directory,
                                                             DType precision, bool align) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  absl::StatusOr<std::unique_ptr<Translator>> translator = FromBundle(bundle, precision, align);
  if (!translator.ok()) return Annotate(translator.status(), directory);
  return translator;
}

bool Translator::has_confidences() const { return parts_->calibration.has_value(); }

bool Translator::can_copy() const { return !parts_->copier.symbol_pieces().empty(); }

absl::StatusOr<std::shared_ptr<const Glossary>> ReadGlossaryFor(const Translator& translator,
                                                                const std::string& path) {
  if (!translator.can_copy()) {
    return absl::FailedPreconditionError(
        "this model takes no glossary: its pieces have no symbols that stand for a term; train it "
        "again");
  }
  ASSIGN_OR_RETURN(Glossary glossary, Glossary::Read(Env::Default(), path));
  return std::make_shared<const Glossary>(std::move(glossary));
}

absl::StatusOr<std::vector<SentenceResult>> Translator::Translate(
    const std::vector<std::string>& sentences, const TranslateOptions& options) {
  if (!options.split) return TranslateSentences(sentences, options);
  return TranslateLongTexts(
      sentences, info_.source_language,
      [&](const std::vector<std::string>& parts) { return TranslateSentences(parts, options); });
}

absl::StatusOr<std::vector<SentenceResult>> Translator::TranslateSentences(
    const std::vector<std::string>& sentences, const TranslateOptions& given) {
  TranslateOptions options = given;
  if (!options.length_reward) options.length_reward = info_.length_reward;
  if (!options.consensus) options.consensus = info_.consensus;
  if (parts_->calibration && Uses(*parts_->calibration, kAgreement)) options.agreement = true;
  ASSIGN_OR_RETURN(std::vector<SentenceResult> results,
                   TranslateTexts(parts_->session, parts_->decoder, parts_->tokenizer,
                                  parts_->copier, sentences, options));
  const bool copies = options.copy_unknown && parts_->tokenizer.unknown() >= 0;
  if (options.align || copies) {
    RETURN_IF_ERROR(AlignTranslations(parts_->session, parts_->decoder, parts_->tokenizer,
                                      parts_->copier, sentences, options, &results));
  }
  if (!parts_->calibration) return results;
  for (SentenceResult& result : results) {
    if (!result.ok()) continue;
    for (Translation& translation : *result) {
      translation.confidence = Confidence(*parts_->calibration, translation);
    }
  }
  return results;
}

absl::StatusOr<TranslatorParts> ReadTranslatorParts(Env* env, const std::string& directory) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  absl::StatusOr<TranslatorParts> parts = PartsOf(bundle);
  if (!parts.ok()) return Annotate(parts.status(), directory);
  return parts;
}

absl::Status TuneSearch(const std::vector<TextPair>& pairs, Bundle* bundle) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Translator> translator, Translator::FromBundle(*bundle));
  std::vector<std::string> sources, references;
  for (const TextPair& pair : pairs) {
    sources.push_back(pair.source);
    references.push_back(pair.target);
  }
  double best = -1;
  for (const bool consensus : {false, true}) {
    for (const float reward : {0.0f, 0.2f, 0.4f, 0.6f, 0.8f}) {
      ASSIGN_OR_RETURN(
          const std::vector<SentenceResult> results,
          translator->Translate(sources, {.length_reward = reward, .consensus = consensus}));
      std::vector<std::string> translations;
      for (const SentenceResult& result : results) {
        translations.push_back(result.ok() && !result->empty() ? result->front().text : "");
      }
      const double bleu = Bleu(translations, references);
      const bool chosen = bundle->settings[kConsensus] == "true";
      if (bleu <= best + (consensus && !chosen ? kConsensusGain : 0)) continue;
      best = bleu;
      bundle->settings[kLengthReward] = absl::StrCat(reward);
      bundle->settings[kConsensus] = consensus ? "true" : "false";
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Calibration> CalibrateTranslator(Translator& translator,
                                                const std::vector<TextPair>& pairs) {
  std::vector<std::string> sources;
  for (const TextPair& pair : pairs) sources.push_back(pair.source);
  ASSIGN_OR_RETURN(const std::vector<SentenceResult> results,
                   translator.Translate(sources, {.agreement = true}));
  std::vector<CalibrationExample> examples;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!results[i].ok() || results[i]->empty()) continue;
    const Translation& best = results[i]->front();
    if (best.pieces == 0 || best.agreement < 0) continue;
    CalibrationExample example = {.happened =
                                      SentenceChrf(best.text, pairs[i].target) >= kGoodChrf};
    for (const Feature& feature : kFeatures) example.features.push_back(feature.of(best));
    examples.push_back(std::move(example));
  }
  return Calibration::Fit(absl::StrCat("the sentence's chrF is at least ", kGoodChrf),
                          FeatureNames(), examples);
}

void SetCalibration(const Calibration& calibration, Bundle* bundle) {
  bundle->files[kCalibrationFile] = calibration.ToJson();
}

absl::StatusOr<Bundle> MakeTranslatorBundle(const TranslatorInfo& info, const NetOptions& net,
                                            const Tokenizer& tokenizer, const KnownWords& words,
                                            NamedTensors weights, const std::string& licence,
                                            const std::string& card) {
  Bundle bundle = {.kind = kKind,
                   .settings = {{"source_language", info.source_language},
                                {"target_language", info.target_language},
                                {"net", net.ToJson()}},
                   .non_commercial = info.non_commercial,
                   .weights = std::move(weights),
                   .files = {{kPiecesFile, tokenizer.model()},
                             {kWordsFile, words.ToText()},
                             {"LICENSE", licence},
                             {"README.md", card}}};
  ASSIGN_OR_RETURN(const LoadedGraph made, MakeGraph(net));
  RETURN_IF_ERROR(SetGraph(*made.graph, made.signatures, &bundle));
  return bundle;
}

std::vector<std::string> TranslatorBundles(Env* env) {
  const std::string directory = PretrainedDirectory();
  std::vector<std::string> bundles;
  for (const std::string& name : env->ListDir(directory).value_or(std::vector<std::string>())) {
    if (absl::StartsWith(name, kPrefix)) bundles.push_back(JoinPath(directory, name));
  }
  return bundles;
}

absl::StatusOr<std::string> FindTranslatorBundle(Env* env, const std::string& source_language,
                                                 const std::string& target_language) {
  const std::string directory = PretrainedDirectory();
  const std::string path =
      JoinPath(directory, absl::StrCat(kPrefix, source_language, "_", target_language));
  if (env->FileExists(path)) return path;
  std::vector<std::string> pairs;
  for (const std::string& other : TranslatorBundles(env)) {
    const std::string name = BaseName(other);
    pairs.push_back(absl::StrReplaceAll(absl::StripPrefix(name, kPrefix), {{"_", " to "}}));
  }
  return absl::NotFoundError(absl::StrCat(
      "there is no model from '", source_language, "' to '", target_language, "' in ", directory,
      pairs.empty() ? "" : absl::StrCat(" (there is: ", absl::StrJoin(pairs, ", "), ")"),
      "; train one with translate_train, and name it with --model"));
}

}  // namespace viv
