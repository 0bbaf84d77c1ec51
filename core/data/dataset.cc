// Descriptions and their iterators; positions as JSON.
#include "core/data/dataset.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/data/stage.h"

namespace viv {
namespace {

constexpr int64_t kPositionVersion = 1;

class Iterator : public DatasetIterator {
 public:
  explicit Iterator(StagePtr stage) : stage_(std::move(stage)), description_(stage_->Describe()) {}

  absl::Status Begin() { return stage_->Begin(0); }

  absl::StatusOr<bool> Next(Example* example) override {
    RETURN_IF_ERROR(failure_);
    Item item;
    bool more = false;
    failure_ = RunGuarded("cannot read the next element", [&]() -> absl::Status {
      ASSIGN_OR_RETURN(more, stage_->Next(&item));
      return absl::OkStatus();
    });
    RETURN_IF_ERROR(failure_);
    if (more) {
      *example = std::move(item.fields);
      info_ = item.info;
    }
    return more;
  }

  ElementInfo info() const override { return info_; }

  std::string Save() const override {
    Position position;
    stage_->Save(&position);
    return nlohmann::json({{"version", kPositionVersion},
                           {"dataset", description_},
                           {"index", info_.index},
                           {"epoch", info_.epoch},
                           {"position", position}})
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  absl::Status Restore(const std::string& text) override {
    Position position;
    ElementInfo info;
    RETURN_IF_ERROR(Parse(text, &position, &info));
    PositionReader reader(position);
    failure_ = RunGuarded("cannot restore the position",
                          [&]() -> absl::Status { return stage_->Restore(reader, 0); });
    RETURN_IF_ERROR(failure_);
    if (!reader.AtEnd()) {
      failure_ = absl::InvalidArgumentError("the dataset's position has too many numbers");
      return failure_;
    }
    info_ = info;
    return absl::OkStatus();
  }

 private:
  absl::Status Parse(const std::string& text, Position* position, ElementInfo* info) const {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto bad = [](const std::string& why) {
      return absl::InvalidArgumentError("this is not the position of a dataset: " + why);
    };
    if (!json.is_object()) return bad("it is not a JSON object");
    for (const char* name : {"version", "index", "epoch"}) {
      if (!json.contains(name) || !json[name].is_number_integer()) {
        return bad(absl::StrCat("it has no number '", name, "'"));
      }
    }
    if (json["version"].get<int64_t>() != kPositionVersion) {
      return bad(absl::StrCat("its version is ", json["version"].get<int64_t>(),
                              ", this program reads version ", kPositionVersion));
    }
    if (!json.contains("dataset") || !json["dataset"].is_string())
      return bad("it names no dataset");
    const auto dataset = json["dataset"].get<std::string>();
    if (dataset != description_) {
      return absl::FailedPreconditionError(
          absl::StrCat("the saved position belongs to another dataset: it was taken in '", dataset,
                       "', this one is '", description_, "'"));
    }
    if (!json.contains("position") || !json["position"].is_array()) return bad("it has no numbers");
    for (const nlohmann::json& number : json["position"]) {
      if (!number.is_number_integer()) return bad("it holds something else than integers");
      position->push_back(number.get<int64_t>());
    }
    *info = {.index = json["index"].get<int64_t>(), .epoch = json["epoch"].get<int64_t>()};
    return absl::OkStatus();
  }

  const StagePtr stage_;
  const std::string description_;
  ElementInfo info_;
  absl::Status failure_;
};

}  // namespace

absl::StatusOr<int64_t> PositionReader::Take(const std::string& stage, int64_t low, int64_t high) {
  if (next_ == position_.size()) {
    return absl::InvalidArgumentError("the dataset's position has too few numbers");
  }
  const int64_t value = position_[next_++];
  if (value < low || value > high) {
    return absl::InvalidArgumentError(absl::StrCat(stage, ": number ", next_,
                                                   " of the position is ", value, ", not in [", low,
                                                   ", ", high, "]"));
  }
  return value;
}

absl::StatusOr<std::shared_ptr<const IndexedSource>> DatasetNode::OpenIndexed() const {
  return absl::InvalidArgumentError(
      "Shuffle: only a source with random access can be shuffled as a whole: call it right behind "
      "the source, or use ShuffleWindow for a stream");
}

Dataset Dataset::FromIndex(std::string name, int64_t size, GetFn get) {
  return Dataset(IndexNode(std::move(name), size, std::move(get)));
}

Dataset Dataset::FromVector(std::string name, std::vector<Example> examples) {
  const auto size = static_cast<int64_t>(examples.size());
  auto shared = std::make_shared<const std::vector<Example>>(std::move(examples));
  return FromIndex(std::move(name), size,
                   [shared](int64_t i) -> absl::StatusOr<Example> { return (*shared)[i]; });
}

Dataset Dataset::TextLines(std::vector<std::string> paths) {
  return Dataset(LinesNode(std::move(paths)));
}

Dataset Dataset::TfRecords(std::vector<std::string> paths, Compression compression) {
  return Dataset(TfRecordsNode(std::move(paths), compression));
}

Dataset Dataset::Zip(std::vector<Dataset> datasets) {
  std::vector<NodePtr> nodes;
  for (Dataset& dataset : datasets) nodes.push_back(std::move(dataset.node_));
  return Dataset(ZipNode(std::move(nodes)));
}

Dataset Dataset::MapWithInfo(std::string name, MapFn map, int threads) const {
  return Dataset(MapNode(node_, std::move(name), std::move(map), threads));
}
Dataset Dataset::Filter(std::string name, FilterFn keep) const {
  return Dataset(FilterNode(node_, std::move(name), std::move(keep)));
}
Dataset Dataset::Shuffle(uint64_t seed) const { return Dataset(ShuffleNode(node_, seed)); }
Dataset Dataset::ShuffleWindow(int64_t window, uint64_t seed) const {
  return Dataset(ShuffleWindowNode(node_, window, seed));
}
Dataset Dataset::Repeat(int64_t epochs) const { return Dataset(RepeatNode(node_, epochs)); }
Dataset Dataset::Take(int64_t count) const { return Dataset(TakeNode(node_, count)); }
Dataset Dataset::Skip(int64_t count) const { return Dataset(SkipNode(node_, count)); }
Dataset Dataset::Batch(int64_t rows, BatchOptions options) const {
  return Dataset(BatchNode(node_, rows, options.drop_remainder));
}
Dataset Dataset::PaddedBatch(int64_t rows, std::vector<double> pad_values,
                             BatchOptions options) const {
  return Dataset(PaddedBatchNode(node_, rows, std::move(pad_values), options.drop_remainder));
}
Dataset Dataset::BucketByLength(BucketOptions options) const {
  return Dataset(BucketNode(node_, std::move(options)));
}
Dataset Dataset::Prefetch(int elements) const { return Dataset(PrefetchNode(node_, elements)); }

absl::StatusOr<std::unique_ptr<DatasetIterator>> Dataset::MakeIterator() const {
  ASSIGN_OR_RETURN(StagePtr stage, node_->Open());
  auto iterator = std::make_unique<Iterator>(std::move(stage));
  RETURN_IF_ERROR(iterator->Begin());
  return std::unique_ptr<DatasetIterator>(std::move(iterator));
}

}  // namespace viv
