// Framing of records, plain and through zlib.
#include "core/data/tfrecord.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr size_t kHeader = 12;  // length and its checksum
constexpr size_t kFooter = 4;
constexpr size_t kBuffer = size_t{1} << 16;

template <typename T>
void PutLittleEndian(T value, std::string* out) {
  for (size_t i = 0; i < sizeof(T); ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

template <typename T>
T GetLittleEndian(const char* in) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<unsigned char>(in[i])) << (8 * i);
  }
  return value;
}

absl::Status DamagedRecord(const std::string& path, int64_t offset, const std::string& why) {
  return absl::DataLossError(absl::StrCat("'", path, "': record at offset ", offset, ": ", why));
}

class PlainWriter : public TfRecordWriter {
 public:
  explicit PlainWriter(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  absl::Status Write(absl::string_view record) override {
    const size_t start = buffer_.size();
    PutLittleEndian(static_cast<uint64_t>(record.size()), &buffer_);
    PutLittleEndian(MaskedCrc32c(absl::string_view(buffer_).substr(start)), &buffer_);
    buffer_.append(record.data(), record.size());
    PutLittleEndian(MaskedCrc32c(record), &buffer_);
    return buffer_.size() < kBuffer ? absl::OkStatus() : Drain();
  }
  absl::Status Flush() override { return Drain(); }
  absl::Status Close() override {
    RETURN_IF_ERROR(Drain());
    return file_->Close();
  }

 protected:
  // Hands `bytes` on.
  virtual absl::Status Put(absl::string_view bytes) { return file_->Append(bytes); }
  absl::Status Drain() {
    RETURN_IF_ERROR(Put(buffer_));
    buffer_.clear();
    return absl::OkStatus();
  }
  WritableFile& file() { return *file_; }

 private:
  const std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

class PackedWriter : public PlainWriter {
 public:
  explicit PackedWriter(std::unique_ptr<WritableFile> file) : PlainWriter(std::move(file)) {}
  ~PackedWriter() override { deflateEnd(&stream_); }

  absl::Status Init(Compression compression) {
    const int window_bits = compression == Compression::kGzip ? 15 + 16 : 15;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      return absl::ResourceExhaustedError("deflate: out of memory");
    }
    return absl::OkStatus();
  }
  absl::Status Flush() override { return absl::OkStatus(); }
  absl::Status Close() override {
    RETURN_IF_ERROR(Drain());
    RETURN_IF_ERROR(Deflate({}, Z_FINISH));
    return file().Close();
  }

 protected:
  absl::Status Put(absl::string_view bytes) override { return Deflate(bytes, Z_NO_FLUSH); }

 private:
  absl::Status Deflate(absl::string_view bytes, int flush) {
    constexpr size_t kMost = size_t{1} << 30;
    std::string out(kBuffer, '\0');
    bool last = false;
    while (!last) {
      const size_t in = std::min(bytes.size(), kMost);
      last = in == bytes.size();
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(in);
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        deflate(&stream_, last ? flush : Z_NO_FLUSH);
        const size_t made = out.size() - stream_.avail_out;
        RETURN_IF_ERROR(file().Append(absl::string_view(out).substr(0, made)));
      } while (stream_.avail_out == 0);
      bytes.remove_prefix(in);
    }
    return absl::OkStatus();
  }

  z_stream stream_ = {};
};

}  // namespace

absl::StatusOr<std::unique_ptr<TfRecordWriter>> TfRecordWriter::Create(Env* env,
                                                                       const std::string& path,
                                                                       Compression compression) {
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env->NewWritableFile(path));
  if (compression == Compression::kNone) {
    return std::unique_ptr<TfRecordWriter>(std::make_unique<PlainWriter>(std::move(file)));
  }
  auto packed = std::make_unique<PackedWriter>(std::move(file));
  RETURN_IF_ERROR(packed->Init(compression));
  return std::unique_ptr<TfRecordWriter>(std::move(packed));
}

absl::StatusOr<std::unique_ptr<TfRecordReader>> TfRecordReader::Open(Env* env,
                                                                     const std::string& path,
                                                                     Compression compression) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, ByteSource::Open(env, path, compression));
  return std::unique_ptr<TfRecordReader>(new TfRecordReader(path, std::move(source)));
}

absl::Status TfRecordReader::ReadUpTo(size_t n, std::string* out) {
  out->clear();
  while (out->size() < n) {
    ASSIGN_OR_RETURN(const absl::string_view bytes, source_->Peek());
    if (bytes.empty()) break;
    const size_t part = std::min(bytes.size(), n - out->size());
    out->append(bytes.data(), part);
    source_->Advance(part);
  }
  return absl::OkStatus();
}

absl::Status TfRecordReader::Damaged(int64_t offset, const std::string& why) const {
  return DamagedRecord(path_, offset, why);
}

absl::StatusOr<bool> TfRecordReader::Next(std::string* record) {
  const int64_t start = offset();
  std::string header;
  RETURN_IF_ERROR(ReadUpTo(kHeader, &header));
  if (header.empty()) return false;
  if (header.size() < kHeader) return Damaged(start, "the file ends within its header");
  const auto length = GetLittleEndian<uint64_t>(header.data());
  if (GetLittleEndian<uint32_t>(header.data() + 8) !=
      MaskedCrc32c(absl::string_view(header).substr(0, 8))) {
    return Damaged(start, "the checksum of its length is wrong");
  }
  // The bytes are appended piece by piece, so a length that lies costs no memory.
  if (length > (uint64_t{1} << 62)) return Damaged(start, "the file ends within its data");
  RETURN_IF_ERROR(ReadUpTo(length, record));
  if (record->size() < length) return Damaged(start, "the file ends within its data");
  std::string footer;
  RETURN_IF_ERROR(ReadUpTo(kFooter, &footer));
  if (footer.size() < kFooter) return Damaged(start, "the file ends within its checksum");
  if (GetLittleEndian<uint32_t>(footer.data()) != MaskedCrc32c(*record)) {
    return Damaged(start, "the checksum of its data is wrong");
  }
  return true;
}

absl::StatusOr<TfRecordIndex> TfRecordIndex::Open(Env* env, const std::string& path) {
  TfRecordIndex index;
  index.path_ = path;
  ASSIGN_OR_RETURN(index.file_, env->MapFile(path));
  const absl::string_view bytes(index.file_->data(), index.file_->size());
  size_t offset = 0;
  while (offset < bytes.size()) {
    const auto at = static_cast<int64_t>(offset);
    const size_t left = bytes.size() - offset;
    if (left < kHeader) return DamagedRecord(path, at, "the file ends within its header");
    const char* header = bytes.data() + offset;
    if (GetLittleEndian<uint32_t>(header + 8) != MaskedCrc32c({header, 8})) {
      return DamagedRecord(path, at, "the checksum of its length is wrong");
    }
    const auto length = GetLittleEndian<uint64_t>(header);
    if (length > left - kHeader) {
      return DamagedRecord(path, at, "the file ends within its data");
    }
    if (left - kHeader - length < kFooter) {
      return DamagedRecord(path, at, "the file ends within its checksum");
    }
    index.offsets_.push_back(at);
    offset += kHeader + length + kFooter;
  }
  return index;
}

absl::StatusOr<std::string> TfRecordIndex::Read(int64_t i) const {
  const char* record = file_->data() + offsets_[i];
  const auto length = GetLittleEndian<uint64_t>(record);
  const absl::string_view data(record + kHeader, length);
  if (GetLittleEndian<uint32_t>(data.data() + length) != MaskedCrc32c(data)) {
    return DamagedRecord(path_, offsets_[i], "the checksum of its data is wrong");
  }
  return std::string(data);
}

}  // namespace viv
