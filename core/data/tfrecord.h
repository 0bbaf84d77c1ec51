// TFRecord files: records with their lengths and masked CRC32C checksums, as TensorFlow reads and
// writes them. A record is: length (8 bytes), checksum of the length (4), data, checksum of the
// data (4), all little-endian. Damage is DataLoss, named with the file and the offset in it.
#ifndef VIV_CORE_DATA_TFRECORD_H_
#define VIV_CORE_DATA_TFRECORD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/data/byte_source.h"
#include "core/data/compression.h"

namespace viv {

// CRC-32C (Castagnoli, RFC 3720) of `data`, continued from `crc`.
uint32_t Crc32c(absl::string_view data, uint32_t crc = 0);
// As stored in the files: rotated and shifted, so that a checksum of checksums keeps its strength.
uint32_t MaskedCrc32c(absl::string_view data);

// Not safe for concurrent use.
class TfRecordWriter {
 public:
  static absl::StatusOr<std::unique_ptr<TfRecordWriter>> Create(
      Env* env, const std::string& path, Compression compression = Compression::kNone);
  virtual ~TfRecordWriter() = default;
  virtual absl::Status Write(absl::string_view record) = 0;
  // Hands all records to the file system; of no effect on compressed files, which Close() ends.
  virtual absl::Status Flush() = 0;
  // No record is safe before it.
  virtual absl::Status Close() = 0;
};

// Reads front to back. Not safe for concurrent use.
class TfRecordReader {
 public:
  static absl::StatusOr<std::unique_ptr<TfRecordReader>> Open(
      Env* env, const std::string& path, Compression compression = Compression::kNone);

  // Puts the next record into `*record` and returns true, or returns false at the end.
  absl::StatusOr<bool> Next(std::string* record);
  // Of the next record, in unpacked bytes.
  int64_t offset() const { return source_->offset(); }
  absl::Status Seek(int64_t offset) { return source_->Seek(offset); }
  int64_t file_size() const { return source_->file_size(); }

 private:
  TfRecordReader(std::string path, std::unique_ptr<ByteSource> source)
      : path_(std::move(path)), source_(std::move(source)) {}
  // Up to `n` bytes; fewer only at the end.
  absl::Status ReadUpTo(size_t n, std::string* out);
  absl::Status Damaged(int64_t offset, const std::string& why) const;

  const std::string path_;
  const std::unique_ptr<ByteSource> source_;
};

// Records of an uncompressed file by number. Opening reads every length (and checks it), reading
// checks the data. Safe for concurrent use.
class TfRecordIndex {
 public:
  static absl::StatusOr<TfRecordIndex> Open(Env* env, const std::string& path);

  int64_t size() const { return static_cast<int64_t>(offsets_.size()); }
  // `i` is in [0, size()).
  absl::StatusOr<std::string> Read(int64_t i) const;
  int64_t file_size() const { return static_cast<int64_t>(file_->size()); }

 private:
  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<int64_t> offsets_;  // of the records
};

}  // namespace viv

#endif  // VIV_CORE_DATA_TFRECORD_H_
