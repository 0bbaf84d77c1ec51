// Finds out what a file is by its first bytes, and hands it to its decoder.
#include "datasets/images/decode.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "datasets/images/image_rows.h"

namespace viv {
namespace {

// Beyond any photo.
constexpr uintmax_t kMaxFileBytes = uintmax_t{1} << 30;

using Decoder = absl::StatusOr<StoredImage> (*)(absl::string_view, const DecodeOptions&);

Decoder FindDecoder(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "\xff\xd8\xff")) return DecodeJpeg;
  if (absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n")) return DecodePng;
  if (absl::StartsWith(bytes, "RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") {
    return DecodeWebp;
  }
  if (absl::StartsWith(bytes, "GIF87a") || absl::StartsWith(bytes, "GIF89a")) return DecodeGif;
  return nullptr;
}

// What bytes are that no decoder knows.
std::string DescribeBytes(absl::string_view bytes) {
  const absl::string_view brand = bytes.substr(std::min<size_t>(bytes.size(), 4), 8);
  if (brand == "ftypavif") return "an AVIF picture";
  if (absl::StartsWith(brand, "ftyphe") || brand == "ftypmif1") return "a HEIC picture";
  if (absl::StartsWith(brand, "ftyp")) return "a video";
  if (absl::StartsWith(bytes, "BM")) return "a BMP picture";
  if (absl::StartsWith(bytes, absl::string_view("II*\0", 4)) ||
      absl::StartsWith(bytes, absl::string_view("MM\0*", 4))) {
    return "a TIFF or raw picture";
  }
  if (absl::StartsWith(bytes, "%PDF")) return "a PDF document";
  const absl::string_view head = bytes.substr(0, 64);
  const bool text = std::all_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' || absl::ascii_isspace(byte);
  });
  if (text) return "text";
  return absl::StrCat("something else (first bytes ", absl::BytesToHexString(bytes.substr(0, 4)),
                      ")");
}

}  // namespace

absl::StatusOr<Tensor> DecodeImage(absl::string_view bytes, const DecodeOptions& options) {
  if (bytes.empty()) return absl::InvalidArgumentError("it is empty (0 bytes)");
  const Decoder decode = FindDecoder(bytes);
  if (decode == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is not an image but ", DescribeBytes(bytes),
                     "; JPEG, PNG, WebP and GIF can be read: convert it to one of them"));
  }
  Tensor upright;
  RETURN_IF_ERROR(RunGuarded("decoding", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const StoredImage image, decode(bytes, options));
    ASSIGN_OR_RETURN(upright, TurnUpright(image.pixels, image.orientation));
    return absl::OkStatus();
  }));
  return upright;
}

absl::StatusOr<Tensor> ReadImage(Env* env, const std::string& path, const DecodeOptions& options) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": it is a directory: name the photos in it"));
  }
  if (std::filesystem::is_character_file(status)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": it is a device, not a file"));
  }
  if (std::filesystem::is_regular_file(status) &&
      std::filesystem::file_size(path, error) > kMaxFileBytes && !error) {
    return absl::ResourceExhaustedError(absl::StrCat(path, ": the file is larger than 1 GiB"));
  }
  ASSIGN_OR_RETURN(const std::string bytes, env->ReadFile(path));
  absl::StatusOr<Tensor> image = DecodeImage(bytes, options);
  if (!image.ok()) return Annotate(image.status(), path);
  return image;
}

bool HasImageName(absl::string_view path) {
  constexpr absl::string_view kEnds[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif"};
  return std::any_of(std::begin(kEnds), std::end(kEnds),
                     [&](absl::string_view end) { return absl::EndsWithIgnoreCase(path, end); });
}

}  // namespace viv
