// A progress bar with rate and time left, on standard error.
#ifndef VIV_CORE_BASE_PROGRESS_H_
#define VIV_CORE_BASE_PROGRESS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace viv {

struct ProgressOptions {
  std::string label;
  // What `done` counts, in the plural.
  std::string unit = "steps";
  // 0: not known; then there is neither a bar nor a time left.
  int64_t total = 0;
  // What is done already, of a run that is resumed; it does not count for the rate.
  int64_t done = 0;
  // Seconds between lines where the output is no terminal; a terminal's line is redrawn ten times a
  // second.
  double line_seconds = 30;

  // What it writes to, whether that redraws a line on "\r", and how wide it is; standard error
  // where `write` is empty.
  std::function<void(absl::string_view)> write;
  bool terminal = false;
  int width = 80;
  // Seconds since any fixed time; a steady clock where empty.
  std::function<double()> now;
};

// On a terminal one line that is drawn again and again, elsewhere (a log file) a line now and then:
//
//   train  45% [=======>        ] 450/1000 steps  12.3 steps/s  0:45 left  loss 2.31
//
// Not safe for concurrent use. Other output to the same terminal goes through Print().
class Progress {
 public:
  explicit Progress(ProgressOptions options);
  // Ends the line, where Finish() has not.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `note` stands at the line's end. Cheap where it is not yet time to draw.
  void Update(int64_t done, const std::string& note = "");
  // Writes a line of its own above the bar.
  void Print(absl::string_view line);
  // Draws the last state, with the whole time in place of the time left, and ends the line.
  void Finish();

 private:
  std::string Line(double now) const;
  void Draw(double now);

  ProgressOptions options_;
  double start_;
  double next_draw_;
  int64_t done_;
  std::string note_;
  bool on_line_ = false;  // the terminal's cursor is behind a drawn line
  bool finished_ = false;
  std::deque<std::pair<double, int64_t>> samples_;  // (time, done) of the last while
};

// "0:07", "12:34", "5:01:00"; "?" for what is no time.
std::string FormatDuration(double seconds);

}  // namespace viv

#endif  // VIV_CORE_BASE_PROGRESS_H_
