// Counts of a confusion matrix, and what is told of them.
#include "models/vision/confusion.h"

#include <gtest/gtest.h>

namespace viv {
namespace {

ConfusionMatrix Animals() {
  ConfusionMatrix matrix({"cat", "dog", "fox"});
  for (int i = 0; i < 3; ++i) matrix.Add(0, 0);
  matrix.Add(0, 1);
  for (int i = 0; i < 2; ++i) matrix.Add(1, 2);
  matrix.Add(2, 2);
  return matrix;
}

TEST(Confusion, Counts) {
  const ConfusionMatrix matrix = Animals();
  EXPECT_EQ(matrix.count(0, 0), 3);
  EXPECT_EQ(matrix.count(0, 1), 1);
  EXPECT_EQ(matrix.count(1, 0), 0);
  EXPECT_EQ(matrix.Of(0), 4);
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 4.0 / 7);
  EXPECT_EQ(ConfusionMatrix({"cat"}).accuracy(), 0);
}

TEST(Confusion, NamesTheWorstClassesFirst) {
  EXPECT_EQ(Animals().WorstClasses(5),
            "  0.0 %  dog (2 of 2 are taken for fox)\n"
            " 75.0 %  cat (1 of 4 are taken for dog)\n");
  EXPECT_EQ(Animals().WorstClasses(1), "  0.0 %  dog (2 of 2 are taken for fox)\n");
  EXPECT_EQ(ConfusionMatrix({"cat"}).WorstClasses(5), "");
}

TEST(Confusion, IsATable) {
  EXPECT_EQ(Animals().ToTsv(), "\tcat\tdog\tfox\ncat\t3\t1\t0\ndog\t0\t0\t2\nfox\t0\t0\t1\n");
}

TEST(Confusion, IsDrawnForAnyNumberOfClasses) {
  for (const int classes : {1, 3, 30, 109, 1000}) {
    ConfusionMatrix matrix(std::vector<std::string>(classes, std::string(100, 'x')));
    matrix.Add(0, 0);
    const absl::StatusOr<Tensor> drawing = matrix.Draw();
    ASSERT_TRUE(drawing.ok()) << classes << ": " << drawing.status();
    ASSERT_EQ(drawing->shape().rank(), 3);
    EXPECT_EQ(drawing->dim(2), 3);
    EXPECT_GE(drawing->dim(0), classes);
    EXPECT_LT(drawing->dim(0), 2500);
  }
}

// A right answer's cell is blue in full, an empty one is paper.
TEST(Confusion, ShowsShares) {
  ConfusionMatrix matrix(std::vector<std::string>(100, "x"));
  matrix.Add(0, 0);
  const absl::StatusOr<Tensor> drawing = matrix.Draw();
  ASSERT_TRUE(drawing.ok());
  int blue = 0;
  const uint8_t* pixels = drawing->data<uint8_t>();
  for (int64_t i = 0; i < drawing->num_elements(); i += 3) {
    blue += pixels[i] == 31 && pixels[i + 1] == 119 && pixels[i + 2] == 180;
  }
  EXPECT_EQ(blue, 64);  // 8 x 8 pixels
}

}  // namespace
}  // namespace viv
