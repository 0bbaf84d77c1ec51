// JPEG, by libjpeg (-turbo), which shrinks as it transforms.
#include <cstdio>

// Behind cstdio, which libjpeg needs.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "datasets/images/image_rows.h"

namespace viv {
namespace {

// Each scan of a progressive file decodes the whole image once more; photos have about ten.
constexpr int kMaxScans = 200;

// What libjpeg's callbacks leave behind. The library's part comes first: it knows no other.
struct Errors {
  jpeg_error_mgr base;
  jmp_buf jump;
  bool at_end = false;  // read behind the end of the bytes
  bool cut = false;     // pixels were missing
  char message[JMSG_LENGTH_MAX] = "";
};

[[noreturn]] void Fail(j_common_ptr info) {
  auto* errors = reinterpret_cast<Errors*>(info->err);
  info->err->format_message(info, errors->message);
  longjmp(errors->jump, 1);
}

// Warnings are errors where pixels are missing or wrong; what follows the image, or an odd header,
// does not matter.
void HearMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  auto* errors = reinterpret_cast<Errors*>(info->err);
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
      errors->at_end = true;
      break;
    case JWRN_HIT_MARKER:
      errors->cut = true;
      Fail(info);
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
      Fail(info);
    default:
      break;
  }
}

void CountScans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  info->err->msg_code = JERR_BAD_PROGRESSION;
  Fail(info);
}

class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = Fail;
    errors_.base.emit_message = HearMessage;
    progress_.progress_monitor = CountScans;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  absl::Status ReadHeader(absl::string_view bytes) {
    return Try([&] {
      jpeg_create_decompress(&info_);
      info_.progress = &progress_;
      info_.mem->max_memory_to_use = kMaxWorkingBytes;
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()),
                   static_cast<unsigned long>(bytes.size()));
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xFFFF);
      jpeg_read_header(&info_, TRUE);
    });
  }

  int Orientation() const {
    constexpr absl::string_view kExif("Exif\0\0", 6);
    for (const jpeg_marker_struct* m = info_.marker_list; m != nullptr; m = m->next) {
      const absl::string_view data(reinterpret_cast<const char*>(m->data), m->data_length);
      if (data.substr(0, kExif.size()) == kExif) return ExifOrientation(data.substr(kExif.size()));
    }
    return 1;
  }

  // Behind ReadHeader().
  absl::StatusOr<Tensor> Decode(const DecodeOptions& options) {
    ASSIGN_OR_RETURN(const int factor,
                     ShrinkFactor(info_.image_width, info_.image_height, options));
    const int by_transform = std::min(factor, 8);
    const bool ink = info_.num_components == 4;
    RETURN_IF_ERROR(Try([&] {
      info_.scale_num = 1;
      info_.scale_denom = static_cast<unsigned>(by_transform);
      info_.out_color_space = ink ? JCS_CMYK : JCS_RGB;
      jpeg_start_decompress(&info_);
    }));
    ASSIGN_OR_RETURN(ImageRows rows, ImageRows::Make(info_.output_width, info_.output_height,
                                                     factor / by_transform));
    std::vector<uint8_t> inks(ink ? size_t{4} * info_.output_width : 0);
    RETURN_IF_ERROR(Try([&] {
      while (info_.output_scanline < info_.output_height) {
        JSAMPROW to = ink ? inks.data() : rows.row();
        jpeg_read_scanlines(&info_, &to, 1);
        if (ink) ConvertInks(inks.data(), rows.row());
        rows.Next();
      }
    }));
    // A baseline image is whole without its end marker; scans of a progressive one may be missing.
    if (errors_.at_end && info_.progressive_mode)
      return TruncatedImage("its last scans are missing");
    return rows.Take();
  }

 private:
  // Calls `body`, which must not need destructors: libjpeg jumps out of it at an error.
  template <typename F>
  absl::Status Try(F body) {
    if (setjmp(errors_.jump) == 0) {
      body();
      return absl::OkStatus();
    }
    if (errors_.at_end || errors_.cut) {
      return TruncatedImage(info_.output_height == 0
                                ? std::string("its header is not whole")
                                : absl::StrCat("pixels are missing from line ",
                                               info_.output_scanline + 1, " of ",
                                               info_.output_height, " on"));
    }
    if (info_.err->msg_code == JERR_NO_BACKING_STORE) {
      return TooLargeToHold(info_.image_width, info_.image_height, "is progressive");
    }
    return DamagedImage(errors_.message);
  }

  // Adobe's programs store ink inverted: 255 is none of it.
  void ConvertInks(const uint8_t* inks, uint8_t* out) const {
    const uint8_t flip = info_.saw_Adobe_marker ? 0 : 255;
    for (JDIMENSION x = 0; x < info_.output_width; ++x, inks += 4) {
      const int paper = inks[3] ^ flip;
      for (int c = 0; c < 3; ++c)
        *out++ = static_cast<uint8_t>(((inks[c] ^ flip) * paper + 127) / 255);
    }
  }

  jpeg_decompress_struct info_ = {};
  jpeg_progress_mgr progress_ = {};
  Errors errors_;
};

}  // namespace

absl::StatusOr<StoredImage> DecodeJpeg(absl::string_view bytes, const DecodeOptions& options) {
  JpegReader reader;
  RETURN_IF_ERROR(reader.ReadHeader(bytes));
  StoredImage image;
  image.orientation = reader.Orientation();
  ASSIGN_OR_RETURN(image.pixels, reader.Decode(options));
  return image;
}

}  // namespace viv
