// Plain files are mapped; packed ones are mapped and unpacked by zlib piece by piece.
#include "core/data/byte_source.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr size_t kPiece = size_t{1} << 16;

class PlainSource : public ByteSource {
 public:
  PlainSource(std::string path, std::shared_ptr<const MappedFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  absl::StatusOr<absl::string_view> Peek() override {
    return absl::string_view(file_->data() + offset_, file_->size() - offset_);
  }
  void Advance(size_t n) override { offset_ += n; }
  absl::Status Seek(int64_t offset) override {
    if (offset < 0 || offset > file_size()) {
      return absl::OutOfRangeError(absl::StrCat("'", path_, "': offset ", offset,
                                                " lies outside its ", file_size(), " bytes"));
    }
    offset_ = static_cast<size_t>(offset);
    return absl::OkStatus();
  }
  int64_t offset() const override { return static_cast<int64_t>(offset_); }
  int64_t file_size() const override { return static_cast<int64_t>(file_->size()); }

 private:
  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  size_t offset_ = 0;
};

class PackedSource : public ByteSource {
 public:
  PackedSource(std::string path, std::shared_ptr<const MappedFile> file, Compression compression)
      : path_(std::move(path)), file_(std::move(file)), compression_(compression), out_(kPiece) {}
  ~PackedSource() override { inflateEnd(&stream_); }

  absl::Status Init() {
    // 15 bits of window; 16 more ask for a gzip header.
    const int window_bits = compression_ == Compression::kGzip ? 15 + 16 : 15;
    if (inflateInit2(&stream_, window_bits) != Z_OK) {
      return absl::ResourceExhaustedError(absl::StrCat("'", path_, "': out of memory"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<absl::string_view> Peek() override {
    while (begin_ == end_ && !finished_) RETURN_IF_ERROR(Fill());
    return absl::string_view(out_.data() + begin_, end_ - begin_);
  }
  void Advance(size_t n) override {
    begin_ += n;
    offset_ += static_cast<int64_t>(n);
  }
  absl::Status Seek(int64_t offset) override {
    if (offset < offset_) {
      inflateReset(&stream_);
      position_ = begin_ = end_ = 0;
      offset_ = 0;
      finished_ = false;
    }
    while (offset_ < offset) {
      ASSIGN_OR_RETURN(const absl::string_view bytes, Peek());
      if (bytes.empty()) {
        return absl::OutOfRangeError(absl::StrCat(
            "'", path_, "': offset ", offset, " lies outside its ", offset_, " unpacked bytes"));
      }
      Advance(std::min<size_t>(bytes.size(), static_cast<size_t>(offset - offset_)));
    }
    return absl::OkStatus();
  }
  int64_t offset() const override { return offset_; }
  int64_t file_size() const override { return static_cast<int64_t>(file_->size()); }

 private:
  // Unpacks one piece into out_.
  absl::Status Fill() {
    const size_t in = std::min(file_->size() - position_, size_t{1} << 30);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file_->data() + position_));
    stream_.avail_in = static_cast<uInt>(in);
    stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
    stream_.avail_out = static_cast<uInt>(out_.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    position_ += in - stream_.avail_in;
    begin_ = 0;
    end_ = out_.size() - stream_.avail_out;
    if (result == Z_STREAM_END) {
      // Another member may follow in a gzip file; a zlib file ends here.
      finished_ = position_ == file_->size();
      if (!finished_ && compression_ == Compression::kZlib) {
        return Damaged("bytes follow the end of its data");
      }
      if (!finished_) inflateReset(&stream_);
      return absl::OkStatus();
    }
    if (result == Z_MEM_ERROR) {
      return absl::ResourceExhaustedError(absl::StrCat("'", path_, "': out of memory"));
    }
    if (result == Z_BUF_ERROR || (result == Z_OK && end_ == 0 && position_ == file_->size())) {
      return Damaged("it is truncated");
    }
    if (result != Z_OK) return Damaged(stream_.msg == nullptr ? "bad data" : stream_.msg);
    return absl::OkStatus();
  }

  absl::Status Damaged(const char* why) const {
    return absl::DataLossError(absl::StrCat(
        "'", path_, "' is not a whole ", compression_ == Compression::kGzip ? "gzip" : "zlib",
        " file: ", why, " (packed byte ", position_, " of ", file_->size(), ")"));
  }

  const std::string path_;
  const std::shared_ptr<const MappedFile> file_;
  const Compression compression_;
  z_stream stream_ = {};
  size_t position_ = 0;  // in the packed file
  std::vector<char> out_;
  size_t begin_ = 0;  // [begin_, end_) of out_ is still to be read
  size_t end_ = 0;
  int64_t offset_ = 0;
  bool finished_ = false;
};

absl::StatusOr<std::unique_ptr<ByteSource>> Wrap(const std::string& path,
                                                 std::shared_ptr<const MappedFile> file,
                                                 Compression compression) {
  if (compression == Compression::kNone) {
    return std::unique_ptr<ByteSource>(std::make_unique<PlainSource>(path, std::move(file)));
  }
  auto packed = std::make_unique<PackedSource>(path, std::move(file), compression);
  RETURN_IF_ERROR(packed->Init());
  return std::unique_ptr<ByteSource>(std::move(packed));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::Open(Env* env, const std::string& path,
                                                             Compression compression) {
  ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> file, env->MapFile(path));
  return Wrap(path, std::move(file), compression);
}

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::OpenDetected(Env* env,
                                                                     const std::string& path) {
  ASSIGN_OR_RETURN(std::shared_ptr<const MappedFile> file, env->MapFile(path));
  const bool gzip = file->size() >= 2 && std::memcmp(file->data(), "\x1f\x8b", 2) == 0;
  return Wrap(path, std::move(file), gzip ? Compression::kGzip : Compression::kNone);
}

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, ByteSource::OpenDetected(env, path));
  return std::unique_ptr<LineReader>(new LineReader(std::move(source)));
}

absl::StatusOr<bool> LineReader::Next(std::string* line) {
  line->clear();
  bool any = false;
  while (true) {
    ASSIGN_OR_RETURN(const absl::string_view bytes, source_->Peek());
    if (bytes.empty()) break;
    any = true;
    const void* end = std::memchr(bytes.data(), '\n', bytes.size());
    const size_t length = end == nullptr
                              ? bytes.size()
                              : static_cast<size_t>(static_cast<const char*>(end) - bytes.data());
    line->append(bytes.data(), length);
    source_->Advance(end == nullptr ? length : length + 1);
    if (end != nullptr) break;
  }
  if (!any) return false;
  if (!line->empty() && line->back() == '\r') line->pop_back();
  ++line_number_;
  return true;
}

absl::Status LineReader::Seek(int64_t offset, int64_t line_number) {
  RETURN_IF_ERROR(source_->Seek(offset));
  line_number_ = line_number;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ReadLines(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<LineReader> reader, LineReader::Open(env, path));
  std::vector<std::string> lines;
  std::string line;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) return lines;
    lines.push_back(line);
  }
}

}  // namespace viv
