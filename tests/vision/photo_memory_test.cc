// Memory does not grow with the number of photos that were read, good and bad ones.
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "image_makers.h"
#include "models/vision/photo_pipeline.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// What this process holds, in MB.
double ResidentSize() {
  int64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

// VIV_PHOTOS: how many photos are read; 200 where it is not set.
int64_t NumberOfPhotos() {
  const char* text = std::getenv("VIV_PHOTOS");
  return text == nullptr ? 200 : std::atoll(text);
}

class PhotoMemoryTest : public FolderTest {};

TEST_F(PhotoMemoryTest, StaysFlat) {
  // Each takes 3 MB or more when it is decoded.
  const Tensor photo = SmoothPixels(900, 1200);
  const Tensor grey = MakePixels(900, 1200, 1, [](int64_t y, int64_t x, int) { return y ^ x; });
  const Tensor inks = MakePixels(900, 1200, 4, [](int64_t y, int64_t, int c) { return y + c; });
  const std::string jpeg = MakeJpeg(photo), png = MakePng(photo), webp = MakeWebp(photo, 80);
  const std::string progressive = MakeJpeg(photo, {.progressive = true});
  const std::string interlaced = MakePng(photo, {.interlaced = true});
  const std::string gif = MakeGif(
      MakePixels(900, 1200, 1, [](int64_t y, int64_t x, int) { return (x / 9 + y / 9) % 4; }),
      /*interlaced=*/true, /*transparent=*/1);
  const auto cut = [](const std::string& bytes) { return bytes.substr(0, bytes.size() * 3 / 4); };
  const std::string files[] = {jpeg,
                               MakeJpeg(grey),
                               MakeJpeg(inks),
                               progressive,
                               png,
                               interlaced,
                               webp,
                               gif,
                               MakeJpeg(photo, {.orientation = 6}),
                               cut(jpeg),
                               cut(progressive),
                               cut(png),
                               cut(webp),
                               cut(gif),
                               cut(interlaced),
                               "no photo, but"};
  int number = 100;
  for (const std::string& file : files) Write(absl::StrCat("p/a/", number++, ".jpg"), file);
  const auto tree = FileTree::Open(env_, JoinPath(directory_, "p"));
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto photos = ReadClassFolders(*tree);
  ASSERT_TRUE(photos.ok()) << photos.status();

  const PhotoBatches batches(*photos, {.size = 224, .batch = 9});  // as many as are good
  const auto iterator = batches.dataset().MakeIterator();
  ASSERT_TRUE(iterator.ok()) << iterator.status();
  const int64_t rounds = NumberOfPhotos() / static_cast<int64_t>(std::size(files));
  double before = 0;
  for (int64_t i = 0; i < rounds; ++i) {
    Example batch;
    ASSERT_TRUE((*iterator)->Next(&batch).value());
    if (i == rounds / 3) before = ResidentSize();
  }
  EXPECT_EQ(batches.bad_photos(), 7);
  // One photo more a round would be 24 MB in 8 rounds.
  const double growth = ResidentSize() - before;
  RecordProperty("growth_mb", absl::StrCat(growth));
  EXPECT_LT(growth, 15) << "MB in " << rounds << " rounds";
}
#endif

}  // namespace
}  // namespace viv
