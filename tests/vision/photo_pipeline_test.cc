// Batches of photos: the same for any number of threads, the same after a stop, without bad photos.
#include "models/vision/photo_pipeline.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "image_makers.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

class PhotoPipelineTest : public FolderTest {
 protected:
  // Two classes of so many photos; photo i is all of the colour 20 + i.
  LabelledImages Photos(int of_each) {
    for (int i = 0; i < 2 * of_each; ++i) {
      const Tensor photo = MakePixels(12, 12, 3, [i](int64_t, int64_t, int) { return 20 + i; });
      Write(absl::StrCat("p/", i % 2 == 0 ? "a/" : "b/", 100 + i, ".png"), MakePng(photo));
    }
    return Read();
  }
  LabelledImages Read() {
    absl::StatusOr<std::shared_ptr<const FileTree>> tree =
        FileTree::Open(env_, JoinPath(directory_, "p"));
    EXPECT_TRUE(tree.ok()) << tree.status();
    absl::StatusOr<LabelledImages> photos = ReadClassFolders(*tree);
    EXPECT_TRUE(photos.ok()) << photos.status();
    return *photos;
  }
  static Example Next(DatasetIterator& iterator) {
    Example example;
    const absl::StatusOr<bool> more = iterator.Next(&example);
    EXPECT_TRUE(more.ok() && *more) << more.status();
    return example;
  }
};

TEST_F(PhotoPipelineTest, DoesNotDependOnThreadsOrStops) {
  const LabelledImages photos = Photos(5);
  PhotoBatchOptions options = {.size = 8, .batch = 4, .augment = {.mixup = 0.2f}, .threads = 1};
  const auto one = PhotoBatches(photos, options).dataset().MakeIterator();
  options.threads = 3;
  const auto three = PhotoBatches(photos, options).dataset().MakeIterator();
  ASSERT_TRUE(one.ok() && three.ok());
  std::string position;
  std::vector<Example> rest;
  for (int i = 0; i < 12; ++i) {
    const Example a = Next(**one), b = Next(**three);
    ASSERT_EQ(a.size(), 4);
    for (int field = 0; field < 4; ++field) EXPECT_TRUE(a[field].Identical(b[field])) << i;
    if (i == 6) position = (*three)->Save();
    if (i > 6) rest.push_back(b);
  }
  const auto again = PhotoBatches(photos, options).dataset().MakeIterator();
  ASSERT_TRUE((*again)->Restore(position).ok());
  for (const Example& expected : rest) {
    const Example batch = Next(**again);
    for (int field = 0; field < 4; ++field) EXPECT_TRUE(batch[field].Identical(expected[field]));
  }
}

TEST_F(PhotoPipelineTest, EachPhotoComesOnceARound) {
  const LabelledImages photos = Photos(5);
  const PhotoBatchOptions options = {.size = 8, .batch = 5, .augment = {.colour = 0}, .threads = 2};
  const auto iterator = PhotoBatches(photos, options).dataset().MakeIterator();
  std::map<int, int> seen;
  for (int i = 0; i < 6; ++i) {
    const Example batch = Next(**iterator);
    EXPECT_EQ(batch[0].shape(), Shape({5, 8, 8, 3}));
    for (int row = 0; row < 5; ++row) {
      const int colour = batch[0].data<uint8_t>()[row * 8 * 8 * 3];
      EXPECT_EQ(batch[1].data<int32_t>()[row], colour % 2);
      ++seen[colour];
    }
  }
  EXPECT_EQ(seen.size(), 10);
  for (const auto& [colour, times] : seen) EXPECT_EQ(times, 3) << colour;
}

TEST_F(PhotoPipelineTest, LeavesOutAndCountsBadPhotos) {
  Photos(5);
  Write("p/a/bad.png", "no photo");
  Write("p/b/empty.png", "");
  const LabelledImages photos = Read();
  const PhotoBatches batches(photos, {.size = 8, .batch = 5, .augment = {.colour = 0}});
  const auto iterator = batches.dataset().MakeIterator();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(Next(**iterator)[0].dim(0), 5);
  EXPECT_EQ(batches.bad_photos(), 2);

  const auto fitted = FittedPhotos(photos, {.size = 8}, 7).MakeIterator();
  int64_t rows = 0;
  Example batch;
  while (*(*fitted)->Next(&batch)) rows += batch[0].dim(0);
  EXPECT_EQ(rows, 10);
}

TEST_F(PhotoPipelineTest, TakesPhotosOfAllKinds) {
  const Tensor photo = SmoothPixels(40, 60);
  const auto channels = [](int count) {
    return MakePixels(40, 60, count, [](int64_t y, int64_t, int) { return static_cast<int>(y); });
  };
  Write("p/a/1.jpg", MakeJpeg(photo));
  Write("p/a/2.jpg", MakeJpeg(channels(1)));
  Write("p/a/3.jpg", MakeJpeg(channels(4)));
  Write("p/a/4.jpg", MakePng(photo));
  Write("p/a/5.png", MakePng(MakePixels(1, 1, 3, [](int64_t, int64_t, int) { return 9; })));
  Write("p/a/6.webp", MakeWebp(photo));
  Write("p/a/7.png", MakePlainPng(5000, 2));
  const std::string whole = MakeJpeg(photo);
  Write("p/b/8.jpg", whole.substr(0, whole.size() / 2));
  Write("p/b/9.jpg", "");
  Write("p/b/a.png", "\x89PNG\r\n\x1a\n");
  const PhotoBatches batches(Read(), {.size = 16, .batch = 7});
  const auto iterator = batches.dataset().MakeIterator();
  for (int i = 0; i < 3; ++i) {
    const Example batch = Next(**iterator);
    EXPECT_EQ(batch[0].shape(), Shape({7, 16, 16, 3}));
    for (const int32_t label : batch[1].flat<int32_t>()) EXPECT_EQ(label, 0);
  }
  EXPECT_EQ(batches.bad_photos(), 3);
}

TEST_F(PhotoPipelineTest, IsAnErrorWithoutAGoodPhoto) {
  Write("p/a/1.png", "no photo");
  Write("p/b/2.png", "");
  const PhotoBatches batches(Read(), {.size = 8, .batch = 5});
  const auto iterator = batches.dataset().MakeIterator();
  Example batch;
  EXPECT_THAT(std::string((*iterator)->Next(&batch).status().message()),
              HasSubstr("none of the photos can be read"));
}

TEST_F(PhotoPipelineTest, FitsInOrder) {
  const LabelledImages photos = Photos(3);
  const auto iterator = FittedPhotos(photos, {.size = 8}, 4).MakeIterator();
  const Example first = Next(**iterator), second = Next(**iterator);
  EXPECT_TRUE(first[1].Identical(Tensor::Vector<int32_t>({0, 0, 0, 1})));
  EXPECT_TRUE(second[1].Identical(Tensor::Vector<int32_t>({1, 1})));
  EXPECT_EQ(first[0].data<uint8_t>()[0], 20);
  Example end;
  EXPECT_FALSE((*iterator)->Next(&end).value());
}

}  // namespace
}  // namespace viv
