// PNG (ISO/IEC 15948): signature and three chunks, pixels packed by zlib.
#include "core/train/png.h"

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"

namespace viv {
namespace {

constexpr char kSignature[] = "\x89PNG\r\n\x1a\n";
// By the number of channels.
constexpr uint8_t kColourTypes[] = {0, 0, 4, 2, 6};

void PutBigEndian(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

const Bytef* Bytes(absl::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

// Length, kind, data, and the checksum of the last two.
void PutChunk(absl::string_view kind, absl::string_view data, std::string* png) {
  PutBigEndian(static_cast<uint32_t>(data.size()), png);
  const size_t start = png->size();
  png->append(kind.data(), kind.size()).append(data.data(), data.size());
  const absl::string_view covered = absl::string_view(*png).substr(start);
  PutBigEndian(static_cast<uint32_t>(crc32_z(0, Bytes(covered), covered.size())), png);
}

absl::Status CheckImage(const Tensor& image) {
  const Shape& shape = image.shape();
  const bool fits =
      image.dtype() == kUInt8 && shape.rank() == 3 && shape.num_elements() > 0 && shape.dim(2) <= 4;
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat("an image is uint8 [H, W, C] of 1 to 4 channels, not ",
                     DTypeName(image.dtype()), " ", shape.ToString()));
  }
  // A chunk's length has 31 bits; half of them leave room for what zlib adds.
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max() / 2;
  if (shape.num_elements() + shape.dim(0) > kMost) {
    return absl::InvalidArgumentError("an image of more than 1 GB is too large for a PNG file");
  }
  return absl::OkStatus();
}

// What the filter "up" leaves of a row: its difference to the row above, which packs better.
void FilterUp(const uint8_t* above, const uint8_t* row, int64_t n, std::string* out) {
  out->push_back(2);
  for (int64_t i = 0; i < n; ++i) {
    out->push_back(static_cast<char>(row[i] - (above == nullptr ? 0 : above[i])));
  }
}

}  // namespace

absl::StatusOr<std::string> EncodePng(const Tensor& image) {
  RETURN_IF_ERROR(CheckImage(image));
  const int64_t height = image.shape().dim(0), stride = image.shape().dim(1) * image.shape().dim(2);
  std::string rows;
  rows.reserve(height * (stride + 1));
  const uint8_t* row = image.data<uint8_t>();
  for (int64_t y = 0; y < height; ++y, row += stride) {
    FilterUp(y == 0 ? nullptr : row - stride, row, stride, &rows);
  }
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, Bytes(rows), rows.size(), 6) !=
      Z_OK) {
    return absl::ResourceExhaustedError("deflate: out of memory");
  }
  packed.resize(size);

  std::string header;
  PutBigEndian(static_cast<uint32_t>(image.shape().dim(1)), &header);
  PutBigEndian(static_cast<uint32_t>(height), &header);
  header.push_back(8);  // bits
  header.push_back(static_cast<char>(kColourTypes[image.shape().dim(2)]));
  header.append(3, '\0');  // the only compression and filter method; not interlaced
  std::string png(kSignature, 8);
  PutChunk("IHDR", header, &png);
  PutChunk("IDAT", packed, &png);
  PutChunk("IEND", "", &png);
  return png;
}

}  // namespace viv
