// Where elements come from: random access in order and shuffled, text lines, packed records, and
// several datasets side by side.
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/data/byte_source.h"
#include "core/data/permutation.h"
#include "core/data/stage.h"
#include "core/data/tfrecord.h"

namespace viv {
namespace {

// "train.en:1234" or, of many files, their number and a hash.
class FileNames {
 public:
  void Add(const std::string& path, int64_t size) {
    const std::string one = absl::StrCat(BaseName(path), ":", size);
    hash_ = HashCombine(hash_, HashString64(one));
    if (++count_ <= 4) absl::StrAppend(&text_, count_ > 1 ? "," : "", one);
  }
  std::string Describe() const {
    if (count_ <= 4) return text_;
    return absl::StrCat(count_, " files #", absl::Hex(hash_, absl::kZeroPad16));
  }

 private:
  int64_t count_ = 0;
  uint64_t hash_ = 0;
  std::string text_;
};

// An IndexedSource from front to end or, with a seed, in an order of each epoch's own.
class IndexedStage : public Stage {
 public:
  IndexedStage(std::shared_ptr<const IndexedSource> source, std::optional<uint64_t> seed)
      : source_(std::move(source)), seed_(seed) {}

  absl::Status Begin(int64_t epoch) override {
    epoch_ = epoch;
    next_ = 0;
    if (seed_) permutation_.emplace(source_->size(), *seed_, static_cast<uint64_t>(epoch));
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Next(Item* item) override {
    if (next_ == source_->size()) return false;
    const int64_t index = permutation_ ? permutation_->At(next_) : next_;
    ASSIGN_OR_RETURN(item->fields, source_->Get(index));
    item->info = {.index = index, .epoch = epoch_};
    ++next_;
    return true;
  }
  void Save(Position* position) const override { position->push_back(next_); }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    ASSIGN_OR_RETURN(const int64_t next, reader.Take(Describe(), 0, source_->size()));
    RETURN_IF_ERROR(Begin(epoch));
    next_ = next;
    return absl::OkStatus();
  }
  std::string Describe() const override {
    return seed_ ? absl::StrCat(source_->Describe(), " | Shuffle(", *seed_, ")")
                 : source_->Describe();
  }

 private:
  const std::shared_ptr<const IndexedSource> source_;
  const std::optional<uint64_t> seed_;
  std::optional<Permutation> permutation_;
  int64_t epoch_ = 0;
  int64_t next_ = 0;
};

class IndexedNode : public DatasetNode {
 public:
  absl::StatusOr<StagePtr> Open() const override {
    ASSIGN_OR_RETURN(std::shared_ptr<const IndexedSource> source, OpenIndexed());
    return StagePtr(std::make_unique<IndexedStage>(std::move(source), std::nullopt));
  }
};

// ---- FromIndex

class FunctionSource : public IndexedSource {
 public:
  FunctionSource(std::string name, int64_t size, Dataset::GetFn get)
      : name_(std::move(name)), size_(size), get_(std::move(get)) {}
  int64_t size() const override { return size_; }
  absl::StatusOr<Example> Get(int64_t index) const override {
    Example example;
    RETURN_IF_ERROR(Annotate(RunGuarded("the source",
                                        [&]() -> absl::Status {
                                          ASSIGN_OR_RETURN(example, get_(index));
                                          return absl::OkStatus();
                                        }),
                             absl::StrCat(name_, ": element ", index)));
    return example;
  }
  std::string Describe() const override { return absl::StrCat(name_, "[", size_, "]"); }

 private:
  const std::string name_;
  const int64_t size_;
  const Dataset::GetFn get_;
};

class FunctionNode : public IndexedNode {
 public:
  FunctionNode(std::string name, int64_t size, Dataset::GetFn get)
      : name_(std::move(name)), size_(size), get_(std::move(get)) {}
  absl::StatusOr<std::shared_ptr<const IndexedSource>> OpenIndexed() const override {
    if (size_ < 0) {
      return absl::InvalidArgumentError(absl::StrCat(name_, ": the size is negative: ", size_));
    }
    return std::make_shared<FunctionSource>(name_, size_, get_);
  }

 private:
  const std::string name_;
  const int64_t size_;
  const Dataset::GetFn get_;
};

// ---- TfRecords

class RecordSource : public IndexedSource {
 public:
  absl::Status AddFile(const std::string& path) {
    ASSIGN_OR_RETURN(TfRecordIndex file, TfRecordIndex::Open(Env::Default(), path));
    names_.Add(path, file.file_size());
    starts_.push_back(size_);
    size_ += file.size();
    files_.push_back(std::move(file));
    return absl::OkStatus();
  }
  int64_t size() const override { return size_; }
  absl::StatusOr<Example> Get(int64_t index) const override {
    const size_t file = std::upper_bound(starts_.begin(), starts_.end(), index) - starts_.begin();
    ASSIGN_OR_RETURN(std::string record, files_[file - 1].Read(index - starts_[file - 1]));
    return Example{Tensor::Scalar(std::move(record))};
  }
  std::string Describe() const override {
    return absl::StrCat("TfRecords(", names_.Describe(), ")");
  }

 private:
  FileNames names_;
  std::vector<TfRecordIndex> files_;
  std::vector<int64_t> starts_;  // of each file, in records
  int64_t size_ = 0;
};

// ---- Streams of files

// Reads scalar strings out of one file after the other. The position: file, offset, number of the
// element in the file, number in all files.
class FilesStage : public Stage {
 public:
  explicit FilesStage(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // Looks at every file once, so that a missing one is found at once.
  absl::Status Examine() {
    for (const std::string& path : paths_) {
      RETURN_IF_ERROR(OpenFile(path));
      names_.Add(path, file_size());
    }
    return absl::OkStatus();
  }

  absl::Status Begin(int64_t epoch) override {
    epoch_ = epoch;
    index_ = 0;
    return MoveTo(0, 0, 0);
  }
  absl::StatusOr<bool> Next(Item* item) override {
    while (file_ < paths_.size()) {
      std::string text;
      ASSIGN_OR_RETURN(const bool more, Read(&text));
      if (more) {
        item->fields = {Tensor::Scalar(std::move(text))};
        item->info = {.index = index_++, .epoch = epoch_};
        return true;
      }
      RETURN_IF_ERROR(MoveTo(file_ + 1, 0, 0));
    }
    return false;
  }
  void Save(Position* position) const override {
    const bool open = file_ < paths_.size();
    position->insert(position->end(), {static_cast<int64_t>(file_), open ? offset() : 0,
                                       open ? number() : 0, index_});
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    const auto files = static_cast<int64_t>(paths_.size());
    ASSIGN_OR_RETURN(const int64_t file, reader.Take(Describe(), 0, files));
    ASSIGN_OR_RETURN(const int64_t offset,
                     reader.Take(Describe(), 0, file < files ? kMaxCount : 0));
    ASSIGN_OR_RETURN(const int64_t number,
                     reader.Take(Describe(), 0, file < files ? kMaxCount : 0));
    ASSIGN_OR_RETURN(index_, reader.Take(Describe(), 0, kMaxCount));
    epoch_ = epoch;
    return MoveTo(static_cast<size_t>(file), offset, number);
  }

 protected:
  virtual absl::Status OpenFile(const std::string& path) = 0;
  virtual int64_t file_size() const = 0;
  virtual absl::StatusOr<bool> Read(std::string* text) = 0;
  virtual int64_t offset() const = 0;
  virtual int64_t number() const = 0;
  virtual absl::Status Seek(int64_t offset, int64_t number) = 0;

  std::string Files() const { return names_.Describe(); }

 private:
  absl::Status MoveTo(size_t file, int64_t offset, int64_t number) {
    file_ = file;
    if (file == paths_.size()) return absl::OkStatus();
    RETURN_IF_ERROR(OpenFile(paths_[file]));
    return offset == 0 ? absl::OkStatus() : Seek(offset, number);
  }

  const std::vector<std::string> paths_;
  FileNames names_;
  size_t file_ = 0;
  int64_t index_ = 0;
  int64_t epoch_ = 0;
};

class LinesStage : public FilesStage {
 public:
  using FilesStage::FilesStage;
  std::string Describe() const override { return absl::StrCat("TextLines(", Files(), ")"); }

 protected:
  absl::Status OpenFile(const std::string& path) override {
    ASSIGN_OR_RETURN(reader_, LineReader::Open(Env::Default(), path));
    return absl::OkStatus();
  }
  int64_t file_size() const override { return reader_->file_size(); }
  absl::StatusOr<bool> Read(std::string* text) override { return reader_->Next(text); }
  int64_t offset() const override { return reader_->offset(); }
  int64_t number() const override { return reader_->line_number(); }
  absl::Status Seek(int64_t offset, int64_t number) override {
    return reader_->Seek(offset, number);
  }

 private:
  std::unique_ptr<LineReader> reader_;
};

class PackedRecordsStage : public FilesStage {
 public:
  PackedRecordsStage(std::vector<std::string> paths, Compression compression)
      : FilesStage(std::move(paths)), compression_(compression) {}
  std::string Describe() const override { return absl::StrCat("TfRecords(", Files(), ")"); }

 protected:
  absl::Status OpenFile(const std::string& path) override {
    ASSIGN_OR_RETURN(reader_, TfRecordReader::Open(Env::Default(), path, compression_));
    return absl::OkStatus();
  }
  int64_t file_size() const override { return reader_->file_size(); }
  absl::StatusOr<bool> Read(std::string* text) override { return reader_->Next(text); }
  int64_t offset() const override { return reader_->offset(); }
  int64_t number() const override { return 0; }
  absl::Status Seek(int64_t offset, int64_t) override { return reader_->Seek(offset); }

 private:
  const Compression compression_;
  std::unique_ptr<TfRecordReader> reader_;
};

class LinesFilesNode : public DatasetNode {
 public:
  explicit LinesFilesNode(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  absl::StatusOr<StagePtr> Open() const override {
    auto stage = std::make_unique<LinesStage>(paths_);
    RETURN_IF_ERROR(stage->Examine());
    return StagePtr(std::move(stage));
  }

 private:
  const std::vector<std::string> paths_;
};

class TfRecordFilesNode : public IndexedNode {
 public:
  TfRecordFilesNode(std::vector<std::string> paths, Compression compression)
      : paths_(std::move(paths)), compression_(compression) {}
  absl::StatusOr<StagePtr> Open() const override {
    if (compression_ == Compression::kNone) return IndexedNode::Open();
    auto stage = std::make_unique<PackedRecordsStage>(paths_, compression_);
    RETURN_IF_ERROR(stage->Examine());
    return StagePtr(std::move(stage));
  }
  absl::StatusOr<std::shared_ptr<const IndexedSource>> OpenIndexed() const override {
    if (compression_ != Compression::kNone) return DatasetNode::OpenIndexed();
    auto source = std::make_shared<RecordSource>();
    for (const std::string& path : paths_) RETURN_IF_ERROR(source->AddFile(path));
    return source;
  }

 private:
  const std::vector<std::string> paths_;
  const Compression compression_;
};

class ShuffledNode : public DatasetNode {
 public:
  ShuffledNode(NodePtr input, uint64_t seed) : input_(std::move(input)), seed_(seed) {}
  absl::StatusOr<StagePtr> Open() const override {
    ASSIGN_OR_RETURN(std::shared_ptr<const IndexedSource> source, input_->OpenIndexed());
    return StagePtr(std::make_unique<IndexedStage>(std::move(source), seed_));
  }

 private:
  const NodePtr input_;
  const uint64_t seed_;
};

// ---- Zip

class ZipStage : public Stage {
 public:
  explicit ZipStage(std::vector<StagePtr> inputs) : inputs_(std::move(inputs)) {}

  absl::Status Begin(int64_t epoch) override {
    for (const StagePtr& input : inputs_) RETURN_IF_ERROR(input->Begin(epoch));
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Next(Item* item) override {
    item->fields.clear();
    size_t given = 0;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      Item part;
      ASSIGN_OR_RETURN(const bool more, inputs_[i]->Next(&part));
      if (!more) continue;
      if (i == 0) item->info = part.info;
      for (Tensor& field : part.fields) item->fields.push_back(std::move(field));
      ++given;
    }
    if (given == 0) return false;
    if (given == inputs_.size()) return true;
    return absl::InvalidArgumentError(
        absl::StrCat(Describe(), ": some of the datasets end before the others do"));
  }
  void Save(Position* position) const override {
    for (const StagePtr& input : inputs_) input->Save(position);
  }
  absl::Status Restore(PositionReader& reader, int64_t epoch) override {
    for (const StagePtr& input : inputs_) RETURN_IF_ERROR(input->Restore(reader, epoch));
    return absl::OkStatus();
  }
  std::string Describe() const override {
    std::string text = "Zip(";
    for (const StagePtr& input : inputs_) {
      absl::StrAppend(&text, &input == &inputs_[0] ? "" : ", ", input->Describe());
    }
    return text + ")";
  }

 private:
  const std::vector<StagePtr> inputs_;
};

class ZippedNode : public DatasetNode {
 public:
  explicit ZippedNode(std::vector<NodePtr> inputs) : inputs_(std::move(inputs)) {}
  absl::StatusOr<StagePtr> Open() const override {
    if (inputs_.empty()) return absl::InvalidArgumentError("Zip: there is no dataset");
    std::vector<StagePtr> stages;
    for (const NodePtr& input : inputs_) {
      ASSIGN_OR_RETURN(StagePtr stage, input->Open());
      stages.push_back(std::move(stage));
    }
    return StagePtr(std::make_unique<ZipStage>(std::move(stages)));
  }

 private:
  const std::vector<NodePtr> inputs_;
};

}  // namespace

NodePtr IndexNode(std::string name, int64_t size, Dataset::GetFn get) {
  return std::make_shared<FunctionNode>(std::move(name), size, std::move(get));
}
NodePtr LinesNode(std::vector<std::string> paths) {
  return std::make_shared<LinesFilesNode>(std::move(paths));
}
NodePtr TfRecordsNode(std::vector<std::string> paths, Compression compression) {
  return std::make_shared<TfRecordFilesNode>(std::move(paths), compression);
}
NodePtr ShuffleNode(NodePtr input, uint64_t seed) {
  return std::make_shared<ShuffledNode>(std::move(input), seed);
}
NodePtr ZipNode(std::vector<NodePtr> inputs) {
  return std::make_shared<ZippedNode>(std::move(inputs));
}

}  // namespace viv
