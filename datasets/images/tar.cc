// An archive is a row of blocks of 512 bytes: for each member a header, then its contents, padded.
// Long names stand in members of their own before the one that they name.
#include "datasets/images/tar.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr int64_t kBlock = 512;
// Of a name in a member of its own, or of pax records.
constexpr int64_t kMaxNameBytes = 1 << 20;
constexpr int64_t kMaxSize = int64_t{1} << 50;

class TarWalk {
 public:
  TarWalk(const std::string& archive, ByteSource& source) : archive_(archive), source_(source) {}

  absl::Status Run(const TarWants& wants, const TarTake& take) {
    std::string header;
    while (true) {
      RETURN_IF_ERROR(ReadUpTo(kBlock, &header));
      // Two blocks of zeros end an archive; some have none.
      if (header.empty()) return absl::OkStatus();
      if (static_cast<int64_t>(header.size()) < kBlock) return Damaged("it is truncated");
      if (header.find_first_not_of('\0') == std::string::npos) return absl::OkStatus();
      RETURN_IF_ERROR(ReadMember(header, wants, take));
    }
  }

 private:
  absl::Status ReadMember(const std::string& header, const TarWants& wants, const TarTake& take) {
    RETURN_IF_ERROR(CheckSum(header));
    ASSIGN_OR_RETURN(const int64_t size, Number(header.substr(124, 12)));
    const char type = header[156];
    if (type == 'L' || type == 'x') {  // GNU: the next member's name; pax: records about it
      if (size > kMaxNameBytes) return Damaged("a name is too long");
      std::string contents;
      RETURN_IF_ERROR(ReadContents(size, &contents));
      next_path_ = type == 'L' ? std::string(contents.c_str()) : PaxPath(contents);
      return absl::OkStatus();
    }
    std::string path = next_path_.empty() ? HeaderPath(header) : next_path_;
    next_path_.clear();
    const bool regular = type == '0' || type == '\0' || type == '7';
    if (!regular || !wants(path, size, source_.offset())) return Skip(size);
    std::string contents;
    RETURN_IF_ERROR(ReadContents(size, &contents));
    take(std::move(contents));
    return absl::OkStatus();
  }

  static int64_t Padding(int64_t size) { return (kBlock - size % kBlock) % kBlock; }

  absl::Status ReadUpTo(int64_t size, std::string* out) {
    out->clear();
    while (static_cast<int64_t>(out->size()) < size) {
      ASSIGN_OR_RETURN(const absl::string_view bytes, source_.Peek());
      if (bytes.empty()) break;
      const size_t count = std::min(bytes.size(), static_cast<size_t>(size) - out->size());
      out->append(bytes.data(), count);
      source_.Advance(count);
    }
    return absl::OkStatus();
  }

  absl::Status ReadContents(int64_t size, std::string* out) {
    RETURN_IF_ERROR(ReadUpTo(size, out));
    if (static_cast<int64_t>(out->size()) < size) return Damaged("it is truncated");
    return Skip(0, Padding(size));
  }

  absl::Status Skip(int64_t size) { return Skip(size, Padding(size)); }
  absl::Status Skip(int64_t size, int64_t padding) {
    int64_t left = size + padding;
    while (left > 0) {
      ASSIGN_OR_RETURN(const absl::string_view bytes, source_.Peek());
      // The last padding may be missing.
      if (bytes.empty()) return left > padding ? Damaged("it is truncated") : absl::OkStatus();
      const auto count = std::min(static_cast<int64_t>(bytes.size()), left);
      source_.Advance(static_cast<size_t>(count));
      left -= count;
    }
    return absl::OkStatus();
  }

  // The sum of the header's bytes, its own eight taken as spaces.
  absl::Status CheckSum(const std::string& header) const {
    absl::StatusOr<int64_t> expected = Number(header.substr(148, 8));
    int64_t sum = 8 * ' ';
    for (int64_t i = 0; i < kBlock; ++i) {
      if (i < 148 || i >= 156) sum += static_cast<uint8_t>(header[i]);
    }
    return expected.ok() && *expected == sum ? absl::OkStatus()
                                             : Damaged("this is no header of a tar archive");
  }

  // Octal digits or, where the first bit is set, a big-endian number.
  absl::StatusOr<int64_t> Number(const std::string& field) const {
    int64_t value = 0;
    if ((static_cast<uint8_t>(field[0]) & 0x80) != 0) {
      for (size_t i = 0; i < field.size(); ++i) {
        value = value << 8 | (static_cast<uint8_t>(field[i]) & (i == 0 ? 0x7f : 0xff));
        if (value > kMaxSize) return Damaged("a size is too large");
      }
      return value;
    }
    for (const char c : field) {
      if (c == ' ' || c == '\0') {
        if (value > 0) break;
        continue;
      }
      if (c < '0' || c > '7') return Damaged("a number is no number");
      value = 8 * value + (c - '0');
    }
    return value;
  }

  static std::string HeaderPath(const std::string& header) {
    const std::string name(header.substr(0, 100).c_str());
    const bool ustar = header.compare(257, 6, "ustar", 6) == 0;  // GNU's own has a space behind it
    const std::string prefix = ustar ? std::string(header.substr(345, 155).c_str()) : "";
    return prefix.empty() ? name : absl::StrCat(prefix, "/", name);
  }

  // Of lines "length path=value\n".
  static std::string PaxPath(absl::string_view records) {
    while (!records.empty()) {
      const size_t space = records.find(' ');
      uint64_t length = 0;
      if (space == absl::string_view::npos ||
          !absl::SimpleAtoi(records.substr(0, space), &length) || length <= space + 1 ||
          length > records.size()) {
        return "";
      }
      const absl::string_view record = records.substr(space + 1, length - space - 2);
      if (record.substr(0, 5) == "path=") return std::string(record.substr(5));
      records.remove_prefix(length);
    }
    return "";
  }

  absl::Status Damaged(const std::string& why) const {
    return absl::DataLossError(absl::StrCat("'", archive_, "' is not a whole tar archive: ", why,
                                            " (byte ", source_.offset(), ")"));
  }

  const std::string& archive_;
  ByteSource& source_;
  std::string next_path_;  // where a member of its own has named it
};

}  // namespace

absl::Status WalkTar(const std::string& archive, ByteSource& source, const TarWants& wants,
                     const TarTake& take) {
  return TarWalk(archive, source).Run(wants, take);
}

}  // namespace viv
