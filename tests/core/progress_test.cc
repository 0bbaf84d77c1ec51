// The progress bar on a terminal and in a log, with a clock of its own.
#include "core/base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace viv {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProgressTest : public ::testing::Test {
 protected:
  ProgressOptions Options(bool terminal) {
    return {.label = "train",
            .total = 1000,
            .write = [this](absl::string_view text) { out_.emplace_back(text); },
            .terminal = terminal,
            .width = 100,
            .now = [this] { return time_; }};
  }
  std::vector<std::string> out_;
  double time_ = 5;
};

TEST_F(ProgressTest, RedrawsALineOnATerminal) {
  {
    Progress progress(Options(true));
    time_ += 10;
    progress.Update(250, "loss 2.5");
    time_ += 0.05;
    progress.Update(251, "loss 2.4");  // too soon to be drawn
    progress.Print("saved");
    time_ += 20;
    progress.Update(500);
  }
  EXPECT_THAT(
      out_, ElementsAre(
                "\rtrain  25% [=====>              ] 250/1000 steps  25 steps/s  0:30 left  loss "
                "2.5\x1b[K",
                "\r\x1b[Ksaved\n",
                "\rtrain  25% [=====>              ] 251/1000 steps  25 steps/s  0:30 left  loss "
                "2.4\x1b[K",
                "\rtrain  50% [==========>         ] 500/1000 steps  16.6 steps/s  0:30 left\x1b[K",
                "\n"));
}

TEST_F(ProgressTest, WritesLinesNowAndThenElsewhere) {
  Progress progress(Options(false));
  for (int step = 1; step <= 100; ++step) {
    time_ += 1;
    progress.Update(step * 10);
  }
  progress.Print("saved");
  progress.Finish();
  progress.Finish();
  EXPECT_THAT(
      out_,
      ElementsAre("train  30% [======>             ] 300/1000 steps  10 steps/s  1:10 left\n",
                  "train  60% [============>       ] 600/1000 steps  10 steps/s  0:40 left\n",
                  "train  90% [==================> ] 900/1000 steps  10 steps/s  0:10 left\n",
                  "saved\n",
                  "train 100% [====================] 1000/1000 steps  10 steps/s  in 1:40\n"));
}

TEST_F(ProgressTest, TheRateIsThatOfTheLastHalfMinute) {
  ProgressOptions options = Options(true);
  options.done = 400;  // resumed: not done in this run
  Progress progress(options);
  for (int second = 1; second <= 60; ++second) {
    time_ += 1;
    progress.Update(400 + (second <= 30 ? 10 * second : 300 + second - 30));
  }
  EXPECT_EQ(out_[19],
            "\rtrain  60% [============>       ] 600/1000 steps  10 steps/s  0:40 left\x1b[K");
  EXPECT_EQ(out_[59],
            "\rtrain  73% [==============>     ] 730/1000 steps  1 steps/s  4:30 left\x1b[K");
  progress.Finish();
  EXPECT_EQ(out_[60],
            "\rtrain  73% [==============>     ] 730/1000 steps  5.5 steps/s  in 1:00\x1b[K");
}

TEST_F(ProgressTest, WithoutATotalAndWithoutWork) {
  ProgressOptions options = Options(true);
  options.total = 0;
  options.unit = "lines";
  Progress progress(options);
  progress.Update(0);
  time_ += 2;
  progress.Update(7);
  EXPECT_THAT(out_, ElementsAre("\rtrain 0 lines\x1b[K", "\rtrain 7 lines  3.5 lines/s\x1b[K"));
}

TEST_F(ProgressTest, CutsBetweenCharacters) {
  ProgressOptions options = Options(true);
  options.label = "ééééé";
  options.width = 4;
  Progress progress(options);
  progress.Update(1);
  EXPECT_THAT(out_, ElementsAre("\réé\xc3\xa9\x1b[K"));
}

TEST_F(ProgressTest, IsSilentWhereNothingHappens) {
  { Progress progress(Options(true)); }
  EXPECT_THAT(out_, IsEmpty());
}

TEST(FormatDuration, Forms) {
  EXPECT_EQ(FormatDuration(0), "0:00");
  EXPECT_EQ(FormatDuration(59.4), "0:59");
  EXPECT_EQ(FormatDuration(754), "12:34");
  EXPECT_EQ(FormatDuration(18060), "5:01:00");
  EXPECT_EQ(FormatDuration(-1), "?");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::infinity()), "?");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::quiet_NaN()), "?");
}

}  // namespace
}  // namespace viv
