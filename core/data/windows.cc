// Transforms that look at several elements at once: batches, shuffled windows, buckets by length.
// All of them read a window of elements, arrange it into groups and give one element a group.
#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/data/stage.h"

namespace viv {
namespace {

// Numbers of elements within their window.
using Group = std::vector<int64_t>;

// What distinguishes the transforms; immutable.
class WindowPolicy {
 public:
  virtual ~WindowPolicy() = default;
  virtual std::string Describe() const = 0;
  virtual int64_t window() const = 0;
  // A non-empty window becomes groups, given out in this order. `key` differs between windows.
  virtual absl::StatusOr<std::vector<Group>> Arrange(const std::vector<Item>& items,
                                                     uint64_t key) const = 0;
  // One element of a group, which may be moved from. `number` counts the groups of the epoch.
  virtual absl::StatusOr<Item> Emit(std::vector<Item>& items, const Group& group,
                                    int64_t number) const = 0;
};

// The position: windows begun, groups given out of the current one, groups given in all; above it
// the input's position at the current window's beginning (behind the window once all its groups are
// given). Restoring reads the window again.
class WindowStage : public Stage {
 public:
  WindowStage(StagePtr input, std::shared_ptr<const WindowPolicy> policy)
      : input_(std::move(input)), policy_(std::move(policy)) {}

  absl::Status Begin(int64_t epoch) override {
    Reset(epoch);
    return input_->Begin(epoch);
  }
  absl::StatusOr<bool> Next(Item* item) override {
    while (next_group_ == groups_.size()) {
      ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) return false;
    }
    ASSIGN_OR_RETURN(*item, policy_->Emit(items_, groups_[next_group_], given_));
    ++next_group_;
    ++given_;
    return true;
  }
  void Save(Position* position) const override {
    const bool inside = next_group_ < groups_.size();
    position->insert(position->end(),
                     {windows_, inside ? static_cast<int64_t>(next_group_) : 0, given_});
    if (inside && next_group_ > 0) {
      position->insert(position->end(), begin_.begin(), begin_.end());
    } else {
      input_->Save(position);
    }
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    Reset(epoch);
    ASSIGN_OR_RETURN(const int64_t windows, reader.Take(Describe(), 0, kMaxCount));
    ASSIGN_OR_RETURN(const int64_t groups,
                     reader.Take(Describe(), 0, windows > 0 ? policy_->window() : 0));
    ASSIGN_OR_RETURN(given_, reader.Take(Describe(), 0, kMaxCount));
    RETURN_IF_ERROR(input_->Restore(reader, epoch));
    windows_ = windows;
    if (groups == 0) return absl::OkStatus();
    --windows_;  // Fill() counts the window again
    ASSIGN_OR_RETURN(const bool more, Fill());
    if (!more || static_cast<size_t>(groups) >= groups_.size()) {
      return absl::DataLossError(absl::StrCat(Describe(), ": the position lies behind group ",
                                              groups, " of a window of ", groups_.size(),
                                              ": the data have changed"));
    }
    next_group_ = static_cast<size_t>(groups);
    return absl::OkStatus();
  }
  std::string Describe() const override {
    return absl::StrCat(input_->Describe(), " | ", policy_->Describe());
  }

 private:
  void Reset(int64_t epoch) {
    epoch_ = epoch;
    windows_ = given_ = 0;
    items_.clear();
    groups_.clear();
    next_group_ = 0;
  }
  // Reads and arranges the next window; false where there is no further element.
  absl::StatusOr<bool> Fill() {
    items_.clear();
    groups_.clear();
    next_group_ = 0;
    begin_.clear();
    input_->Save(&begin_);
    while (static_cast<int64_t>(items_.size()) < policy_->window()) {
      Item item;
      ASSIGN_OR_RETURN(const bool more, input_->Next(&item));
      if (!more) break;
      items_.push_back(std::move(item));
    }
    if (items_.empty()) return false;
    const uint64_t key =
        HashCombine(static_cast<uint64_t>(epoch_), static_cast<uint64_t>(windows_++));
    ASSIGN_OR_RETURN(groups_, policy_->Arrange(items_, key));
    return true;
  }

  const StagePtr input_;
  const std::shared_ptr<const WindowPolicy> policy_;
  int64_t epoch_ = 0;
  int64_t windows_ = 0;
  int64_t given_ = 0;
  Position begin_;
  std::vector<Item> items_;
  std::vector<Group> groups_;
  size_t next_group_ = 0;
};

// ---- Policies

class ShufflePolicy : public WindowPolicy {
 public:
  ShufflePolicy(int64_t window, uint64_t seed) : window_(window), seed_(seed) {}
  std::string Describe() const override {
    return absl::StrCat("ShuffleWindow(", window_, ", ", seed_, ")");
  }
  int64_t window() const override { return window_; }
  absl::StatusOr<std::vector<Group>> Arrange(const std::vector<Item>& items,
                                             uint64_t key) const override {
    std::vector<Group> groups;
    for (size_t i = 0; i < items.size(); ++i) groups.push_back({static_cast<int64_t>(i)});
    RandomStream(HashCombine(seed_, key)).Shuffle(groups);
    return groups;
  }
  absl::StatusOr<Item> Emit(std::vector<Item>& items, const Group& group, int64_t) const override {
    return std::move(items[group[0]]);
  }

 private:
  const int64_t window_;
  const uint64_t seed_;
};

// Groups that become one stacked element.
class StackPolicy : public WindowPolicy {
 public:
  StackPolicy(bool pad, std::vector<double> pad_values)
      : pad_(pad), pad_values_(std::move(pad_values)) {}
  absl::StatusOr<Item> Emit(std::vector<Item>& items, const Group& group,
                            int64_t number) const override {
    std::vector<Example> rows;
    for (int64_t i : group) rows.push_back(std::move(items[i].fields));
    Item out;
    absl::StatusOr<Example> stacked =
        pad_ ? PadAndStackExamples(rows, pad_values_) : StackExamples(rows);
    if (!stacked.ok()) {
      return Annotate(stacked.status(), absl::StrCat(Describe(), ": batch ", number));
    }
    out.fields = *std::move(stacked);
    out.info = {.index = number, .epoch = items[group.back()].info.epoch};
    return out;
  }

 protected:
  std::string Pads() const {
    return pad_ ? absl::StrCat("[", absl::StrJoin(pad_values_, ","), "]") : "";
  }
  bool pad() const { return pad_; }

 private:
  const bool pad_;
  const std::vector<double> pad_values_;
};

class BatchPolicy : public StackPolicy {
 public:
  BatchPolicy(int64_t rows, bool pad, std::vector<double> pad_values, bool drop_remainder)
      : StackPolicy(pad, std::move(pad_values)), rows_(rows), drop_remainder_(drop_remainder) {}
  std::string Describe() const override {
    return absl::StrCat(pad() ? "PaddedBatch(" : "Batch(", rows_, pad() ? ", " : "", Pads(),
                        drop_remainder_ ? ", drop remainder)" : ")");
  }
  int64_t window() const override { return rows_; }
  absl::StatusOr<std::vector<Group>> Arrange(const std::vector<Item>& items,
                                             uint64_t) const override {
    if (drop_remainder_ && static_cast<int64_t>(items.size()) < rows_) return std::vector<Group>();
    Group all(items.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    return std::vector<Group>{std::move(all)};
  }

 private:
  const int64_t rows_;
  const bool drop_remainder_;
};

class BucketPolicy : public StackPolicy {
 public:
  explicit BucketPolicy(BucketOptions options)
      : StackPolicy(true, options.pad_values), options_(std::move(options)) {}
  std::string Describe() const override {
    return absl::StrCat("BucketByLength(", options_.window, ", fields ",
                        absl::StrJoin(options_.length_fields, "+"), ", tokens ",
                        options_.max_tokens, ", rows ", options_.max_rows, ", ", Pads(), ", ",
                        options_.seed, ")");
  }
  int64_t window() const override { return options_.window; }
  absl::StatusOr<std::vector<Group>> Arrange(const std::vector<Item>& items,
                                             uint64_t key) const override {
    std::vector<std::vector<int64_t>> lengths;
    for (const Item& item : items) {
      ASSIGN_OR_RETURN(std::vector<int64_t> one, Lengths(item));
      lengths.push_back(std::move(one));
    }
    Group order(items.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return lengths[a] < lengths[b]; });
    std::vector<Group> groups(1);
    int64_t longest = 0;
    for (int64_t i : order) {
      const int64_t length = *std::max_element(lengths[i].begin(), lengths[i].end());
      const auto rows = static_cast<int64_t>(groups.back().size());
      const int64_t with = std::max(longest, length);
      const bool full = (options_.max_rows > 0 && rows == options_.max_rows) ||
                        (options_.max_tokens > 0 && with > options_.max_tokens / (rows + 1));
      if (full && rows > 0) groups.emplace_back();
      longest = full ? length : with;
      groups.back().push_back(i);
    }
    RandomStream(HashCombine(options_.seed, key)).Shuffle(groups);
    return groups;
  }

 private:
  absl::StatusOr<std::vector<int64_t>> Lengths(const Item& item) const {
    std::vector<int64_t> lengths;
    for (int field : options_.length_fields) {
      if (field >= static_cast<int>(item.fields.size()) || item.fields[field].rank() == 0) {
        return absl::InvalidArgumentError(absl::StrCat(
            Describe(), ": element ", item.info.index, ": field ", field,
            field >= static_cast<int>(item.fields.size()) ? " is missing" : " is a scalar",
            ", so it has no length"));
      }
      lengths.push_back(item.fields[field].dim(0));
    }
    return lengths;
  }

  const BucketOptions options_;
};

class WindowNode : public DatasetNode {
 public:
  WindowNode(NodePtr input, std::shared_ptr<const WindowPolicy> policy, absl::Status options)
      : input_(std::move(input)), policy_(std::move(policy)), options_(std::move(options)) {}
  absl::StatusOr<StagePtr> Open() const override {
    RETURN_IF_ERROR(options_);
    if (policy_->window() < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(policy_->Describe(), ": at least one element is needed"));
    }
    ASSIGN_OR_RETURN(StagePtr stage, input_->Open());
    return StagePtr(std::make_unique<WindowStage>(std::move(stage), policy_));
  }

 private:
  const NodePtr input_;
  const std::shared_ptr<const WindowPolicy> policy_;
  const absl::Status options_;
};

absl::Status CheckBuckets(const BucketOptions& options) {
  if (options.max_tokens < 0 || options.max_rows < 0 ||
      (options.max_tokens == 0 && options.max_rows == 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("BucketByLength: max_tokens or max_rows must be positive, not ",
                     options.max_tokens, " and ", options.max_rows));
  }
  if (options.length_fields.empty()) {
    return absl::InvalidArgumentError("BucketByLength: length_fields is empty");
  }
  for (int field : options.length_fields) {
    if (field < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("BucketByLength: length_fields names field ", field));
    }
  }
  return absl::OkStatus();
}

}  // namespace

NodePtr ShuffleWindowNode(NodePtr input, int64_t window, uint64_t seed) {
  return std::make_shared<WindowNode>(
      std::move(input), std::make_shared<ShufflePolicy>(window, seed), absl::OkStatus());
}
NodePtr BatchNode(NodePtr input, int64_t rows, bool drop_remainder) {
  return std::make_shared<WindowNode>(
      std::move(input),
      std::make_shared<BatchPolicy>(rows, false, std::vector<double>(), drop_remainder),
      absl::OkStatus());
}
NodePtr PaddedBatchNode(NodePtr input, int64_t rows, std::vector<double> pad_values,
                        bool drop_remainder) {
  return std::make_shared<WindowNode>(
      std::move(input),
      std::make_shared<BatchPolicy>(rows, true, std::move(pad_values), drop_remainder),
      absl::OkStatus());
}
NodePtr BucketNode(NodePtr input, BucketOptions options) {
  absl::Status checked = CheckBuckets(options);
  return std::make_shared<WindowNode>(
      std::move(input), std::make_shared<BucketPolicy>(std::move(options)), std::move(checked));
}

}  // namespace viv
