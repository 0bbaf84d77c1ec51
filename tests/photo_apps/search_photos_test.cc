// search_photos as its users see it, with the models that come with it, on photos made here.
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "photo_folder.h"
#include "tests/support/run_program.h"
#include "tests/support/test_folder.h"

namespace viv {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class SearchPhotosTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    photos_ = JoinPath(directory_, "photos");
    WritePhotos(photos_, 3);
    Write("photos/copy.png", MakePhoto("disc", 1));
    Write("photos/again.png", MakePhoto("disc", 1));
  }
  ProgramResult Search(std::vector<std::string> arguments, const std::string& output = "") const {
    arguments.push_back("--index=" + JoinPath(directory_, "my.index"));
    return RunProgram("search_photos", arguments, {.output = output});
  }

  std::string photos_;
};

TEST_F(SearchPhotosTest, IndexesAndFinds) {
  const ProgramResult none = Search({"dog"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("search_photos index"));

  const ProgramResult indexed = Search({"index", photos_});
  ASSERT_EQ(indexed.exit_code, 0) << indexed.err;
  EXPECT_THAT(indexed.out, HasSubstr("11 photos looked at, 0 known before"));
  EXPECT_THAT(Search({"index", photos_}).out, HasSubstr("0 photos looked at, 11 known before"));

  const ProgramResult found = Search({"a dog", "--json", "--min_relevance=0", "--top=4"});
  ASSERT_EQ(found.exit_code, 0) << found.err;
  const json line = json::parse(found.out);
  EXPECT_EQ(line["input"], "a dog");
  ASSERT_EQ(line["hits"].size(), 4);
  EXPECT_EQ(line["hits"][0]["relevance"], line["confidence"]);
  EXPECT_GE(line["hits"][0]["relevance"], line["hits"][1]["relevance"]);

  const ProgramResult nothing = Search({"dog", "--min_relevance=1"});
  EXPECT_EQ(nothing.exit_code, 0);
  EXPECT_THAT(nothing.out, HasSubstr("nothing found"));

  const std::string html = JoinPath(directory_, "found.html");
  const std::string copy = JoinPath(photos_, "copy.png");
  const ProgramResult like = Search({"--like=" + copy, "--html=" + html, "--min_relevance=0"});
  ASSERT_EQ(like.exit_code, 0) << like.err;
  EXPECT_THAT(like.out, HasSubstr("again.png"));
  EXPECT_THAT(like.out, Not(HasSubstr("copy.png")));
  const auto page = env_->ReadFile(html);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, HasSubstr("data:image/webp;base64,"));

  EXPECT_THAT(Search({"--duplicates", "--similarity=1"}).out,
              HasSubstr(JoinPath(photos_, "again.png") + "\n" + copy));
}

TEST_F(SearchPhotosTest, NamesWhatItCannotRead) {
  Write("photos/bad.png", "no photo");
  const ProgramResult indexed = Search({"index", photos_});
  EXPECT_EQ(indexed.exit_code, 1);
  EXPECT_THAT(indexed.err, HasSubstr("bad.png"));
  EXPECT_THAT(indexed.out, HasSubstr("11 photos looked at"));
}

TEST_F(SearchPhotosTest, SaysWhenTheOutputCannotBeWritten) {
  const ProgramResult result = Search({"index", photos_}, "/dev/full");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("cannot write to the standard output: No space left"));
}

TEST_F(SearchPhotosTest, LearnsWordsBesidePhotosThatItCannotRead) {
  const std::string photos = JoinPath(directory_, "own"), bundle = JoinPath(directory_, "bundle");
  WritePhotos(photos, 40);
  const std::string data = WriteCaptions(photos, JoinPath(directory_, "captions.json"), 40);
  const std::string bad = Write("own/disc/101.png", "no photo");
  const ProgramResult learnt = RunProgram(
      "search_photos_train", {"--data=" + data, "--labelled=" + photos, "--min_photos=10",
                              "--passes=20", "--export_to=" + bundle, "--data_name=shapes"});
  ASSERT_EQ(learnt.exit_code, 0) << learnt.err;
  EXPECT_THAT(learnt.out, HasSubstr("skipped: " + bad + ": "));
  ASSERT_EQ(Search({"index", photos_, "--model=" + bundle}).exit_code, 0);
  EXPECT_THAT(Search({"stripes", "--model=" + bundle, "--min_relevance=0", "--top=3"}).out,
              HasSubstr("stripes/"));
}

TEST_F(SearchPhotosTest, RefusesSenselessCommands) {
  EXPECT_EQ(Search({}).exit_code, 2);
  EXPECT_EQ(Search({"dog", "--duplicates"}).exit_code, 2);
  EXPECT_EQ(Search({"dog", "--top=0"}).exit_code, 2);
  EXPECT_EQ(Search({"index", JoinPath(directory_, "none")}).exit_code, 1);
  Write("my.index", "no index");
  const ProgramResult damaged = Search({"dog"});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("index the photos again"));
}

}  // namespace
}  // namespace viv
