// Transforms of one element at a time, and what bounds and repeats a dataset.

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/data/stage.h"

namespace viv {

absl::Status ApplyMap(const Dataset::MapFn& map, const std::string& description, Item* item) {
  const absl::Status status = RunGuarded("the function", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(item->fields, map(std::move(item->fields), item->info));
    return absl::OkStatus();
  });
  if (status.ok()) return status;
  return Annotate(status, absl::StrCat(description, ": element ", item->info.index));
}

namespace {

// A stage with one input, whose part of the position is empty unless overridden.
class InputStage : public Stage {
 public:
  InputStage(StagePtr input, std::string description)
      : input_(std::move(input)), description_(std::move(description)) {}

  absl::Status Begin(int64_t epoch) override { return input_->Begin(epoch); }
  void Save(Position* position) const override { input_->Save(position); }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    return input_->Restore(reader, epoch);
  }
  std::string Describe() const override {
    return absl::StrCat(input_->Describe(), " | ", description_);
  }

 protected:
  Stage& input() { return *input_; }
  const Stage& input() const { return *input_; }
  const std::string& description() const { return description_; }

 private:
  const StagePtr input_;
  const std::string description_;
};

class MapStage : public InputStage {
 public:
  MapStage(StagePtr input, Dataset::MapFn map, std::string description)
      : InputStage(std::move(input), std::move(description)), map_(std::move(map)) {}
  absl::StatusOr<bool> Next(Item* item) override {
    ASSIGN_OR_RETURN(const bool more, input().Next(item));
    if (more) RETURN_IF_ERROR(ApplyMap(map_, description(), item));
    return more;
  }

 private:
  const Dataset::MapFn map_;
};

class FilterStage : public InputStage {
 public:
  FilterStage(StagePtr input, Dataset::FilterFn keep, std::string description)
      : InputStage(std::move(input), std::move(description)), keep_(std::move(keep)) {}
  absl::StatusOr<bool> Next(Item* item) override {
    while (true) {
      ASSIGN_OR_RETURN(const bool more, input().Next(item));
      if (!more) return false;
      bool keep = false;
      const absl::Status status = RunGuarded("the function", [&] { keep = keep_(item->fields); });
      if (!status.ok()) {
        return Annotate(status, absl::StrCat(description(), ": element ", item->info.index));
      }
      if (keep) return true;
    }
  }

 private:
  const Dataset::FilterFn keep_;
};

// The position: the epoch, and whether it has given an element.
class RepeatStage : public InputStage {
 public:
  RepeatStage(StagePtr input, int64_t epochs)
      : InputStage(std::move(input),
                   epochs < 0 ? std::string("Repeat()") : absl::StrCat("Repeat(", epochs, ")")),
        epochs_(epochs < 0 ? kMaxCount : epochs) {}

  absl::Status Begin(int64_t epoch) override {
    first_ = FirstEpoch(epoch);
    done_ = 0;
    given_ = false;
    return input().Begin(first_);
  }
  absl::StatusOr<bool> Next(Item* item) override {
    while (done_ < epochs_) {
      ASSIGN_OR_RETURN(const bool more, input().Next(item));
      if (more) {
        given_ = true;
        return true;
      }
      if (!given_ && epochs_ == kMaxCount) {
        return absl::InvalidArgumentError(
            absl::StrCat(Describe(), ": there is no element to repeat"));
      }
      if (++done_ == epochs_) break;
      given_ = false;
      RETURN_IF_ERROR(input().Begin(Epoch(done_)));
    }
    return false;
  }
  void Save(Position* position) const override {
    position->insert(position->end(), {done_, given_ ? 1 : 0});
    InputStage::Save(position);
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    ASSIGN_OR_RETURN(done_, reader.Take(Describe(), 0, epochs_));
    ASSIGN_OR_RETURN(const int64_t given, reader.Take(Describe(), 0, 1));
    given_ = given != 0;
    first_ = FirstEpoch(epoch);
    const int64_t current = done_ == epochs_ && done_ > 0 ? done_ - 1 : done_;
    return InputStage::Restore(reader, Epoch(current));
  }

 private:
  // An outer Repeat's epochs follow each other without overlap.
  int64_t FirstEpoch(int64_t epoch) const {
    // Unsigned: a position from a damaged file may be anything.
    return epochs_ == kMaxCount ? epoch
                                : static_cast<int64_t>(static_cast<uint64_t>(epoch) *
                                                       static_cast<uint64_t>(epochs_));
  }
  int64_t Epoch(int64_t done) const {
    return static_cast<int64_t>(static_cast<uint64_t>(first_) + static_cast<uint64_t>(done));
  }

  const int64_t epochs_;
  int64_t first_ = 0;
  int64_t done_ = 0;
  bool given_ = false;
};

// The position: how many elements were given.
class TakeStage : public InputStage {
 public:
  TakeStage(StagePtr input, int64_t count)
      : InputStage(std::move(input), absl::StrCat("Take(", count, ")")), count_(count) {}

  absl::Status Begin(int64_t epoch) override {
    given_ = 0;
    return InputStage::Begin(epoch);
  }
  absl::StatusOr<bool> Next(Item* item) override {
    if (given_ == count_) return false;
    ASSIGN_OR_RETURN(const bool more, input().Next(item));
    if (more) ++given_;
    return more;
  }
  void Save(Position* position) const override {
    position->push_back(given_);
    InputStage::Save(position);
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    ASSIGN_OR_RETURN(given_, reader.Take(Describe(), 0, count_));
    return InputStage::Restore(reader, epoch);
  }

 private:
  const int64_t count_;
  int64_t given_ = 0;
};

// The position: whether the elements to be skipped are behind us.
class SkipStage : public InputStage {
 public:
  SkipStage(StagePtr input, int64_t count)
      : InputStage(std::move(input), absl::StrCat("Skip(", count, ")")), count_(count) {}

  absl::Status Begin(int64_t epoch) override {
    skipped_ = false;
    return InputStage::Begin(epoch);
  }
  absl::StatusOr<bool> Next(Item* item) override {
    for (int64_t i = 0; !skipped_ && i < count_; ++i) {
      ASSIGN_OR_RETURN(const bool more, input().Next(item));
      if (!more) break;
    }
    skipped_ = true;
    return input().Next(item);
  }
  void Save(Position* position) const override {
    position->push_back(skipped_ ? 1 : 0);
    InputStage::Save(position);
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    ASSIGN_OR_RETURN(const int64_t skipped, reader.Take(Describe(), 0, 1));
    skipped_ = skipped != 0;
    return InputStage::Restore(reader, epoch);
  }

 private:
  const int64_t count_;
  bool skipped_ = false;
};

// A node whose stage is made of its input's stage by a function.
template <typename F>
class TransformNode : public DatasetNode {
 public:
  TransformNode(NodePtr input, F make) : input_(std::move(input)), make_(std::move(make)) {}
  absl::StatusOr<StagePtr> Open() const override {
    ASSIGN_OR_RETURN(StagePtr stage, input_->Open());
    return make_(std::move(stage));
  }

 private:
  const NodePtr input_;
  const F make_;
};

template <typename F>
NodePtr MakeTransform(NodePtr input, F make) {
  return std::make_shared<TransformNode<F>>(std::move(input), std::move(make));
}

absl::Status CheckCount(const char* transform, int64_t count) {
  if (count >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(transform, ": the number of elements is negative: ", count));
}

}  // namespace

NodePtr MapNode(NodePtr input, std::string name, Dataset::MapFn map, int threads) {
  return MakeTransform(std::move(input), [=](StagePtr stage) -> absl::StatusOr<StagePtr> {
    std::string description = absl::StrCat("Map(", name, ")");
    if (threads < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(description, ": at least one thread is needed, not ", threads));
    }
    if (threads == 1) {
      return StagePtr(std::make_unique<MapStage>(std::move(stage), map, std::move(description)));
    }
    return MakeParallelStage(std::move(stage), map, threads, 4 * threads, std::move(description));
  });
}

NodePtr FilterNode(NodePtr input, std::string name, Dataset::FilterFn keep) {
  return MakeTransform(std::move(input), [=](StagePtr stage) -> absl::StatusOr<StagePtr> {
    return StagePtr(
        std::make_unique<FilterStage>(std::move(stage), keep, absl::StrCat("Filter(", name, ")")));
  });
}

NodePtr RepeatNode(NodePtr input, int64_t epochs) {
  return MakeTransform(std::move(input), [=](StagePtr stage) -> absl::StatusOr<StagePtr> {
    if (epochs < -1 || epochs >= kMaxCount) {
      return absl::InvalidArgumentError(
          absl::StrCat("Repeat: the number of epochs is not valid: ", epochs));
    }
    return StagePtr(std::make_unique<RepeatStage>(std::move(stage), epochs));
  });
}

NodePtr TakeNode(NodePtr input, int64_t count) {
  return MakeTransform(std::move(input), [=](StagePtr stage) -> absl::StatusOr<StagePtr> {
    RETURN_IF_ERROR(CheckCount("Take", count));
    return StagePtr(std::make_unique<TakeStage>(std::move(stage), count));
  });
}

NodePtr SkipNode(NodePtr input, int64_t count) {
  return MakeTransform(std::move(input), [=](StagePtr stage) -> absl::StatusOr<StagePtr> {
    RETURN_IF_ERROR(CheckCount("Skip", count));
    return StagePtr(std::make_unique<SkipStage>(std::move(stage), count));
  });
}

NodePtr PrefetchNode(NodePtr input, int elements) {
  return MakeTransform(std::move(input), [=](StagePtr stage) -> absl::StatusOr<StagePtr> {
    if (elements < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("Prefetch: at least one element is needed, not ", elements));
    }
    return MakeParallelStage(std::move(stage), nullptr, 1, elements, "");
  });
}

}  // namespace viv
