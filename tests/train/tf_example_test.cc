// tf.train.Example against bytes written out by hand from the wire format.
#include "core/data/tf_example.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace viv {
namespace {

using ::testing::HasSubstr;

TEST(TfExample, KnownBytes) {
  // example { features { feature { key "a" value { int64_list { value: [1, 300] } } } } }
  const std::string ints(
      "\x0a\x0e\x0a\x0c\x0a\x01"
      "a\x12\x07\x1a\x05\x0a\x03\x01\xac\x02",
      16);
  const auto encoded = EncodeTfExample({{"a", Tensor::Vector<int64_t>({{1, 300}})}});
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_EQ(*encoded, ints);
  const auto decoded = DecodeTfExample(ints);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(decoded->at("a").Identical(Tensor::Vector<int64_t>({{1, 300}})));
  // Numbers that are not packed, as old writers have them, and a feature of no kind.
  const std::string unpacked(
      "\x0a\x14\x0a\x0b\x0a\x01"
      "a\x12\x06\x1a\x04\x08\x01\x08\x02\x0a\x05\x0a\x01"
      "b\x12\x00",
      22);
  const auto old = DecodeTfExample(unpacked);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->size(), 1u);
  EXPECT_TRUE(old->at("a").Identical(Tensor::Vector<int64_t>({{1, 2}})));
}

TEST(TfExample, RoundTripsEveryKind) {
  const TfFeatures features = {
      {"bytes", Tensor::Vector<std::string>({{"a", std::string("\0\xff", 2)}})},
      {"float", Tensor::Of<float>({2, 1}, {1.5f, -2.0f})},
      {"half", Tensor::Vector<Half>({{Half(0.5f)}})},
      {"int", Tensor::Vector<int32_t>({{-1, 2}})},
      {"bool", Tensor::Scalar<bool>(true)},
      {"empty", Tensor::Vector<float>({})}};
  const auto encoded = EncodeTfExample(features);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_EQ(*EncodeTfExample(features), *encoded);
  const auto decoded = DecodeTfExample(*encoded);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->size(), 6u);
  EXPECT_TRUE(decoded->at("bytes").Identical(features.at("bytes")));
  EXPECT_TRUE(decoded->at("float").Identical(Tensor::Vector<float>({{1.5f, -2.0f}})));
  EXPECT_TRUE(decoded->at("half").Identical(Tensor::Vector<float>({{0.5f}})));
  EXPECT_TRUE(decoded->at("int").Identical(Tensor::Vector<int64_t>({{-1, 2}})));
  EXPECT_TRUE(decoded->at("bool").Identical(Tensor::Vector<int64_t>({{1}})));
  EXPECT_TRUE(decoded->at("empty").Identical(Tensor::Vector<float>({})));
}

TEST(TfExample, RefusesOtherBytesAndTypes) {
  EXPECT_EQ(DecodeTfExample("\xff\xff").status().message(),
            "a record of 2 bytes is no tf.train.Example");
  const std::string good = *EncodeTfExample({{"a", Tensor::Vector<int64_t>({{1, 300}})}});
  for (size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeTfExample(good.substr(0, size)).ok()) << size;
  }
  EXPECT_TRUE(DecodeTfExample("")->empty());
  EXPECT_THAT(std::string(EncodeTfExample({{"a", Tensor()}}).status().message()),
              HasSubstr("feature 'a' has type"));
  EXPECT_THAT(std::string(EncodeTfExample({{"\xff", Tensor()}}).status().message()),
              HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace viv
