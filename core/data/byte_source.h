// Bytes of a file in order, unpacked where it is compressed.
#ifndef VIV_CORE_DATA_BYTE_SOURCE_H_
#define VIV_CORE_DATA_BYTE_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/data/compression.h"

namespace viv {

// Offsets count unpacked bytes. Not safe for concurrent use.
class ByteSource {
 public:
  // Unpacks the file as `compression` says; gzip files may have several members.
  static absl::StatusOr<std::unique_ptr<ByteSource>> Open(Env* env, const std::string& path,
                                                          Compression compression);
  // kGzip where the file begins as gzip files do, else kNone.
  static absl::StatusOr<std::unique_ptr<ByteSource>> OpenDetected(Env* env,
                                                                  const std::string& path);
  virtual ~ByteSource() = default;

  // The bytes at the offset, some of them or all; empty at the end. Valid until the next call.
  // DataLoss, with the path, for a damaged or truncated packed file.
  virtual absl::StatusOr<absl::string_view> Peek() = 0;
  // Moves on by `n` bytes of those that Peek() gave.
  virtual void Advance(size_t n) = 0;
  // Moves to `offset`; OutOfRange beyond the end. A packed file is unpacked from its beginning
  // where `offset` lies behind.
  virtual absl::Status Seek(int64_t offset) = 0;
  virtual int64_t offset() const = 0;
  // Of the file as it lies on the disk.
  virtual int64_t file_size() const = 0;
};

// Reads lines. Not safe for concurrent use.
class LineReader {
 public:
  // Unpacks gzip files.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(Env* env, const std::string& path);

  // Puts the next line without its end ("\n" or "\r\n") into `*line` and returns true, or returns
  // false at the end of the file. A last line without an end counts.
  absl::StatusOr<bool> Next(std::string* line);
  // Of the line that Next() gave last, from 1.
  int64_t line_number() const { return line_number_; }
  // In unpacked bytes, behind that line. Seek() continues there.
  int64_t offset() const { return source_->offset(); }
  absl::Status Seek(int64_t offset, int64_t line_number);
  int64_t file_size() const { return source_->file_size(); }

 private:
  explicit LineReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  std::unique_ptr<ByteSource> source_;
  int64_t line_number_ = 0;
};

// All lines of a file, unpacked where it is gzip.
absl::StatusOr<std::vector<std::string>> ReadLines(Env* env, const std::string& path);

}  // namespace viv

#endif  // VIV_CORE_DATA_BYTE_SOURCE_H_
