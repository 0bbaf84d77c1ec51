// The steps of search_photos_train.
#include "models/search/search_train_program.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/bundle/bundle.h"
#include "core/bundle/row_codes.h"
#include "models/captions/caption_data.h"
#include "models/search/search_model.h"
#include "models/search/text_query.h"
#include "models/vision/classifier_train_program.h"
#include "models/vision/each_photo.h"

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

std::string ModelCard(const BundleExport& to, const SearchModelInfo& info,
                      const std::string& reports) {
  const std::string model = absl::StrCat(
      info.words.size(),
      " words that photos are known by, told from the features of a classifier, and how relevant "
      "hits are. It goes with the classifier ",
      info.classifier, info.captioner.empty() ? "" : " and the captioner " + info.captioner, ".");
  return absl::StrCat(
      to.Card("A search of photos", model, /*updates=*/-1),
      "\nOn photos that nothing was learnt from; what is fitted to each half of the "
      "queries is judged on the other:\n\n```\n",
      reports, "```\n");
}

}  // namespace

absl::Status SearchTrainProgram::Run() const {
  ASSIGN_OR_RETURN(const PhotoModels looking, PhotoModels::Load(Env::Default(), models));
  ASSIGN_OR_RETURN(const CaptionSplit captioned, ReadCaptions(data));
  ASSIGN_OR_RETURN(const ImageSplit classes, ReadPhotos(labelled));

  std::vector<std::string> skipped = captioned.train.skipped;
  ASSIGN_OR_RETURN(const DescribedPhotos train, LookAt(looking, captioned.train, &skipped));
  SearchModelInfo info = {.words = FrequentWords(train.sentences, tagger.min_photos),
                          .labels = looking.classifier().info().labels,
                          .classifier = looking.classifier_fingerprint(),
                          .captioner = looking.captioner_fingerprint(),
                          .non_commercial = to.non_commercial || looking.non_commercial()};
  ASSIGN_OR_RETURN(const NamedTensors learnt, TrainWordTagger(train, info.words, tagger));
  // As the bundle will hold them.
  ASSIGN_OR_RETURN(const NamedTensors codes, EncodeRows(learnt));
  ASSIGN_OR_RETURN(const NamedTensors weights, DecodeRows(codes));
  const auto features = static_cast<int64_t>(train.seen[0].embedding.size());
  const auto words = static_cast<int64_t>(info.words.size());
  ASSIGN_OR_RETURN(LoadedGraph graph, WordTagger::MakeGraph(features, words));
  ASSIGN_OR_RETURN(const WordTagger tags, WordTagger::Make(std::move(graph), weights, words));

  ASSIGN_OR_RETURN(DescribedPhotos described, LookAt(looking, captioned.validation, &skipped));
  RETURN_IF_ERROR(AddWords(tags, &described.seen));
  ASSIGN_OR_RETURN(Judged text, JudgeAll(kTextEvent, TextQuery::FeatureNames(),
                                         JudgeTextQueries(described, info, queries, tagger.seed)));
  ASSIGN_OR_RETURN(const LabelledPhotos same, LookAt(looking, classes.validation, &skipped));
  ASSIGN_OR_RETURN(Judged likeness, JudgeAll(kLikenessEvent, LikenessFeatureNames(),
                                             JudgeLikeness(same, queries, tagger.seed)));

  ReportSkipped(skipped, *out);
  const std::string reports =
      absl::StrCat("in words: ", text.report, "by likeness: ", likeness.report);
  *out << words << " words\n" << reports << std::flush;
  BundleExport from = to;
  from.non_commercial = info.non_commercial;
  ASSIGN_OR_RETURN(
      const Bundle bundle,
      MakeSearchBundle(info, {std::move(text.relevance), std::move(likeness.relevance)}, features,
                       weights, from.LicenceText(""), ModelCard(from, info, reports)));
  return WriteBundle(Env::Default(), to.directory, bundle);
}

}  // namespace viv
