// The steps of search_photos_train.
#include "models/search/search_train_program.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "core/bundle/bundle.h"
#include "core/bundle/row_codes.h"
#include "models/captions/caption_data.h"
#include "models/search/search_model.h"
#include "models/search/text_query.h"
#include "models/vision/classifier_train_program.h"

namespace viv {
namespace {

constexpr char kTextEvent[] = "somebody says all words of the query of the photo";
constexpr char kLikenessEvent[] = "the photo has the label of the other one";

// A relevance, and what is to be said of it.
struct Judged {
  Relevance relevance;
  std::string report;
};

absl::StatusOr<Judged> JudgeAll(const std::string& event, const std::vector<std::string>& names,
                                const std::vector<JudgedQuery>& queries) {
  ASSIGN_OR_RETURN(Relevance relevance, FitRelevance(event, names, queries));
  ASSIGN_OR_RETURN(const SearchReport report, CrossReportSearch(event, names, queries));
  return Judged{std::move(relevance), report.ToString()};
}

std::string ModelCard(const SearchTrainProgram& program, const SearchModelInfo& info,
                      const std::string& reports) {
  return absl::StrFormat(
      "# A search of photos\n\n%s"
      "%d words that photos are known by, told from the features of a classifier, and how relevant "
      "hits are. It goes with the classifier %s%s.\n\n"
      "- data: %s\n- licence: see LICENSE\n- command:\n\n```sh\n%s\n```\n\n"
      "On photos that nothing was learnt from; what is fitted to each half of the queries is "
      "judged "
      "on the other:\n\n```\n%s```\n",
      info.non_commercial ? "**Learnt from non-commercial data.** " : "", info.words.size(),
      info.classifier, info.captioner.empty() ? "" : " and the captioner " + info.captioner,
      program.data_name, program.command, reports);
}

}  // namespace

absl::Status SearchTrainProgram::Run() const {
  ASSIGN_OR_RETURN(const PhotoModels looking, PhotoModels::Load(Env::Default(), models));
  ASSIGN_OR_RETURN(const CaptionSplit captioned, ReadCaptions(data));
  ASSIGN_OR_RETURN(const ImageSplit classes, ReadPhotos(labelled));

  ASSIGN_OR_RETURN(const DescribedPhotos train, LookAt(looking, captioned.train));
  SearchModelInfo info = {.words = FrequentWords(train.sentences, tagger.min_photos),
                          .labels = looking.classifier().info().labels,
                          .classifier = looking.classifier_fingerprint(),
                          .captioner = looking.captioner_fingerprint(),
                          .non_commercial = non_commercial || looking.non_commercial()};
  ASSIGN_OR_RETURN(const NamedTensors learnt, TrainWordTagger(train, info.words, tagger));
  // As the bundle will hold them.
  ASSIGN_OR_RETURN(const NamedTensors codes, EncodeRows(learnt));
  ASSIGN_OR_RETURN(const NamedTensors weights, DecodeRows(codes));
  const auto features = static_cast<int64_t>(train.seen[0].embedding.size());
  const auto words = static_cast<int64_t>(info.words.size());
  ASSIGN_OR_RETURN(LoadedGraph graph, WordTagger::MakeGraph(features, words));
  ASSIGN_OR_RETURN(const WordTagger tags, WordTagger::Make(std::move(graph), weights, words));

  ASSIGN_OR_RETURN(DescribedPhotos described, LookAt(looking, captioned.validation));
  RETURN_IF_ERROR(AddWords(tags, &described.seen));
  ASSIGN_OR_RETURN(Judged text, JudgeAll(kTextEvent, TextQuery::FeatureNames(),
                                         JudgeTextQueries(described, info, queries, tagger.seed)));
  ASSIGN_OR_RETURN(const LabelledPhotos same, LookAt(looking, classes.validation));
  ASSIGN_OR_RETURN(Judged likeness, JudgeAll(kLikenessEvent, LikenessFeatureNames(),
                                             JudgeLikeness(same, queries, tagger.seed)));

  const std::string reports =
      absl::StrCat("in words: ", text.report, "by likeness: ", likeness.report);
  *out << words << " words\n" << reports << std::flush;
  const std::string all_licence = absl::StrCat(
      info.non_commercial ? "Non-commercial use only.\n\n" : "", "These weights were learnt from ",
      data_name, ". Its licence governs their use:\n\n", licence, "\n");
  ASSIGN_OR_RETURN(
      const Bundle bundle,
      MakeSearchBundle(info, {std::move(text.relevance), std::move(likeness.relevance)}, features,
                       weights, all_licence, ModelCard(*this, info, reports)));
  return WriteBundle(Env::Default(), directory, bundle);
}

}  // namespace viv
