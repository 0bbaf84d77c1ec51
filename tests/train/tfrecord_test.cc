// TFRecord files: known bytes, every corruption, and round trips.
#include "core/data/tfrecord.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

class TfRecord : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = JoinPath(::testing::TempDir(), absl::StrCat("viv_", info->name(), ".tfrecord"));
  }
  void TearDown() override { ASSERT_TRUE(env_->Remove(path_).ok()); }

  void WriteBytes(const std::string& bytes) {
    auto file = env_->NewWritableFile(path_);
    ASSERT_TRUE(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
  }
  void WriteRecords(const std::vector<std::string>& records, Compression compression) {
    auto writer = TfRecordWriter::Create(env_, path_, compression);
    ASSERT_TRUE(writer.ok()) << writer.status();
    for (const std::string& record : records) ASSERT_TRUE((*writer)->Write(record).ok());
    ASSERT_TRUE((*writer)->Close().ok());
  }
  // All records up to the end or the first error.
  absl::Status ReadAll(Compression compression, std::vector<std::string>* records) {
    auto reader = TfRecordReader::Open(env_, path_, compression);
    if (!reader.ok()) return reader.status();
    std::string record;
    while (true) {
      const auto more = (*reader)->Next(&record);
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      records->push_back(record);
    }
  }
  // The same through the index.
  absl::Status ReadIndexed(std::vector<std::string>* records) {
    const auto index = TfRecordIndex::Open(env_, path_);
    if (!index.ok()) return index.status();
    for (int64_t i = 0; i < index->size(); ++i) {
      const auto record = index->Read(i);
      if (!record.ok()) return record.status();
      records->push_back(*record);
    }
    return absl::OkStatus();
  }

  Env* const env_ = Env::Default();
  std::string path_;
};

// RFC 3720, appendix B.4.
TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(Crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(Crc32c(std::string(rising.rbegin(), rising.rend())), 0x113FDB5Cu);
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), 0xE3069283u);
}

TEST_F(TfRecord, KnownBytes) {
  // An empty record, as TensorFlow's tests have it: length 0, masked checksum of eight zero bytes,
  // masked checksum of nothing.
  WriteRecords({""}, Compression::kNone);
  const auto bytes = env_->ReadFile(path_);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, std::string("\0\0\0\0\0\0\0\0\x29\x03\x98\x07\xd8\xea\x82\xa2", 16));
}

TEST_F(TfRecord, RoundTrips) {
  std::vector<std::string> records = {"", "a", std::string("\0\n", 2)};
  for (int i = 0; i < 300; ++i) records.push_back(std::string(i * 17, static_cast<char>(i)));
  records.push_back(std::string(1 << 20, 'x'));
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kZlib}) {
    WriteRecords(records, compression);
    std::vector<std::string> read;
    const absl::Status status = ReadAll(compression, &read);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(read == records);
  }
  WriteRecords(records, Compression::kNone);
  std::vector<std::string> read;
  EXPECT_TRUE(ReadIndexed(&read).ok());
  EXPECT_TRUE(read == records);
}

TEST_F(TfRecord, FlushMakesRecordsReadable) {
  auto writer = TfRecordWriter::Create(env_, path_);
  ASSERT_TRUE((*writer)->Write("one").ok());
  ASSERT_TRUE((*writer)->Flush().ok());
  std::vector<std::string> read;
  EXPECT_TRUE(ReadAll(Compression::kNone, &read).ok());
  EXPECT_EQ(read.size(), 1u);
}

TEST_F(TfRecord, EveryFlippedBitIsFound) {
  WriteRecords({"first", "second record"}, Compression::kNone);
  const std::string good = *env_->ReadFile(path_);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    WriteBytes(bad);
    const size_t record = bit / 8 < 16 + 5 ? 0 : 1;
    const size_t place = bit / 8 - (record == 0 ? 0 : 21);
    const std::string expected =
        absl::StrCat("'", path_, "': record at offset ", record * 21, ": the checksum of its ",
                     place < 12 ? "length" : "data", " is wrong");
    std::vector<std::string> read;
    EXPECT_EQ(ReadAll(Compression::kNone, &read), absl::DataLossError(expected));
    EXPECT_EQ(read.size(), record);
    read.clear();
    EXPECT_EQ(ReadIndexed(&read), absl::DataLossError(expected));
  }
}

TEST_F(TfRecord, EveryTruncationIsFound) {
  WriteRecords({"first", "second record"}, Compression::kNone);
  const std::string good = *env_->ReadFile(path_);
  for (size_t size = 0; size < good.size(); ++size) {
    WriteBytes(good.substr(0, size));
    const size_t start = size < 21 ? 0 : 21;
    const size_t length = start == 0 ? 5 : 13;
    std::vector<std::string> read;
    const absl::Status status = ReadAll(Compression::kNone, &read);
    std::vector<std::string> indexed;
    EXPECT_EQ(ReadIndexed(&indexed), status);
    if (size == start) {
      EXPECT_TRUE(status.ok()) << status;
      continue;
    }
    const char* part = size - start < 12            ? "header"
                       : size - start < 12 + length ? "data"
                                                    : "checksum";
    EXPECT_EQ(status, absl::DataLossError(absl::StrCat("'", path_, "': record at offset ", start,
                                                       ": the file ends within its ", part)));
  }
}

TEST_F(TfRecord, ALengthThatLiesCostsNoMemory) {
  for (const uint64_t length : {uint64_t{1} << 40, ~uint64_t{0}, (~uint64_t{0}) - 11}) {
    std::string header(12, '\0');
    std::memcpy(header.data(), &length, 8);
    const uint32_t crc = MaskedCrc32c(absl::string_view(header).substr(0, 8));
    std::memcpy(header.data() + 8, &crc, 4);
    WriteBytes(header + "data");
    std::vector<std::string> read;
    EXPECT_THAT(std::string(ReadAll(Compression::kNone, &read).message()),
                HasSubstr("the file ends within its data"));
    EXPECT_THAT(std::string(ReadIndexed(&read).message()),
                HasSubstr("the file ends within its data"));
  }
}

TEST_F(TfRecord, DamagedPackedFiles) {
  WriteRecords({"first", "second record"}, Compression::kZlib);
  const std::string good = *env_->ReadFile(path_);
  for (size_t size = 0; size < good.size(); ++size) {
    WriteBytes(good.substr(0, size));
    std::vector<std::string> read;
    const absl::Status status = ReadAll(Compression::kZlib, &read);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(status.message()), HasSubstr("is not a whole zlib file"));
  }
  WriteBytes(good + "more");
  std::vector<std::string> read;
  EXPECT_THAT(std::string(ReadAll(Compression::kZlib, &read).message()),
              HasSubstr("bytes follow the end"));
  EXPECT_THAT(std::string(ReadAll(Compression::kGzip, &read).message()),
              HasSubstr("incorrect header check"));
}

TEST_F(TfRecord, NamesFilesThatCannotBeOpened) {
  EXPECT_THAT(std::string(TfRecordReader::Open(env_, "/none/x").status().message()),
              HasSubstr("'/none/x'"));
  EXPECT_THAT(std::string(TfRecordWriter::Create(env_, "/none/x").status().message()),
              HasSubstr("'/none/x'"));
}

}  // namespace
}  // namespace viv
