// An index that follows what happens in folders, with models that see the mean colour.
#include "models/search/update_index.h"

#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/train/png.h"
#include "gmock/gmock.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UpdateIndexTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    view_ = [this](const std::vector<Tensor>& photos) -> absl::StatusOr<std::vector<SeenPhoto>> {
      std::vector<SeenPhoto> seen;
      for (const Tensor& photo : photos) {
        const uint8_t* pixel = photo.data<uint8_t>();
        seen.push_back({.embedding = {pixel[0] - 128.0f, pixel[1] - 128.0f, 1},
                        .labels = {{pixel[0], 0.5f}},
                        .caption = absl::StrCat("red ", pixel[0])});
        ++views_;
      }
      return seen;
    };
  }

  void WritePhoto(const std::string& name, int red) {
    std::vector<uint8_t> pixels;
    for (int i = 0; i < 4 * 5; ++i)
      pixels.insert(pixels.end(), {static_cast<uint8_t>(red), 100, 100});
    Write(name, *EncodePng(Tensor::Of<uint8_t>(Shape({4, 5, 3}), pixels)));
  }
  std::string File() const { return JoinPath(directory_, "my.index"); }
  UpdateResult Update(const std::vector<std::string>& paths, const UpdateOptions& options = {}) {
    views_ = 0;
    const absl::StatusOr<UpdateResult> result =
        UpdateIndex(env_, paths, view_, options, File(), &index_);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : UpdateResult();
  }
  std::string In(const std::string& name) const { return JoinPath(directory_, name); }
  // "name caption" of each photo.
  static std::set<std::string> Captions(const PhotoIndex& index) {
    std::set<std::string> captions;
    for (const IndexedPhoto* photo : index.photos()) {
      captions.insert(absl::StrCat(BaseName(photo->path), " ", photo->caption));
    }
    return captions;
  }

  PhotoIndex index_ = *PhotoIndex::Make(3, "colours");
  PhotoViewer view_;
  int views_ = 0;
};

TEST_F(UpdateIndexTest, ListsPhotos) {
  WritePhoto("p/b.png", 1);
  WritePhoto("p/deeper/a.JPG", 2);
  WritePhoto("p/.hidden/c.png", 3);
  Write("p/notes.txt", "none");
  WritePhoto("q/d.png", 4);
  const auto files = ListPhotoFiles(env_, {In("p/"), In("q/../q/d.png"), In("p/deeper")});
  ASSERT_TRUE(files.ok()) << files.status();
  std::vector<std::string> paths;
  for (const PhotoOnDisk& file : files->photos) {
    paths.push_back(file.path);
    EXPECT_GT(file.bytes, 0);
  }
  EXPECT_THAT(paths, ElementsAre(In("p/b.png"), In("p/deeper/a.JPG"), In("q/d.png")));
  EXPECT_THAT(std::string(ListPhotoFiles(env_, {In("none")}).status().message()),
              HasSubstr("there is no folder or photo"));
  EXPECT_THAT(std::string(ListPhotoFiles(env_, {In("p/notes.txt")}).status().message()),
              HasSubstr("neither a folder nor"));
}

TEST_F(UpdateIndexTest, LooksOnlyAtWhatChanged) {
  for (int i = 0; i < 5; ++i) WritePhoto(absl::StrCat("p/", i, ".png"), 10 * i);
  WritePhoto("elsewhere/x.png", 200);
  UpdateResult first = Update({In("p"), In("elsewhere")}, {.batch = 2});
  EXPECT_EQ(first.seen, 6);
  EXPECT_EQ(first.kept, 0);
  EXPECT_EQ(views_, 6);
  EXPECT_EQ(Captions(index_),
            std::set<std::string>({"0.png red 0", "1.png red 10", "2.png red 20", "3.png red 30",
                                   "4.png red 40", "x.png red 200"}));
  // One changed, one new, one gone; what lies elsewhere is not asked about.
  WritePhoto("p/1.png", 211);
  std::filesystem::last_write_time(In("p/1.png"), std::filesystem::file_time_type());
  WritePhoto("p/new.png", 99);
  ASSERT_TRUE(env_->Remove(In("p/2.png")).ok());
  ASSERT_TRUE(env_->Remove(In("elsewhere/x.png")).ok());
  const UpdateResult second = Update({In("p")});
  EXPECT_EQ(second.seen, 2);
  EXPECT_EQ(second.kept, 3);
  EXPECT_EQ(second.removed, 1);
  EXPECT_EQ(views_, 2);
  const std::set<std::string> expected = {"0.png red 0",  "1.png red 211",  "3.png red 30",
                                          "4.png red 40", "new.png red 99", "x.png red 200"};
  EXPECT_EQ(Captions(index_), expected);
  // The file says the same.
  const auto loaded = PhotoIndex::Load(env_, File());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(Captions(*loaded), expected);
  EXPECT_EQ(Update({In("p")}).kept, 5);
  EXPECT_EQ(views_, 0);
}

TEST_F(UpdateIndexTest, KeepsThePhotosOfAFolderThatCannotBeListed) {
  WritePhoto("p/1.png", 10);
  const std::string closed = MakeUnlistableFolder(In("p"));
  ASSERT_TRUE(index_.Put({.path = JoinPath(closed, "2.png")}, {1, 2, 3}).ok());
  const UpdateResult result = Update({In("p")});
  EXPECT_EQ(result.seen, 1);
  EXPECT_EQ(result.removed, 0);
  EXPECT_THAT(result.bad,
              ElementsAre(closed + ": the folder cannot be listed: File name too long"));
  EXPECT_EQ(index_.size(), 2);
}

TEST_F(UpdateIndexTest, GoesOnWhereItWasStopped) {
  for (int i = 0; i < 10; ++i) WritePhoto(absl::StrCat("p/", i, ".png"), 10 * i);
  int64_t last = 0;
  const UpdateResult stopped = Update({In("p")}, {.batch = 3,
                                                  .stop = [&] { return last >= 6; },
                                                  .progress =
                                                      [&](int64_t done, int64_t all) {
                                                        EXPECT_EQ(all, 10);
                                                        EXPECT_GT(done, last);
                                                        last = done;
                                                      }});
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.seen, 6);
  auto loaded = PhotoIndex::Load(env_, File());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  index_ = *std::move(loaded);
  const UpdateResult rest = Update({In("p")}, {.save_seconds = 0});
  EXPECT_FALSE(rest.stopped);
  EXPECT_EQ(rest.kept, 6);
  EXPECT_EQ(rest.seen, 4);
  EXPECT_EQ(PhotoIndex::Load(env_, File())->size(), 10);
}

TEST_F(UpdateIndexTest, LeavesOutBadPhotos) {
  WritePhoto("p/1.png", 1);
  WritePhoto("p/2.png", 2);
  Update({In("p")});
  Write("p/2.png", "");
  Write("p/3.jpg", "text");
  const UpdateResult result = Update({In("p")});
  EXPECT_THAT(result.bad, ElementsAre(HasSubstr("2.png: it is empty"), HasSubstr("3.jpg: ")));
  EXPECT_EQ(result.kept, 1);
  EXPECT_EQ(Captions(*PhotoIndex::Load(env_, File())), std::set<std::string>({"1.png red 1"}));
}

TEST_F(UpdateIndexTest, SavesWhatWasSeenBeforeAnError) {
  for (int i = 0; i < 4; ++i) WritePhoto(absl::StrCat("p/", i, ".png"), 10 * i);
  const PhotoViewer good = view_;
  view_ = [&](const std::vector<Tensor>& photos) -> absl::StatusOr<std::vector<SeenPhoto>> {
    if (views_ == 2) return absl::InternalError("no more");
    return good(photos);
  };
  const auto result = UpdateIndex(env_, {In("p")}, view_, {.batch = 2}, File(), &index_);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("no more"));
  EXPECT_EQ(PhotoIndex::Load(env_, File())->size(), 2);
  view_ = [](const std::vector<Tensor>&) { return std::vector<SeenPhoto>(); };
  EXPECT_FALSE(UpdateIndex(env_, {In("p")}, view_, {}, File(), &index_).ok());
}

}  // namespace
}  // namespace viv
