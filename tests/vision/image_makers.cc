// Uses the codecs' encoders. The tests' own pictures are valid, so errors only stop the test.
#include "image_makers.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

// Behind cstdio, which libjpeg needs.
#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

namespace viv {

Tensor MakePixels(int64_t height, int64_t width, int channels, const PixelFn& value) {
  Tensor image = *Tensor::Make(kUInt8, Shape({height, width, channels}));
  auto* out = image.mutable_data<uint8_t>();
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) *out++ = static_cast<uint8_t>(value(y, x, c));
    }
  }
  return image;
}

Tensor SmoothPixels(int64_t height, int64_t width) {
  return MakePixels(height, width, 3, [&](int64_t y, int64_t x, int c) {
    const int64_t across = 200 * x / width, down = 200 * y / height;
    return static_cast<int>(20 + (c == 0 ? across : c == 1 ? down : (across + down) / 2));
  });
}

std::string MakeExif(int orientation, bool big_endian) {
  std::string out = big_endian ? "MM" : "II";
  const auto put = [&](uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
      out += static_cast<char>(value >> 8 * (big_endian ? size - 1 - i : i));
    }
  };
  put(42, 2);
  put(8, 4);  // the directory's place
  put(2, 2);  // its entries: a width first, then the orientation
  for (const uint32_t tag : {0x0100u, 0x0112u}) {
    put(tag, 2);
    put(3, 2);
    put(1, 4);
    put(tag == 0x0112u ? static_cast<uint32_t>(orientation) : 77, 2);
    put(0, 2);
  }
  put(0, 4);
  return out;
}

std::string MakeJpeg(const Tensor& image, const JpegMaker& options) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  const int channels = static_cast<int>(image.dim(2));
  info.image_height = static_cast<JDIMENSION>(image.dim(0));
  info.image_width = static_cast<JDIMENSION>(image.dim(1));
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, options.quality, TRUE);
  if (channels == 4) info.write_Adobe_marker = options.adobe ? TRUE : FALSE;
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (options.orientation != 0) {
    const std::string exif = std::string("Exif\0\0", 6) + MakeExif(options.orientation, true);
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                      static_cast<unsigned>(exif.size()));
  }
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<uint8_t*>(image.data<uint8_t>()) +
                   info.next_scanline * static_cast<size_t>(image.dim(1) * channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string out(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return out;
}

namespace {

// Writes rows that `row(y)` gives, of `channels` of `depth` bits.
std::string WritePng(int64_t width, int64_t height, int channels, int depth, bool interlaced,
                     int orientation, const std::function<const uint8_t*(int64_t)>& row) {
  constexpr int kTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGB_ALPHA};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::string out;
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep data, size_t size) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), size);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), depth,
               kTypes[channels - 1], interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 1);
  std::string exif = MakeExif(orientation, false);
  if (orientation != 0) {
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()),
                   reinterpret_cast<png_bytep>(exif.data()));
  }
  png_write_info(png, info);
  for (int pass = png_set_interlace_handling(png); pass > 0; --pass) {
    for (int64_t y = 0; y < height; ++y) png_write_row(png, row(y));
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

}  // namespace

std::string MakePng(const Tensor& image, const PngMaker& options) {
  const int64_t values = image.dim(1) * image.dim(2);
  std::vector<uint8_t> wide(static_cast<size_t>(2 * values));
  const auto row = [&](int64_t y) {
    const uint8_t* from = image.data<uint8_t>() + y * values;
    if (!options.sixteen_bits) return from;
    for (int64_t i = 0; i < values; ++i) {
      wide[2 * i] = wide[2 * i + 1] = from[i];
    }
    return static_cast<const uint8_t*>(wide.data());
  };
  return WritePng(image.dim(1), image.dim(0), static_cast<int>(image.dim(2)),
                  options.sixteen_bits ? 16 : 8, options.interlaced, options.orientation, row);
}

std::string MakePlainPng(int64_t width, int64_t height, bool interlaced) {
  const std::vector<uint8_t> row(static_cast<size_t>(width), 200);
  return WritePng(width, height, 1, 8, interlaced, 0, [&](int64_t) { return row.data(); });
}

std::string MakeWebp(const Tensor& image, float quality) {
  const int height = static_cast<int>(image.dim(0)), width = static_cast<int>(image.dim(1));
  const int stride = width * static_cast<int>(image.dim(2));
  const auto* pixels = image.data<uint8_t>();
  uint8_t* bytes = nullptr;
  size_t size = 0;
  if (image.dim(2) == 4) {
    size = quality > 0 ? WebPEncodeRGBA(pixels, width, height, stride, quality, &bytes)
                       : WebPEncodeLosslessRGBA(pixels, width, height, stride, &bytes);
  } else {
    size = quality > 0 ? WebPEncodeRGB(pixels, width, height, stride, quality, &bytes)
                       : WebPEncodeLosslessRGB(pixels, width, height, stride, &bytes);
  }
  std::string out(reinterpret_cast<char*>(bytes), size);
  WebPFree(bytes);
  return out;
}

std::string MakeAnimatedWebp(const Tensor& picture, int canvas_height, int canvas_width) {
  const auto number = [](uint64_t value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(value >> 8 * i);
    return text;
  };
  const auto chunk = [&](const char* name, const std::string& data) {
    return name + number(static_cast<uint32_t>(data.size()), 4) + data +
           std::string(data.size() % 2, '\0');
  };
  const std::string frame =
      chunk("ANMF", number(1, 3) + number(1, 3) +  // halves of the place
                        number(static_cast<uint32_t>(picture.dim(1) - 1), 3) +
                        number(static_cast<uint32_t>(picture.dim(0) - 1), 3) + number(100, 3) +
                        number(0, 1) + MakeWebp(picture).substr(12));
  constexpr uint32_t kAnimation = 2;
  const std::string body =
      "WEBP" +
      chunk("VP8X", number(kAnimation, 4) + number(static_cast<uint32_t>(canvas_width - 1), 3) +
                        number(static_cast<uint32_t>(canvas_height - 1), 3)) +
      chunk("ANIM", number(0, 6)) + frame + frame;
  return chunk("RIFF", body);
}

std::string MakeGif(const Tensor& indices, bool interlaced, int transparent) {
  const int height = static_cast<int>(indices.dim(0)), width = static_cast<int>(indices.dim(1));
  std::string out;
  int error = 0;
  GifFileType* gif = EGifOpen(
      &out,
      [](GifFileType* file, const GifByteType* data, int size) {
        static_cast<std::string*>(file->UserData)
            ->append(reinterpret_cast<const char*>(data), size);
        return size;
      },
      &error);
  const GifColorType colors[] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
  ColorMapObject* map = GifMakeMapObject(4, colors);
  EGifSetGifVersion(gif, true);
  EGifPutScreenDesc(gif, width + 3, height + 2, 8, 0, map);
  GraphicsControlBlock control = {DISPOSAL_UNSPECIFIED, false, 10, transparent};
  GifByteType block[4];
  EGifGCBToExtension(&control, block);
  for (int picture = 0; picture < 2; ++picture) {
    EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, block);
    EGifPutImageDesc(gif, 1, 1, width, height, interlaced, nullptr);
    constexpr int kFirst[] = {0, 4, 2, 1};
    constexpr int kStep[] = {8, 8, 4, 2};
    for (int pass = 0; pass < (interlaced ? 4 : 1); ++pass) {
      for (int y = interlaced ? kFirst[pass] : 0; y < height; y += interlaced ? kStep[pass] : 1) {
        std::vector<GifPixelType> line(static_cast<size_t>(width), 3);
        if (picture == 0)
          std::memcpy(line.data(), indices.data<uint8_t>() + y * width, line.size());
        EGifPutLine(gif, line.data(), width);
      }
    }
  }
  GifFreeMapObject(map);
  EGifCloseFile(gif, &error);
  return out;
}

}  // namespace viv
