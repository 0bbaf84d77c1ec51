// An index against a plain list of photos.
#include "models/search/photo_index.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "gmock/gmock.h"
#include "tests/support/faulty_env.h"

namespace viv {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr int64_t kDimensions = 6;

constexpr char kPath[] = "/deeper/photos.index";

class PhotoIndexTest : public ::testing::Test {
 protected:
  PhotoIndex Reload(PhotoIndex& index) {
    EXPECT_TRUE(index.Save(&env_, kPath).ok());
    absl::StatusOr<PhotoIndex> loaded = PhotoIndex::Load(&env_, kPath);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return *std::move(loaded);
  }
  // What loading a file with these bytes ends with.
  absl::StatusOr<PhotoIndex> LoadBytes(const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(&env_, "/bytes", bytes).ok());
    return PhotoIndex::Load(&env_, "/bytes");
  }

  FaultyEnv env_;
};

PhotoIndex Empty() { return *PhotoIndex::Make(kDimensions, "net 1"); }

std::vector<float> Embedding(uint64_t seed) {
  RandomStream random(seed);
  std::vector<float> embedding(kDimensions);
  for (float& x : embedding) x = NormalPair(random.Next(), random.Next()).first;
  return embedding;
}

IndexedPhoto Photo(int number) {
  IndexedPhoto photo = {.path = absl::StrCat("photos/", number, ".jpg"),
                        .bytes = 1000 + number,
                        .modified = -number,
                        .contents = HashString64(absl::StrCat(number)),
                        .caption = number % 3 == 0 ? "" : absl::StrCat("photo ", number)};
  for (int k = 0; k < number % 4; ++k) photo.labels.push_back({10 * k, 1.0f / (k + 2)});
  for (int k = 0; k < number % 3; ++k) photo.words.push_back({7 * k, 1.0f / (k + 3)});
  return photo;
}

void ExpectSame(const IndexedPhoto* a, const IndexedPhoto& b) {
  ASSERT_NE(a, nullptr) << b.path;
  EXPECT_EQ(a->path, b.path);
  EXPECT_EQ(a->bytes, b.bytes);
  EXPECT_EQ(a->modified, b.modified);
  EXPECT_EQ(a->contents, b.contents);
  EXPECT_EQ(a->caption, b.caption);
  ASSERT_EQ(a->labels.size(), b.labels.size());
  for (size_t k = 0; k < b.labels.size(); ++k) {
    EXPECT_EQ(a->labels[k].label, b.labels[k].label);
    EXPECT_EQ(a->labels[k].confidence, b.labels[k].confidence);
  }
  ASSERT_EQ(a->words.size(), b.words.size());
  for (size_t k = 0; k < b.words.size(); ++k) {
    EXPECT_EQ(a->words[k].label, b.words[k].label);
    EXPECT_EQ(a->words[k].confidence, b.words[k].confidence);
  }
}

TEST_F(PhotoIndexTest, MayBeEmpty) {
  PhotoIndex index = Empty();
  PhotoIndex again = Reload(index);
  EXPECT_EQ(again.size(), 0);
  EXPECT_EQ(again.models(), "net 1");
  EXPECT_EQ(again.dimensions(), kDimensions);
  EXPECT_TRUE(again.Nearest(Embedding(1), 3)->empty());
  EXPECT_TRUE(again.Duplicates(0)->empty());
  EXPECT_EQ(again.Find("x"), nullptr);
}

// Puts, replacements and removals at random, saved now and then.
TEST_F(PhotoIndexTest, IsWhatAListIs) {
  PhotoIndex index = Empty();
  std::map<std::string, std::pair<IndexedPhoto, uint64_t>> list;  // with the embedding's seed
  RandomStream random(5);
  for (uint64_t step = 0; step < 600; ++step) {
    const int number = static_cast<int>(random.Below(80));
    IndexedPhoto photo = Photo(number);
    photo.modified = static_cast<int64_t>(step);
    if (random.Below(3) == 0) {
      EXPECT_EQ(index.Remove(photo.path), list.erase(photo.path) > 0);
    } else {
      ASSERT_TRUE(index.Put(photo, Embedding(step)).ok());
      list[photo.path] = {photo, step};
    }
    if (step % 97 == 0) index = Reload(index);
    ASSERT_EQ(index.size(), static_cast<int64_t>(list.size()));
  }
  ASSERT_EQ(index.photos().size(), list.size());
  for (const auto& [path, photo] : list) {
    ExpectSame(index.Find(path), photo.first);
    const auto near = index.Nearest(Embedding(photo.second), 3);
    ASSERT_TRUE(near.ok()) << near.status();
    ASSERT_EQ(near->size(), 3);
    EXPECT_EQ((*near)[0].photo->path, path);
    EXPECT_GT((*near)[0].similarity, 0.999);
  }
  EXPECT_EQ(index.Nearest(Embedding(1), 1000)->size(), list.size());
}

TEST_F(PhotoIndexTest, ForgetsWhatWasRemoved) {
  PhotoIndex index = Empty();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(index.Put(Photo(i), Embedding(i)).ok());
  ASSERT_TRUE(index.Save(&env_, kPath).ok());
  const size_t all = env_.ReadFile(kPath)->size();
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(index.Remove(Photo(i).path));
  const PhotoIndex again = Reload(index);
  EXPECT_LT(env_.ReadFile(kPath)->size(), all / 3);
  EXPECT_EQ(again.size(), 10);
  ExpectSame(again.Find("photos/45.jpg"), Photo(45));
  EXPECT_EQ(again.Nearest(Embedding(45), 1)->front().photo->path, "photos/45.jpg");
}

TEST_F(PhotoIndexTest, ListsDuplicates) {
  PhotoIndex index = Empty();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(index.Put(Photo(i), Embedding(i)).ok());
  IndexedPhoto copy = Photo(7);
  copy.path = "copy of 7";
  ASSERT_TRUE(index.Put(copy, Embedding(1000)).ok());
  std::vector<float> brighter = Embedding(20);
  for (float& x : brighter) x *= 3;
  ASSERT_TRUE(index.Put(Photo(120), brighter).ok());
  ASSERT_TRUE(index.Put(Photo(121), brighter).ok());
  ASSERT_TRUE(index.Put(Photo(122), brighter).ok());
  index.Remove(Photo(121).path);
  const auto groups = index.Duplicates(0.9999f);
  ASSERT_TRUE(groups.ok()) << groups.status();
  std::vector<std::vector<std::string>> paths;
  for (const auto& group : *groups) {
    paths.emplace_back();
    for (const IndexedPhoto* photo : group) paths.back().push_back(photo->path);
  }
  EXPECT_THAT(paths, UnorderedElementsAre(
                         ElementsAre("photos/7.jpg", "copy of 7"),
                         ElementsAre("photos/20.jpg", "photos/120.jpg", "photos/122.jpg")));
}

TEST_F(PhotoIndexTest, SaysWhatIsWrong) {
  EXPECT_FALSE(PhotoIndex::Make(0, "").ok());
  PhotoIndex index = Empty();
  EXPECT_THAT(std::string(index.Put(Photo(1), {1, 2}).message()), HasSubstr("a vector of 2"));
  EXPECT_EQ(index.size(), 0);
  EXPECT_EQ(index.Find(Photo(1).path), nullptr);
  EXPECT_EQ(PhotoIndex::Load(&env_, kPath).status().code(), absl::StatusCode::kNotFound);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(index.Put(Photo(i), Embedding(i)).ok());
  ASSERT_TRUE(index.Save(&env_, kPath).ok());
  const std::string whole = *env_.ReadFile(kPath);
  for (const size_t size : {size_t{0}, size_t{7}, whole.size() / 2, whole.size() - 1}) {
    const auto loaded = LoadBytes(whole.substr(0, size));
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("index the photos again"));
  }
  const NamedTensors other = {{"x", Tensor::Vector<float>({1})}};
  ASSERT_TRUE(WriteSafetensors(&env_, "/other", other).ok());
  EXPECT_THAT(std::string(PhotoIndex::Load(&env_, "/other").status().message()),
              HasSubstr("is no photo index of this version"));
}

// Wherever saving stops, the file holds the old or the new index.
TEST_F(PhotoIndexTest, IsSavedWholeOrNotAtAll) {
  for (const PowerCut cut :
       {PowerCut::kLosesAll, PowerCut::kLosesContents, PowerCut::kTearsContents}) {
    bool saved = false;
    for (int call = 0; !saved; ++call) {
      PhotoIndex index = Empty();
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(index.Put(Photo(i), Embedding(i)).ok());
      ASSERT_TRUE(index.Save(&env_, kPath).ok());
      ASSERT_TRUE(index.Put(Photo(5), Embedding(5)).ok());
      env_.FailCall(call, /*stays=*/true);
      saved = index.Save(&env_, kPath).ok();
      env_.CutPower(cut);
      env_.Heal();
      const auto loaded = PhotoIndex::Load(&env_, kPath);
      ASSERT_TRUE(loaded.ok()) << loaded.status() << " after call " << call;
      EXPECT_THAT(loaded->size(), AnyOf(Eq(saved ? 6 : 5), Eq(6)));
    }
  }
}

// Whatever bytes a file has, loading ends with an index or an error.
TEST_F(PhotoIndexTest, SurvivesChangedFiles) {
  PhotoIndex index = Empty();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(index.Put(Photo(i), Embedding(i)).ok());
  index.Remove(Photo(3).path);
  ASSERT_TRUE(index.Save(&env_, kPath).ok());
  const std::string whole = *env_.ReadFile(kPath);
  RandomStream random(11);
  int loaded = 0;
  for (int i = 0; i < 400; ++i) {
    std::string bytes = whole;
    bytes[random.Below(bytes.size())] = static_cast<char>(random.Next());
    const auto changed = LoadBytes(bytes);
    if (!changed.ok()) continue;
    ++loaded;
    EXPECT_TRUE(changed->Nearest(Embedding(1), 10).ok());
    EXPECT_TRUE(changed->Duplicates(0.99f).ok());
  }
  EXPECT_GT(loaded, 100);
}

}  // namespace
}  // namespace viv
