// Elements read and mapped ahead by threads, their order kept: parallel Map and Prefetch.
//
// A worker draws the next ticket and, still alone, reads that ticket's element and its input's
// position; then it maps it beside the others. The consumer takes tickets in order, and with each
// the position behind it: that is what Save() gives, however far the workers have got.
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/base/thread_annotations.h"
#include "core/data/stage.h"

namespace viv {
namespace {

class ParallelStage : public Stage {
 public:
  ParallelStage(StagePtr input, Dataset::MapFn map, int threads, int capacity,
                std::string description)
      : input_(std::move(input)),
        map_(std::move(map)),
        threads_(threads),
        description_(std::move(description)),
        slots_(static_cast<size_t>(capacity)) {}
  ~ParallelStage() override { Stop(); }

  absl::Status Begin(int64_t epoch) override {
    Stop();
    RETURN_IF_ERROR(input_->Begin(epoch));
    TakePosition();
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Next(Item* item) override;
  void Save(Position* position) const override {
    position->insert(position->end(), position_.begin(), position_.end());
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    Stop();
    RETURN_IF_ERROR(input_->Restore(reader, epoch));
    TakePosition();
    return absl::OkStatus();
  }
  std::string Describe() const override {
    return description_.empty() ? input_->Describe()
                                : absl::StrCat(input_->Describe(), " | ", description_);
  }

 private:
  enum class SlotState { kEmpty, kBusy, kReady };
  struct Slot {
    SlotState state = SlotState::kEmpty;
    bool more = false;
    absl::Status status;
    Item item;
    Position position;
  };

  void TakePosition() {
    position_.clear();
    input_->Save(&position_);
  }
  absl::Status Start();
  // Ends the threads and empties the slots.
  void Stop();
  void Work();
  // Reads the ticket's element. Runs in one thread at a time.
  void Read(Slot* slot);

  const StagePtr input_;
  const Dataset::MapFn map_;
  const int threads_;
  const std::string description_;
  std::vector<std::thread> workers_;
  Position position_;  // behind the element that the consumer took last

  Mutex mutex_;
  CondVar changed_;
  bool stop_ VIV_GUARDED_BY(mutex_) = false;
  bool reading_ VIV_GUARDED_BY(mutex_) = false;
  bool at_end_ VIV_GUARDED_BY(mutex_) = false;  // nothing is left to read
  int64_t drawn_ VIV_GUARDED_BY(mutex_) = 0;
  int64_t taken_ VIV_GUARDED_BY(mutex_) = 0;
  // Ticket t lies in slot t % size. A busy slot belongs to its worker, any other to the mutex.
  std::vector<Slot> slots_;
};

absl::Status ParallelStage::Start() {
  return RunGuarded("cannot start a thread", [this] {
    for (int i = 0; i < threads_; ++i) workers_.emplace_back([this] { Work(); });
  });
}

void ParallelStage::Stop() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  MutexLock lock(mutex_);
  stop_ = reading_ = at_end_ = false;
  drawn_ = taken_ = 0;
  for (Slot& slot : slots_) slot = Slot();
}

void ParallelStage::Read(Slot* slot) {
  slot->status = RunGuarded("cannot read ahead", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(slot->more, input_->Next(&slot->item));
    input_->Save(&slot->position);
    return absl::OkStatus();
  });
}

void ParallelStage::Work() {
  const auto capacity = static_cast<int64_t>(slots_.size());
  mutex_.Lock();
  while (true) {
    while (!stop_ && !at_end_ && (reading_ || drawn_ - taken_ == capacity)) changed_.Wait(mutex_);
    if (stop_ || at_end_) break;
    Slot& slot = slots_[drawn_++ % capacity];
    slot.state = SlotState::kBusy;
    reading_ = true;
    mutex_.Unlock();
    Read(&slot);
    const bool good = slot.status.ok() && slot.more;
    mutex_.Lock();
    reading_ = false;
    if (!good) {
      at_end_ = true;
    } else if (map_ != nullptr) {
      mutex_.Unlock();
      changed_.NotifyAll();
      slot.status = ApplyMap(map_, description_, &slot.item);
      mutex_.Lock();
    }
    slot.state = SlotState::kReady;
    changed_.NotifyAll();
  }
  mutex_.Unlock();
}

absl::StatusOr<bool> ParallelStage::Next(Item* item) {
  if (workers_.empty()) RETURN_IF_ERROR(Start());
  MutexLock lock(mutex_);
  Slot& slot = slots_[taken_ % static_cast<int64_t>(slots_.size())];
  while (slot.state != SlotState::kReady) changed_.Wait(mutex_);
  RETURN_IF_ERROR(slot.status);
  position_ = slot.position;
  if (!slot.more) return false;  // the slot stays, for the next call
  *item = std::move(slot.item);
  slot = Slot();
  ++taken_;
  changed_.NotifyAll();
  return true;
}

}  // namespace

StagePtr MakeParallelStage(StagePtr input, Dataset::MapFn map, int threads, int capacity,
                           std::string description) {
  return std::make_unique<ParallelStage>(std::move(input), std::move(map), threads, capacity,
                                         std::move(description));
}

}  // namespace viv
