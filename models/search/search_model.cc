// The bundle of a search.
#include "models/search/search_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr char kKind[] = "search_photos";
constexpr char kShipped[] = "search_photos";
constexpr char kWordsFile[] = "words.txt", kLabelsFile[] = "labels.txt";
constexpr char kTextFile[] = "text_relevance.json", kLikenessFile[] = "likeness_relevance.json";
constexpr char kClassifier[] = "classifier", kCaptioner[] = "captioner";

absl::StatusOr<std::vector<std::string>> Lines(const Bundle& bundle, const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, FindText(bundle.files, file));
  return std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipEmpty()));
}

std::string ToLines(const std::vector<std::string>& texts) {
  return absl::StrJoin(texts, "\n") + "\n";
}

absl::StatusOr<SearchModelInfo> InfoOf(const Bundle& bundle) {
  SearchModelInfo info = {.non_commercial = bundle.non_commercial};
  ASSIGN_OR_RETURN(info.words, Lines(bundle, kWordsFile));
  ASSIGN_OR_RETURN(info.labels, Lines(bundle, kLabelsFile));
  ASSIGN_OR_RETURN(info.classifier, FindText(bundle.settings, kClassifier));
  ASSIGN_OR_RETURN(info.captioner, FindText(bundle.settings, kCaptioner));
  return info;
}

absl::StatusOr<Relevance> RelevanceOf(const Bundle& bundle, const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, FindText(bundle.files, file));
  return Relevance::FromJson(text);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SearchModel>> SearchModel::Load(Env* env,
                                                               const std::string& directory) {
  ASSIGN_OR_RETURN(const Bundle bundle, ReadBundle(env, directory, kKind));
  ASSIGN_OR_RETURN(std::string fingerprint, BundleFingerprint(env, directory));
  const auto load = [&]() -> absl::StatusOr<std::unique_ptr<SearchModel>> {
    ASSIGN_OR_RETURN(SearchModelInfo info, InfoOf(bundle));
    ASSIGN_OR_RETURN(Relevance text, RelevanceOf(bundle, kTextFile));
    ASSIGN_OR_RETURN(Relevance likeness, RelevanceOf(bundle, kLikenessFile));
    ASSIGN_OR_RETURN(LoadedGraph graph, ReadGraph(bundle));
    ASSIGN_OR_RETURN(WordTagger tagger, WordTagger::Make(std::move(graph), bundle.weights,
                                                         static_cast<int64_t>(info.words.size())));
    return std::unique_ptr<SearchModel>(new SearchModel(std::move(info),
                                                        {std::move(text), std::move(likeness)},
                                                        std::move(tagger), std::move(fingerprint)));
  };
  absl::StatusOr<std::unique_ptr<SearchModel>> model = load();
  if (!model.ok()) return Annotate(model.status(), directory);
  return model;
}

absl::StatusOr<Bundle> MakeSearchBundle(const SearchModelInfo& info,
                                        const SearchRelevance& relevance, int64_t features,
                                        const NamedTensors& weights, const std::string& licence,
                                        const std::string& card) {
  Bundle bundle = {.kind = kKind,
                   .settings = {{kClassifier, info.classifier}, {kCaptioner, info.captioner}},
                   .non_commercial = info.non_commercial,
                   .weights = weights,
                   .files = {{kWordsFile, ToLines(info.words)},
                             {kLabelsFile, ToLines(info.labels)},
                             {kTextFile, relevance.text.ToJson()},
                             {kLikenessFile, relevance.likeness.ToJson()},
                             {"LICENSE", licence},
                             {"README.md", card}}};
  ASSIGN_OR_RETURN(const LoadedGraph made,
                   WordTagger::MakeGraph(features, static_cast<int64_t>(info.words.size())));
  RETURN_IF_ERROR(SetGraph(*made.graph, made.signatures, &bundle));
  return bundle;
}

absl::StatusOr<std::string> FindSearchBundle(Env* env) {
  const std::string path = JoinPath(PretrainedDirectory(), kShipped);
  if (env->FileExists(path)) return path;
  return absl::NotFoundError(absl::StrCat("there is no model in ", path,
                                          "; make one with search_photos_train, and name it with "
                                          "--model"));
}

}  // namespace viv
