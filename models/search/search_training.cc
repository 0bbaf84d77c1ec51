// The tagger is small enough to be trained in memory in a minute: it needs no checkpoints.
#include "models/search/search_training.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/progress.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/nn.h"
#include "core/runtime/session.h"
#include "core/train/optimizer.h"
#include "models/layers/option_ranges.h"
#include "models/search/content_words.h"
#include "models/search/text_query.h"
#include "models/search/word_tagger.h"
#include "models/vision/each_photo.h"

namespace viv {
namespace {

constexpr char kProgress[] = "search_photos_train";

// Every content word of a photo's sentences.
std::set<std::string> WordsOf(const std::vector<std::string>& sentences) {
  std::set<std::string> all;
  for (const std::string& sentence : sentences) {
    for (std::string& word : ContentWords(sentence)) all.insert(std::move(word));
  }
  return all;
}

// Rows of photos: features [N, F], and 1 where a word was said of one [N, words].
struct TaggerData {
  Tensor features, targets;

  int64_t size() const { return features.dim(0); }
};

absl::StatusOr<TaggerData> MakeData(const DescribedPhotos& photos,
                                    const std::vector<std::string>& words) {
  std::map<std::string, int64_t> number;
  for (size_t i = 0; i < words.size(); ++i) number[words[i]] = static_cast<int64_t>(i);
  const auto n = static_cast<int64_t>(photos.seen.size());
  const auto width = static_cast<int64_t>(photos.seen[0].embedding.size());
  const auto count = static_cast<int64_t>(words.size());
  TaggerData data;
  ASSIGN_OR_RETURN(data.features, Tensor::Make(kFloat, Shape({n, width})));
  ASSIGN_OR_RETURN(data.targets, Tensor::Zeros(kFloat, Shape({n, count})));
  auto* features = data.features.mutable_data<float>();
  auto* targets = data.targets.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) {
    features =
        std::copy(photos.seen[i].embedding.begin(), photos.seen[i].embedding.end(), features);
    for (const std::string& word : WordsOf(photos.sentences[i])) {
      const auto found = number.find(word);
      if (found != number.end()) targets[i * count + found->second] = 1;
    }
  }
  return data;
}

absl::StatusOr<Tensor> TakeRows(const Tensor& matrix, absl::Span<const int64_t> rows) {
  const int64_t width = matrix.dim(1);
  ASSIGN_OR_RETURN(Tensor taken,
                   Tensor::Make(kFloat, Shape({static_cast<int64_t>(rows.size()), width})));
  auto* to = taken.mutable_data<float>();
  for (const int64_t row : rows) to = std::copy_n(matrix.data<float>() + row * width, width, to);
  return taken;
}

// Trains the tagger one round after the other.
class TaggerTraining {
 public:
  static absl::StatusOr<TaggerTraining> Make(TaggerData data, const WordTaggerOptions& options) {
    TaggerTraining training(std::move(data), options);
    GraphBuilder b;
    const WordLayer tagger(b, training.data_.features.dim(1), training.data_.targets.dim(1));
    training.features_ = Placeholder(b, kFloat, {-1, training.data_.features.dim(1)});
    training.targets_ = Placeholder(b, kFloat, {-1, training.data_.targets.dim(1)});
    const Output losses =
        SigmoidCrossEntropy(b, tagger.Apply(b, training.features_), training.targets_);
    training.loss_ = Mean(b, Sum(b, losses, {1}));
    const int64_t updates = std::max<int64_t>(
        1,
        std::llround(options.passes * static_cast<double>(training.train_.size()) / options.batch));
    training.step_ = Adam{.learning_rate = Schedule(options.learning_rate).FallToZero(0, updates),
                          .weight_decay = options.weight_decay}
                         .Minimize(b, training.loss_);
    for (const Variable& v : Variables(b.graph(), /*trainable_only=*/true)) {
      training.names_.push_back(v.name());
    }
    ASSIGN_OR_RETURN(Session session, Session::Create(b, {.seed = options.seed}));
    RETURN_IF_ERROR(session.Initialize());
    training.session_.emplace(std::move(session));
    return training;
  }

  absl::Status Round() {
    random_.Shuffle(train_);
    for (size_t begin = 0; begin < train_.size(); begin += batch_) {
      const size_t count = std::min(batch_, train_.size() - begin);
      RETURN_IF_ERROR(Run(absl::MakeConstSpan(train_).subspan(begin, count), step_).status());
    }
    return absl::OkStatus();
  }

  // Of the photos held out.
  absl::StatusOr<double> Loss() {
    ASSIGN_OR_RETURN(const std::vector<Tensor> results, Run(held_out_, loss_));
    return results[0].scalar<float>();
  }

  NamedTensors Weights() {
    const std::map<std::string, Tensor> all = session_->VariableValues();
    NamedTensors weights;
    for (const std::string& name : names_) weights[name] = all.at(name);
    return weights;
  }

 private:
  TaggerTraining(TaggerData data, const WordTaggerOptions& options)
      : data_(std::move(data)), batch_(options.batch), random_(options.seed) {
    for (int64_t i = 0; i < data_.size(); ++i) (i % 10 == 0 ? held_out_ : train_).push_back(i);
  }

  absl::StatusOr<std::vector<Tensor>> Run(absl::Span<const int64_t> rows, Output fetch) {
    ASSIGN_OR_RETURN(const Tensor features, TakeRows(data_.features, rows));
    ASSIGN_OR_RETURN(const Tensor targets, TakeRows(data_.targets, rows));
    return session_->Run({{features_, features}, {targets_, targets}}, {fetch});
  }

  TaggerData data_;
  size_t batch_;
  RandomStream random_;
  std::vector<int64_t> train_, held_out_;
  Output features_, targets_, loss_, step_;
  std::vector<std::string> names_;
  std::optional<Session> session_;
};

// Up to `count` different ones of 0 to `size` - 1.
std::vector<size_t> Draw(size_t size, size_t count, RandomStream* random) {
  std::vector<size_t> numbers(size);
  std::iota(numbers.begin(), numbers.end(), 0);
  random->Shuffle(numbers);
  numbers.resize(std::min(size, count));
  return numbers;
}

// What the models see in `count` photos, or those that can be read; `keep` is called with the
// number of each of these, in order.
absl::StatusOr<std::vector<SeenPhoto>> SeeAll(const PhotoModels& models, size_t count,
                                              const DecodePhoto& decode,
                                              const std::function<void(size_t)>& keep,
                                              std::vector<std::string>* skipped) {
  std::vector<SeenPhoto> all;
  const auto look = [&](const std::vector<size_t>& numbers,
                        const std::vector<Tensor>& batch) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<SeenPhoto> seen, models.See(batch));
    std::move(seen.begin(), seen.end(), std::back_inserter(all));
    std::for_each(numbers.begin(), numbers.end(), keep);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ForEachReadable(count, decode, {.label = kProgress}, look, skipped));
  return all;
}

}  // namespace

absl::StatusOr<DescribedPhotos> LookAt(const PhotoModels& models, const CaptionedImages& photos,
                                       std::vector<std::string>* skipped) {
  DescribedPhotos described;
  const auto decode = [&](size_t i) {
    return photos.images[i].Decode({.min_side = models.min_side()});
  };
  const auto keep = [&](size_t i) { described.sentences.push_back(photos.images[i].captions); };
  ASSIGN_OR_RETURN(described.seen, SeeAll(models, photos.images.size(), decode, keep, skipped));
  return described;
}

absl::StatusOr<LabelledPhotos> LookAt(const PhotoModels& models, const LabelledImages& photos,
                                      std::vector<std::string>* skipped) {
  LabelledPhotos labelled;
  const auto decode = [&](size_t i) {
    return photos.images[i].Decode({.min_side = models.min_side()});
  };
  const auto keep = [&](size_t i) { labelled.labels.push_back(photos.images[i].label); };
  ASSIGN_OR_RETURN(labelled.seen, SeeAll(models, photos.images.size(), decode, keep, skipped));
  return labelled;
}

absl::Status WordTaggerOptions::Check() const {
  return CheckRanges({{"the number of photos with a word", static_cast<double>(min_photos), 1, 1e9},
                      {"the number of passes", passes, 1e-6, 1e6},
                      {"the batch", static_cast<double>(batch), 1, 65536},
                      {"the learning rate", learning_rate, 0, 1e3},
                      {"weight decay", weight_decay, 0, 1}});
}

std::vector<std::string> FrequentWords(const std::vector<std::vector<std::string>>& sentences,
                                       int min_photos) {
  std::map<std::string, int> photos;
  for (const std::vector<std::string>& of_photo : sentences) {
    for (const std::string& word : WordsOf(of_photo)) ++photos[word];
  }
  std::vector<std::pair<int, std::string>> frequent;
  for (const auto& [word, count] : photos) {
    if (count >= min_photos) frequent.emplace_back(-count, word);
  }
  std::sort(frequent.begin(), frequent.end());
  std::vector<std::string> words;
  for (auto& [count, word] : frequent) words.push_back(std::move(word));
  return words;
}

absl::StatusOr<NamedTensors> TrainWordTagger(const DescribedPhotos& photos,
                                             const std::vector<std::string>& words,
                                             const WordTaggerOptions& options) {
  RETURN_IF_ERROR(options.Check());
  if (photos.seen.size() < 2) {
    return absl::InvalidArgumentError("there are too few photos to learn words from");
  }
  if (words.empty()) {
    return absl::InvalidArgumentError("no word is said of enough photos: see --min_photos");
  }
  ASSIGN_OR_RETURN(TaggerData data, MakeData(photos, words));
  ASSIGN_OR_RETURN(TaggerTraining training, TaggerTraining::Make(std::move(data), options));
  const auto rounds = static_cast<int64_t>(std::ceil(options.passes));
  Progress progress({.label = kProgress, .unit = "passes", .total = rounds});
  double best = std::numeric_limits<double>::infinity();
  NamedTensors weights;
  for (int64_t round = 1; round <= rounds; ++round) {
    RETURN_IF_ERROR(training.Round());
    ASSIGN_OR_RETURN(const double loss, training.Loss());
    if (loss < best) {
      best = loss;
      weights = training.Weights();
    }
    progress.Update(round, absl::StrFormat("loss %.3f, best %.3f", loss, best));
  }
  return weights;
}

std::vector<JudgedQuery> JudgeTextQueries(const DescribedPhotos& photos,
                                          const SearchModelInfo& info, int count, uint64_t seed) {
  const std::set<std::string> known(info.words.begin(), info.words.end());
  std::vector<std::set<std::string>> said;
  std::vector<IndexedPhoto> indexed;
  for (size_t i = 0; i < photos.seen.size(); ++i) {
    said.push_back(WordsOf(photos.sentences[i]));
    const SeenPhoto& seen = photos.seen[i];
    indexed.push_back({.labels = seen.labels, .words = seen.words, .caption = seen.caption});
  }
  RandomStream random(seed);
  std::set<std::string> asked;
  std::vector<JudgedQuery> judged;
  for (const size_t photo : Draw(photos.seen.size(), count, &random)) {
    const std::vector<std::string>& sentences = photos.sentences[photo];
    std::vector<std::string> words;
    for (std::string& word : ContentWords(sentences[random.Below(sentences.size())])) {
      if (known.count(word) > 0) words.push_back(std::move(word));
    }
    random.Shuffle(words);
    words.resize(std::min<size_t>(words.size(), 1 + random.Below(3)));
    const std::string text = absl::StrJoin(words, " ");
    if (words.empty() || !asked.insert(text).second) continue;
    const TextQuery query(text, info);
    JudgedQuery examples;
    for (size_t i = 0; i < indexed.size(); ++i) {
      const bool wanted = std::all_of(words.begin(), words.end(), [&](const std::string& word) {
        return said[i].count(word) > 0;
      });
      examples.push_back({query.Features(indexed[i]), wanted});
    }
    judged.push_back(std::move(examples));
  }
  return judged;
}

std::vector<JudgedQuery> JudgeLikeness(const LabelledPhotos& photos, int count, uint64_t seed) {
  const auto cosine = [&](size_t i, size_t j) {
    const std::vector<float>&a = photos.seen[i].embedding, &b = photos.seen[j].embedding;
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0f);
  };
  RandomStream random(seed);
  std::vector<JudgedQuery> judged;
  for (const size_t query : Draw(photos.seen.size(), count, &random)) {
    JudgedQuery examples;
    for (size_t i = 0; i < photos.seen.size(); ++i) {
      if (i == query) continue;
      const IndexedPhoto photo = {.labels = photos.seen[i].labels};
      examples.push_back({LikenessFeatures(photos.seen[query].labels, photo, cosine(query, i)),
                          photos.labels[i] == photos.labels[query]});
    }
    judged.push_back(std::move(examples));
  }
  return judged;
}

}  // namespace viv
