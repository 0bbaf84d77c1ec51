// Pipelines: what they yield, that a restored position yields the same bits, and what they refuse.
#include "core/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/data/permutation.h"
#include "core/data/tfrecord.h"

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Example Number(int64_t i) { return {Tensor::Scalar<int64_t>(i)}; }

Dataset Numbers(int64_t n) {
  return Dataset::FromIndex("numbers", n,
                            [](int64_t i) -> absl::StatusOr<Example> { return Number(i); });
}

// Two vectors of pseudo-random lengths, filled with the element's number.
Dataset Sentences(int64_t n) {
  return Dataset::FromIndex("sentences", n, [](int64_t i) -> absl::StatusOr<Example> {
    const std::vector<int32_t> source(1 + HashCombine(1, i) % 9, static_cast<int32_t>(i));
    const std::vector<int32_t> target(1 + HashCombine(2, i) % 9, static_cast<int32_t>(-i));
    return Example{Tensor::Vector<int32_t>(source), Tensor::Vector<int32_t>(target)};
  });
}

// Takes its time, another one for each element, so that threads overtake each other.
absl::StatusOr<Example> SlowSquare(Example example) {
  const int64_t i = example[0].data<int64_t>()[0];
  std::this_thread::sleep_for(std::chrono::microseconds(HashCombine(7, i) % 300));
  return Number(i * i);
}

std::unique_ptr<DatasetIterator> Open(const Dataset& dataset) {
  auto iterator = dataset.MakeIterator();
  EXPECT_TRUE(iterator.ok()) << iterator.status();
  return iterator.ok() ? *std::move(iterator) : nullptr;
}

// At most `most` further elements.
std::vector<Example> Read(DatasetIterator& iterator, int64_t most = 1 << 20) {
  std::vector<Example> out;
  while (static_cast<int64_t>(out.size()) < most) {
    Example example;
    const absl::StatusOr<bool> more = iterator.Next(&example);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    out.push_back(std::move(example));
  }
  return out;
}

std::vector<int64_t> Values(const std::vector<Example>& examples) {
  std::vector<int64_t> values;
  for (const Example& example : examples) {
    for (int64_t i = 0; i < example[0].num_elements(); ++i) {
      values.push_back(example[0].ElementAsInt(i));
    }
  }
  return values;
}

std::vector<int64_t> AllValues(const Dataset& dataset) { return Values(Read(*Open(dataset))); }

bool Same(const std::vector<Example>& a, const std::vector<Example>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return false;
    for (size_t f = 0; f < a[i].size(); ++f) {
      if (!a[i][f].Identical(b[i][f])) return false;
    }
  }
  return true;
}

// Stops after every number of elements up to `most`, and finds that an iterator that is restored
// there goes on as the first does.
void ExpectResumes(const Dataset& dataset, int64_t most) {
  const std::vector<Example> all = Read(*Open(dataset), most);
  const auto n = static_cast<int64_t>(all.size());
  const auto stopped = Open(dataset);
  for (int64_t k = 0; k <= n; ++k) {
    const auto resumed = Open(dataset);
    Read(*resumed, k % 3);  // the place it is restored from does not matter
    const std::string position = stopped->Save();
    ASSERT_TRUE(resumed->Restore(position).ok()) << resumed->Restore(position) << position;
    EXPECT_EQ(resumed->Save(), position);
    EXPECT_TRUE(Same(Read(*resumed, n - k), {all.begin() + k, all.end()})) << "after " << k;
    Read(*stopped, 1);
  }
}

absl::Status FirstError(const Dataset& dataset) {
  auto iterator = dataset.MakeIterator();
  if (!iterator.ok()) return iterator.status();
  Example example;
  while (true) {
    const absl::StatusOr<bool> more = (*iterator)->Next(&example);
    if (!more.ok()) {
      EXPECT_EQ((*iterator)->Next(&example).status(), more.status());
      return more.status();
    }
    if (!*more) return absl::OkStatus();
  }
}

class DatasetFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = JoinPath(::testing::TempDir(), absl::StrCat("viv_dataset_", info->name()));
    ASSERT_TRUE(Env::Default()->CreateDirs(directory_).ok());
  }
  void TearDown() override { ASSERT_TRUE(Env::Default()->Remove(directory_).ok()); }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = JoinPath(directory_, name);
    EXPECT_TRUE(WriteFileAtomically(Env::Default(), path, text).ok());
    return path;
  }
  std::string WriteRecords(const std::string& name, int n, Compression compression) {
    const std::string path = JoinPath(directory_, name);
    auto writer = TfRecordWriter::Create(Env::Default(), path, compression);
    EXPECT_TRUE(writer.ok());
    for (int i = 0; i < n; ++i) {
      EXPECT_TRUE((*writer)->Write(absl::StrCat(name, " record ", i)).ok());
    }
    EXPECT_TRUE((*writer)->Close().ok());
    return path;
  }
  std::string directory_;
};

TEST(Permutation, IsOne) {
  for (const int64_t n : {0, 1, 2, 3, 5, 16, 17, 1000}) {
    const Permutation first(n, 3, 0);
    const Permutation second(n, 3, 1);
    std::set<int64_t> seen;
    bool differs = false;
    for (int64_t i = 0; i < n; ++i) {
      EXPECT_GE(first.At(i), 0);
      EXPECT_LT(first.At(i), n);
      seen.insert(first.At(i));
      differs |= first.At(i) != second.At(i);
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), n);
    EXPECT_TRUE(differs || n < 16);
  }
}

TEST(Permutation, SpreadsNeighbours) {
  // Of n uniform places, neighbours lie n / 3 apart on average.
  const int64_t n = 30000;
  const Permutation permutation(n, 1, 0);
  double distance = 0;
  for (int64_t i = 1; i < n; ++i) distance += std::abs(permutation.At(i) - permutation.At(i - 1));
  EXPECT_NEAR(distance / n, n / 3.0, n * 0.01);
}

TEST(Dataset, MapsFiltersTakesAndSkips) {
  const auto odd = [](const Example& e) { return e[0].data<int64_t>()[0] % 2 == 1; };
  const auto square = [](Example e) -> absl::StatusOr<Example> {
    return Number(e[0].data<int64_t>()[0] * e[0].data<int64_t>()[0]);
  };
  EXPECT_THAT(AllValues(Numbers(100).Filter("odd", odd).Skip(1).Map("square", square).Take(3)),
              ElementsAre(9, 25, 49));
  EXPECT_THAT(AllValues(Numbers(3).Skip(5)), ElementsAre());
  EXPECT_THAT(AllValues(Numbers(3).Take(0)), ElementsAre());
  EXPECT_THAT(AllValues(Numbers(0).Repeat(3).Batch(2).Prefetch(1)), ElementsAre());
  EXPECT_THAT(AllValues(Dataset::FromVector("two", {Number(8), Number(9)}).Repeat(2)),
              ElementsAre(8, 9, 8, 9));
}

TEST(Dataset, ParallelMapKeepsTheOrder) {
  const std::vector<int64_t> expected = AllValues(Numbers(200).Map("square", SlowSquare));
  EXPECT_EQ(AllValues(Numbers(200).Map("square", SlowSquare, 4)), expected);
  EXPECT_EQ(AllValues(Numbers(200).Prefetch(3).Map("square", SlowSquare, 3).Prefetch(2)), expected);
}

TEST(Dataset, ShufflesEachEpochAnew) {
  const std::vector<int64_t> values = AllValues(Numbers(50).Shuffle(5).Repeat(2));
  std::vector<int64_t> first(values.begin(), values.begin() + 50);
  std::vector<int64_t> second(values.begin() + 50, values.end());
  EXPECT_NE(first, second);
  EXPECT_EQ(AllValues(Numbers(50).Shuffle(5)), first);
  EXPECT_NE(AllValues(Numbers(50).Shuffle(6)), first);
  std::vector<int64_t> sorted(50);
  std::iota(sorted.begin(), sorted.end(), 0);
  EXPECT_NE(first, sorted);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_EQ(first, sorted);
  EXPECT_EQ(second, sorted);
}

TEST(Dataset, ShufflesWindows) {
  const std::vector<int64_t> values = AllValues(Numbers(10).ShuffleWindow(4, 1));
  ASSERT_EQ(values.size(), 10u);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i] / 4, static_cast<int64_t>(i / 4));
  const std::vector<int64_t> twice = AllValues(Numbers(40).ShuffleWindow(40, 1).Repeat(2));
  EXPECT_FALSE(std::equal(twice.begin(), twice.begin() + 40, twice.begin() + 40));
}

TEST(Dataset, TellsElementsApart) {
  const Dataset dataset = Numbers(5).Shuffle(1).Repeat(2).Map(
      "info", [](Example e, const ElementInfo& info) -> absl::StatusOr<Example> {
        return Example{Tensor::Vector<int64_t>({e[0].data<int64_t>()[0], info.index, info.epoch})};
      });
  const auto iterator = Open(dataset);
  std::vector<Example> elements = Read(*iterator);
  ASSERT_EQ(elements.size(), 10u);
  for (size_t i = 0; i < elements.size(); ++i) {
    EXPECT_EQ(elements[i][0].data<int64_t>()[0], elements[i][0].data<int64_t>()[1]);
    EXPECT_EQ(elements[i][0].data<int64_t>()[2], static_cast<int64_t>(i / 5));
  }
  EXPECT_EQ(iterator->info().epoch, 1);
}

TEST(Dataset, NestedRepeatsNumberTheirEpochs) {
  const Dataset dataset = Numbers(1).Repeat(2).Repeat(3).Map(
      "epoch", [](Example, const ElementInfo& info) -> absl::StatusOr<Example> {
        return Number(info.epoch);
      });
  EXPECT_THAT(AllValues(dataset), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Dataset, Batches) {
  const auto batches = Read(*Open(Numbers(5).Batch(2)));
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0][0].shape(), Shape({2}));
  EXPECT_EQ(batches[2][0].shape(), Shape({1}));
  EXPECT_THAT(Values(batches), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(Read(*Open(Numbers(5).Batch(2, {.drop_remainder = true}))).size(), 2u);
}

TEST(Dataset, PadsEveryDimension) {
  std::vector<Example> examples;
  examples.push_back({Tensor::Of<float>({1, 2}, {1, 2}), Tensor::Vector<std::string>({{"a"}})});
  examples.push_back({Tensor::Of<float>({2, 1}, {3, 4}), Tensor::Vector<std::string>({})});
  examples.push_back({Tensor::Of<float>({0, 3}, {}), Tensor::Vector<std::string>({{"b"}, {"c"}})});
  const auto batches = Read(*Open(Dataset::FromVector("examples", examples).PaddedBatch(3, {-1})));
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_TRUE(batches[0][0].Identical(Tensor::Of<float>(
      {3, 2, 3}, {1, 2, -1, -1, -1, -1, 3, -1, -1, 4, -1, -1, -1, -1, -1, -1, -1, -1})));
  EXPECT_TRUE(
      batches[0][1].Identical(Tensor::Of<std::string>({3, 2}, {"a", "", "", "", "b", "c"})));
}

TEST(Dataset, PadsEveryType) {
  const auto check = [](auto one, auto pad) {
    using T = decltype(one);
    const std::vector<Example> rows = {{Tensor::Of<T>({1}, {one})},
                                       {Tensor::Of<T>({2}, {one, one})}};
    const auto stacked = PadAndStackExamples(rows, {1.0});
    ASSERT_TRUE(stacked.ok()) << stacked.status();
    EXPECT_TRUE((*stacked)[0].Identical(Tensor::Of<T>({2, 2}, {one, pad, one, one})));
  };
  check(2.5f, 1.0f);
  check(2.5, 1.0);
  check(BFloat16(2.5f), BFloat16(1.0f));
  check(Half(2.5f), Half(1.0f));
  check(int8_t{2}, int8_t{1});
  check(uint8_t{2}, uint8_t{1});
  check(int32_t{2}, int32_t{1});
  check(int64_t{2}, int64_t{1});
  check(false, true);
}

TEST(Dataset, BucketsByLength) {
  const int64_t n = 1000;
  const auto batches = Read(*Open(Sentences(n).Shuffle(3).BucketByLength(
      {.window = 250, .max_tokens = 60, .max_rows = 12, .pad_values = {-1, 1}, .seed = 3})));
  std::multiset<int64_t> seen;
  int64_t cells = 0;
  int64_t filled = 0;
  for (const Example& batch : batches) {
    const int64_t rows = batch[0].dim(0);
    EXPECT_LE(rows * std::max(batch[0].dim(1), batch[1].dim(1)), 60);
    EXPECT_LE(rows, 12);
    cells += batch[0].num_elements();
    for (int64_t r = 0; r < rows; ++r) {
      seen.insert(batch[0].ElementAsInt(r * batch[0].dim(1)));
      for (int64_t c = 0; c < batch[0].dim(1); ++c) {
        filled += batch[0].ElementAsInt(r * batch[0].dim(1) + c) >= 0;
      }
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(n));
  EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), static_cast<size_t>(n));
  EXPECT_GT(static_cast<double>(filled) / cells, 0.9);  // unsorted, it is about 0.6
  bool shuffled = false;
  for (size_t i = 1; i < 20; ++i) shuffled |= batches[i][0].dim(1) < batches[i - 1][0].dim(1);
  EXPECT_TRUE(shuffled);
}

TEST(Dataset, BucketsGiveALongExampleItsOwnBatch) {
  std::vector<Example> examples;
  for (int64_t length : {3, 100, 3, 3}) {
    examples.push_back({Tensor::Vector<int32_t>(std::vector<int32_t>(length, 7))});
  }
  const auto batches = Read(*Open(Dataset::FromVector("mixed", examples)
                                      .BucketByLength({.length_fields = {0}, .max_tokens = 10})));
  ASSERT_EQ(batches.size(), 2u);
  const int64_t rows = batches[0][0].dim(0);
  EXPECT_TRUE(rows == 1 || rows == 3);
  EXPECT_EQ(batches[0][0].dim(1), rows == 1 ? 100 : 3);
}

TEST(DatasetPosition, ResumesAnywhere) {
  ExpectResumes(Numbers(7), 100);
  ExpectResumes(Numbers(7).Shuffle(1).Repeat(3), 100);
  ExpectResumes(Numbers(5).Repeat().Take(12), 100);
  ExpectResumes(Numbers(20).Skip(3).ShuffleWindow(4, 2).Repeat(2).Batch(3), 100);
  ExpectResumes(Numbers(20).Batch(3, {.drop_remainder = true}).Repeat(2), 100);
  ExpectResumes(Numbers(6).Prefetch(4).Repeat(3), 100);
  ExpectResumes(Numbers(0).Repeat(2), 100);
  ExpectResumes(Numbers(4).Repeat(2).Repeat(2).ShuffleWindow(3, 1).ShuffleWindow(5, 2), 100);
}

TEST(DatasetPosition, ResumesTheTrainingPipeline) {
  const auto copy = [](Example e) -> absl::StatusOr<Example> {
    std::this_thread::sleep_for(std::chrono::microseconds(e[0].dim(0) * 5));
    return e;
  };
  ExpectResumes(Sentences(120)
                    .Shuffle(9)
                    .Map("copy", copy, 3)
                    .Repeat()
                    .BucketByLength({.window = 50, .max_tokens = 40, .seed = 4})
                    .Prefetch(3),
                45);
}

TEST(DatasetPosition, DoesNotDependOnThreads) {
  const Dataset serial = Numbers(50).Shuffle(2).Map("square", SlowSquare).Repeat().Batch(4);
  const Dataset parallel =
      Numbers(50).Shuffle(2).Map("square", SlowSquare, 3).Repeat().Batch(4).Prefetch(2);
  const auto first = Open(parallel);
  const auto second = Open(serial);
  Read(*first, 17);
  ASSERT_TRUE(second->Restore(first->Save()).ok());
  EXPECT_TRUE(Same(Read(*first, 20), Read(*second, 20)));
}

TEST(DatasetPosition, RefusesOthers) {
  const auto iterator = Open(Numbers(10).Shuffle(1));
  Read(*iterator, 3);
  const std::string position = iterator->Save();
  for (const Dataset& other : {Numbers(11).Shuffle(1), Numbers(10).Shuffle(2), Numbers(10),
                               Numbers(10).Shuffle(1).Take(5)}) {
    const auto target = Open(other);
    const std::vector<Example> before = Read(*target, 1);
    const absl::Status status = target->Restore(position);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("belongs to another dataset"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("numbers[10] | Shuffle(1)"));
    EXPECT_EQ(target->info().index, before[0][0].data<int64_t>()[0]);
    EXPECT_EQ(Read(*target, 1).size(), 1u);  // it goes on
  }
}

TEST(DatasetPosition, RefusesDamage) {
  const Dataset dataset = Numbers(10).Repeat(2).Batch(2);
  const auto iterator = Open(dataset);
  Read(*iterator, 2);
  const std::string good = iterator->Save();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << good;
    return text.replace(at, from.size(), to);
  };
  const auto error = [&](const std::string& text) {
    return std::string(Open(dataset)->Restore(text).message());
  };
  EXPECT_EQ(error(good), "");
  EXPECT_THAT(error(""), HasSubstr("not a JSON object"));
  EXPECT_THAT(error("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(good.substr(0, good.size() / 2)), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(with("\"version\":1", "\"version\":2")), HasSubstr("version is 2"));
  EXPECT_THAT(error(with("\"position\":[", "\"position\":[\"a\",")), HasSubstr("integers"));
  EXPECT_THAT(error(with("\"position\":[", "\"position\":[0,")), HasSubstr("position"));
  EXPECT_THAT(error(with("4]", "4,4]")), HasSubstr("too many numbers"));
  EXPECT_THAT(error(with(",4]", "]")), HasSubstr("too few numbers"));
  EXPECT_THAT(error(with(",4]", ",11]")), HasSubstr("is 11, not in [0, 10]"));
  EXPECT_THAT(error(with(",4]", ",-1]")), HasSubstr("is -1, not in [0, 10]"));
}

TEST(DatasetPosition, SurvivesAnyNumbers) {
  const Dataset dataset = Sentences(40)
                              .Shuffle(1)
                              .Skip(1)
                              .Repeat(3)
                              .Repeat(2)
                              .Take(100)
                              .ShuffleWindow(8, 1)
                              .BucketByLength({.window = 20, .max_tokens = 30})
                              .Prefetch(2);
  const auto iterator = Open(dataset);
  Read(*iterator, 7);
  const std::string good = iterator->Save();
  const size_t begin = good.find("\"position\":[") + 12;
  const std::vector<std::string> numbers =
      absl::StrSplit(good.substr(begin, good.find(']', begin) - begin), ',');
  RandomStream random(1);
  int restored = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::string> changed = numbers;
    const int64_t values[] = {
        0, 1, -1, INT64_MAX, INT64_MIN, static_cast<int64_t>(random.Below(40)), 39, 40, 3};
    for (uint64_t n = 1 + random.Below(2); n > 0; --n) {
      changed[random.Below(changed.size())] = absl::StrCat(values[random.Below(9)]);
    }
    const std::string text =
        absl::StrCat(good.substr(0, begin), absl::StrJoin(changed, ","), "],\"version\":1}");
    const auto target = Open(dataset);
    if (!target->Restore(text).ok()) continue;
    ++restored;
    Example example;
    for (int i = 0; i < 30; ++i) {
      const absl::StatusOr<bool> more = target->Next(&example);
      if (!more.ok() || !*more) break;
    }
  }
  EXPECT_GT(restored, 50);
  EXPECT_LT(restored, 950);
}

TEST(DatasetErrors, AreCarriedToTheReader) {
  const auto fail = [](Example e) -> absl::StatusOr<Example> {
    if (e[0].data<int64_t>()[0] >= 37) return absl::InvalidArgumentError("no word");
    return e;
  };
  for (int threads : {1, 4}) {
    const auto iterator = Open(Numbers(100).Map("encode", fail, threads));
    EXPECT_EQ(Read(*iterator, 37).size(), 37u);
    Example example;
    const absl::Status status = iterator->Next(&example).status();
    EXPECT_EQ(status, absl::InvalidArgumentError("Map(encode): element 37: no word"));
    EXPECT_EQ(iterator->Next(&example).status(), status);
  }
}

TEST(DatasetErrors, ExceptionsEndAtTheFunction) {
  const auto fail = [](Example) -> absl::StatusOr<Example> { throw std::runtime_error("thrown"); };
  EXPECT_EQ(FirstError(Numbers(3).Map("bad", fail)).message(),
            "Map(bad): element 0: the function: thrown");
  EXPECT_EQ(FirstError(Numbers(3).Map("bad", fail, 3).Prefetch(2)).message(),
            "Map(bad): element 0: the function: thrown");
  EXPECT_EQ(
      FirstError(Numbers(3).Filter(
                     "bad", [](const Example&) -> bool { throw std::runtime_error("thrown"); }))
          .message(),
      "Filter(bad): element 0: the function: thrown");
  EXPECT_EQ(FirstError(Dataset::FromIndex("mine", 3,
                                          [](int64_t) -> absl::StatusOr<Example> {
                                            throw std::runtime_error("thrown");
                                          }))
                .message(),
            "mine: element 0: the source: thrown");
}

TEST(DatasetErrors, NameWhatIsWrong) {
  const auto message = [](const Dataset& d) { return std::string(FirstError(d).message()); };
  EXPECT_THAT(message(Numbers(3).Batch(0)), HasSubstr("Batch(0): at least one element is needed"));
  EXPECT_THAT(message(Numbers(3).Prefetch(0)), HasSubstr("Prefetch: at least one element"));
  EXPECT_THAT(message(Numbers(3).Take(-1)), HasSubstr("Take: the number of elements is negative"));
  EXPECT_THAT(message(Numbers(3).Skip(-1)), HasSubstr("Skip: the number of elements is negative"));
  EXPECT_THAT(message(Numbers(3).Repeat(-2)), HasSubstr("Repeat: the number of epochs"));
  EXPECT_THAT(message(Numbers(3).Map("f", SlowSquare, 0)), HasSubstr("at least one thread"));
  EXPECT_THAT(message(Numbers(-3)), HasSubstr("numbers: the size is negative: -3"));
  EXPECT_THAT(message(Numbers(0).Repeat()), HasSubstr("there is no element to repeat"));
  EXPECT_THAT(message(Numbers(3).Take(2).Shuffle(1)), HasSubstr("use ShuffleWindow"));
  EXPECT_THAT(message(Numbers(3).BucketByLength({})), HasSubstr("max_tokens or max_rows"));
  EXPECT_THAT(message(Numbers(3).BucketByLength({.length_fields = {}, .max_rows = 1})),
              HasSubstr("length_fields is empty"));
  EXPECT_THAT(message(Numbers(3).BucketByLength({.length_fields = {-1}, .max_rows = 1})),
              HasSubstr("field -1"));
  EXPECT_THAT(message(Numbers(3).BucketByLength({.max_rows = 1})),
              HasSubstr("element 0: field 0 is a scalar"));
  EXPECT_THAT(message(Sentences(3).BucketByLength({.length_fields = {2}, .max_rows = 1})),
              HasSubstr("field 2 is missing"));
  EXPECT_THAT(message(Sentences(9).Batch(9)), HasSubstr("Batch(9): batch 0: field 0 is int32["));
  EXPECT_THAT(message(Dataset::Zip({})), HasSubstr("there is no dataset"));
  EXPECT_THAT(message(Dataset::Zip({Numbers(2), Numbers(3)})), HasSubstr("end before the others"));
}

TEST(DatasetThreads, EndWhileWorkIsUnderWay) {
  for (int i = 0; i < 50; ++i) {
    const auto iterator = Open(Numbers(1000).Map("square", SlowSquare, 3).Repeat().Prefetch(5));
    Read(*iterator, i % 4);
  }
}

TEST_F(DatasetFiles, ReadsLines) {
  const std::string a = Write("a.txt", "one\ntwo\r\n\nfour");
  const std::string b = Write("b.txt", "");
  const std::string c = Write("c.txt", "five\n");
  const Dataset lines = Dataset::TextLines({a, b, c});
  std::vector<std::string> texts;
  for (const Example& e : Read(*Open(lines))) texts.push_back(e[0].data<std::string>()[0]);
  EXPECT_THAT(texts, ElementsAre("one", "two", "", "four", "five"));
  ExpectResumes(lines.Repeat(2), 100);
  ExpectResumes(Dataset::Zip({lines, Numbers(5)}).ShuffleWindow(2, 1), 100);
  EXPECT_THAT(std::string(FirstError(Dataset::TextLines({a, directory_ + "/none"})).message()),
              HasSubstr("none': No such file"));
}

TEST_F(DatasetFiles, ReadsRecordsPlainAndPacked) {
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kZlib}) {
    const std::string a = WriteRecords("a", 5, compression);
    const std::string b = WriteRecords("b", 0, compression);
    const std::string c = WriteRecords("c", 3, compression);
    const Dataset records = Dataset::TfRecords({a, b, c}, compression);
    const auto all = Read(*Open(records));
    ASSERT_EQ(all.size(), 8u);
    EXPECT_EQ(all[4][0].data<std::string>()[0], "a record 4");
    EXPECT_EQ(all[5][0].data<std::string>()[0], "c record 0");
    ExpectResumes(records.Repeat(2).Prefetch(2), 100);
    if (compression == Compression::kNone) {
      ExpectResumes(records.Shuffle(1).Repeat(2), 100);
    } else {
      EXPECT_THAT(std::string(FirstError(records.Shuffle(1)).message()),
                  HasSubstr("random access"));
    }
  }
}

TEST_F(DatasetFiles, KnowsChangedFiles) {
  const std::string a = Write("a.txt", "one\ntwo\n");
  const auto iterator = Open(Dataset::TextLines({a}));
  Read(*iterator, 1);
  const std::string position = iterator->Save();
  Write("a.txt", "one\ntwo\nthree\n");
  EXPECT_THAT(std::string(Open(Dataset::TextLines({a}))->Restore(position).message()),
              HasSubstr("TextLines(a.txt:8)"));
}

}  // namespace
}  // namespace viv
