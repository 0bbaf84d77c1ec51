// Shapes of random colours with some noise.
#include "photo_folder.h"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/train/png.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

using nlohmann::json;

constexpr int kHeight = 40, kWidth = 48;

}  // namespace

std::string MakePhoto(const std::string& kind, uint32_t seed) {
  std::mt19937 random(seed);
  const auto draw = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<uint32_t>(high - low));
  };
  int colours[2][3];
  for (int c = 0; c < 3; ++c) {
    colours[0][c] = draw(0, 110);
    colours[1][c] = draw(140, 250);
  }
  if (draw(0, 2) == 0) std::swap(colours[0], colours[1]);
  const int top = draw(12, kHeight - 12), left = draw(12, kWidth - 12), radius = draw(8, 12);
  const int period = draw(3, 6);
  std::vector<uint8_t> pixels;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      bool inside = false;
      if (kind == "disc") {
        inside = (y - top) * (y - top) + (x - left) * (x - left) < radius * radius;
      } else if (kind == "stripes") {
        inside = (y + top) / period % 2 == 0;
      } else {
        inside = ((y + top) / period + (x + left) / period) % 2 == 0;
      }
      for (int c = 0; c < 3; ++c) {
        pixels.push_back(
            static_cast<uint8_t>(std::clamp(colours[inside][c] + draw(-10, 10), 0, 255)));
      }
    }
  }
  return EncodePng(Tensor::Of<uint8_t>({kHeight, kWidth, 3}, pixels)).value_or("");
}

void WritePhotos(const std::string& directory, int of_each_kind) {
  uint32_t seed = 1;
  for (const char* kind : {"disc", "stripes", "checks"}) {
    const std::string folder = JoinPath(directory, kind);
    ASSERT_TRUE(Env::Default()->CreateDirs(folder).ok());
    for (int i = 0; i < of_each_kind; ++i) {
      ASSERT_TRUE(WriteFileAtomically(Env::Default(),
                                      JoinPath(folder, absl::StrCat(100 + i, ".png")),
                                      MakePhoto(kind, seed++))
                      .ok());
    }
  }
}

std::string WriteCaptions(const std::string& photos, const std::string& path, int of_each_kind) {
  const std::map<std::string, std::vector<std::string>> sentences = {
      {"disc", {"A round disc in the middle.", "One large disc can be seen here."}},
      {"stripes", {"Many stripes from left to right.", "There are stripes everywhere!"}},
      {"checks", {"A board of small checks.", "It is a pattern of many checks"}}};
  json coco = {{"images", json::array()}, {"annotations", json::array()}};
  int id = 0;
  for (int i = 0; i < of_each_kind; ++i) {
    for (const auto& [kind, captions] : sentences) {
      coco["images"].push_back(
          {{"id", ++id}, {"file_name", absl::StrCat(kind, "/", 100 + i, ".png")}});
      for (const std::string& caption : captions) {
        coco["annotations"].push_back({{"image_id", id}, {"caption", caption}});
      }
    }
  }
  EXPECT_TRUE(WriteFileAtomically(Env::Default(), path, coco.dump()).ok());
  return absl::StrCat("coco:", path, ",", photos);
}

}  // namespace viv
