// Event files, read back by a parser of the wire format that knows none of the messages.
#include "core/train/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/data/tfrecord.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A message as its fields; numbers of 8 and 4 bytes stay bytes.
struct Field {
  uint64_t number = 0;
  uint64_t varint = 0;
  std::string bytes;
};

uint64_t TakeVarint(absl::string_view* in) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>((*in)[0]);
    in->remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

std::vector<Field> Parse(absl::string_view in) {
  std::vector<Field> fields;
  while (!in.empty()) {
    const uint64_t key = TakeVarint(&in);
    Field field = {.number = key >> 3};
    size_t size = 0;
    if (key % 8 == 0) field.varint = TakeVarint(&in);
    if (key % 8 == 1) size = 8;
    if (key % 8 == 2) size = TakeVarint(&in);
    if (key % 8 == 5) size = 4;
    field.bytes = std::string(in.substr(0, size));
    in.remove_prefix(size);
    fields.push_back(field);
  }
  return fields;
}

// The one field of this number along a path of numbers; an empty one where there is none.
Field At(const std::string& message, const std::vector<uint64_t>& path) {
  Field found = {.bytes = message};
  for (const uint64_t number : path) {
    Field next;
    for (const Field& field : Parse(found.bytes)) {
      if (field.number == number) next = field;
    }
    found = next;
  }
  return found;
}

template <typename T>
T As(const std::string& bytes) {
  T value = {};
  EXPECT_EQ(bytes.size(), sizeof(T));
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(T)));
  return value;
}

class EventFileTest : public testing::Test {
 protected:
  EventFileTest() {
    EXPECT_TRUE(env_->Remove(directory_).ok());
    options_.now = [this] { return now_; };
  }
  ~EventFileTest() override { env_->Remove(directory_).IgnoreError(); }

  std::unique_ptr<EventFile> Create() {
    auto file = EventFile::Create(env_, directory_, options_);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::vector<std::string> Records(const std::string& path) {
    auto reader = TfRecordReader::Open(env_, path);
    EXPECT_TRUE(reader.ok()) << reader.status();
    std::vector<std::string> records;
    for (std::string record; *(*reader)->Next(&record);) records.push_back(record);
    return records;
  }

  Env* env_ = Env::Default();
  const std::string directory_ = testing::TempDir() + "/viv_events_" +
                                 testing::UnitTest::GetInstance()->current_test_info()->name();
  double now_ = 1700000000.5;
  EventFileOptions options_;
};

TEST_F(EventFileTest, HoldsScalarsImagesAndTexts) {
  auto file = Create();
  EXPECT_THAT(BaseName(file->path()),
              MatchesRegex("events\\.out\\.tfevents\\.1700000000\\..+\\.[0-9]+\\.[0-9]+"));
  ASSERT_TRUE(file->AddScalar(300, "train/loss", 2.5).ok());
  ASSERT_TRUE(file->AddText(301, "sample", "*Ça va ?*").ok());
  ASSERT_TRUE(
      file->AddImage(302, "photo", Tensor::Of<uint8_t>({2, 1, 3}, {1, 2, 3, 4, 5, 6})).ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_THAT(std::string(file->AddScalar(303, "x", 1).message()), HasSubstr("is closed"));

  const std::vector<std::string> records = Records(file->path());
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(As<double>(At(records[0], {1}).bytes), 1700000000.5);
  EXPECT_EQ(At(records[0], {3}).bytes, "brain.Event:2");
  EXPECT_EQ(At(records[1], {2}).varint, 0u);
  EXPECT_EQ(At(records[1], {7, 1}).varint, 1u);  // SessionLog::START

  EXPECT_EQ(At(records[2], {2}).varint, 300u);
  EXPECT_EQ(At(records[2], {5, 1, 1}).bytes, "train/loss");
  EXPECT_EQ(As<float>(At(records[2], {5, 1, 2}).bytes), 2.5f);

  EXPECT_EQ(At(records[3], {5, 1, 1}).bytes, "sample");
  EXPECT_EQ(At(records[3], {5, 1, 9, 1, 1}).bytes, "text");
  EXPECT_EQ(At(records[3], {5, 1, 8, 1}).varint, 7u);  // DT_STRING
  EXPECT_EQ(At(records[3], {5, 1, 8, 8}).bytes, "*Ça va ?*");

  EXPECT_EQ(At(records[4], {5, 1, 4, 1}).varint, 2u);
  EXPECT_EQ(At(records[4], {5, 1, 4, 2}).varint, 1u);
  EXPECT_EQ(At(records[4], {5, 1, 4, 3}).varint, 3u);
  EXPECT_THAT(At(records[4], {5, 1, 4, 4}).bytes, HasSubstr("PNG"));
}

// One event, byte by byte as TensorFlow writes it.
TEST_F(EventFileTest, KnownBytes) {
  auto file = Create();
  now_ = 0.5;
  ASSERT_TRUE(file->AddScalar(2, "a", 1).ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Records(file->path())[2], std::string("\x09\0\0\0\0\0\0\xe0\x3f"
                                                  "\x10\x02"
                                                  "\x2a\x0a\x0a\x08\x0a\x01"
                                                  "a"
                                                  "\x15\0\0\x80\x3f",
                                                  23));
}

TEST_F(EventFileTest, AResumedRunHidesStepsThatItRepeats) {
  auto first = Create();
  ASSERT_TRUE(first->AddScalar(7, "loss", 1).ok());
  ASSERT_TRUE(first->Flush().ok());
  options_.first_step = 5;
  auto second = Create();
  ASSERT_TRUE(second->Close().ok());
  const std::vector<std::string> records = Records(second->path());
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(At(records[1], {2}).varint, 5u);
  EXPECT_EQ(At(records[1], {7, 1}).varint, 1u);  // SessionLog::START
  EXPECT_EQ(Records(first->path()).size(), 3u);
}

TEST_F(EventFileTest, NamesAreUniqueAndInTheOrderOfTime) {
  ASSERT_TRUE(env_->CreateDirs(directory_).ok());
  for (const char* name : {"events.out.tfevents.x", "events.out.tfevents.99999999999999999999.h",
                           "events.out.tfevents.9223372036854775807.h", "notes.txt"}) {
    ASSERT_TRUE(WriteFileAtomically(env_, JoinPath(directory_, name), "").ok());
  }
  std::vector<std::string> paths;
  for (const double now : {1700000000.0, 1700000000.9, 1600000000.0}) {  // a clock that goes back
    now_ = now;
    paths.push_back(Create()->path());
  }
  EXPECT_LT(paths[0], paths[1]);
  EXPECT_LT(paths[1], paths[2]);
}

TEST_F(EventFileTest, FlushesNowAndThen) {
  auto file = Create();
  const auto records = [&] { return Records(file->path()).size(); };
  EXPECT_EQ(records(), 2u);
  ASSERT_TRUE(file->AddScalar(1, "x", 1).ok());
  now_ += 9;
  ASSERT_TRUE(file->AddScalar(2, "x", 1).ok());
  EXPECT_EQ(records(), 2u);
  now_ += 1;
  ASSERT_TRUE(file->AddScalar(3, "x", 1).ok());
  EXPECT_EQ(records(), 5u);
  ASSERT_TRUE(file->AddScalar(4, "x", 1).ok());
  ASSERT_TRUE(file->Flush().ok());
  EXPECT_EQ(records(), 6u);
  ASSERT_TRUE(file->AddScalar(5, "x", 1).ok());
  const std::string path = file->path();
  file.reset();
  EXPECT_EQ(Records(path).size(), 7u);
}

TEST_F(EventFileTest, RefusesWhatIsNoTextOrImage) {
  auto file = Create();
  EXPECT_EQ(file->AddScalar(1, "\xff", 1).message(), "a tag is not UTF-8");
  EXPECT_EQ(file->AddText(1, "x", "\xff").message(), "the text 'x' is not UTF-8");
  EXPECT_THAT(std::string(file->AddImage(1, "x", Tensor::Of<float>({1, 1, 1}, {0})).message()),
              HasSubstr("not float [1, 1, 1]"));
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Records(file->path()).size(), 2u);
}

}  // namespace
}  // namespace viv
