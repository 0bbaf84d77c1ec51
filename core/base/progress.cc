// The rate is that of the last half minute, so that it follows what a machine does now.
#include "core/base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace viv {
namespace {

constexpr double kRateSeconds = 30;
constexpr double kRedrawSeconds = 0.1;
constexpr int kBarWidth = 20;

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int TerminalWidth() {
  winsize size = {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void WriteToStderr(absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

// Three digits that matter: "0.0123", "1.23", "123", "4567".
std::string FormatRate(double rate) {
  if (rate >= 100 || rate == 0) return absl::StrFormat("%.0f", rate);
  return absl::StrFormat("%.3g", rate);
}

// At most `width` characters, cut between characters.
std::string CutTo(std::string line, int width) {
  int characters = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (begins && characters++ == width) {
      line.resize(i);
      break;
    }
  }
  return line;
}

}  // namespace

std::string FormatDuration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "?";
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 3600) return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Progress(ProgressOptions options) : options_(std::move(options)), done_(options_.done) {
  if (!options_.now) options_.now = SteadySeconds;
  if (!options_.write) {
    options_.write = WriteToStderr;
    const char* term = std::getenv("TERM");
    options_.terminal =
        ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::string(term) != "dumb";
    options_.width = TerminalWidth();
  }
  start_ = options_.now();
  next_draw_ = start_ + (options_.terminal ? 0 : options_.line_seconds);
  samples_.emplace_back(start_, done_);
}

Progress::~Progress() {
  if (on_line_) options_.write("\n");
}

std::string Progress::Line(double now) const {
  std::string line = options_.label;
  const auto& [then, before] = samples_.front();
  const double rate = finished_ ? static_cast<double>(done_ - options_.done) / (now - start_)
                                : static_cast<double>(done_ - before) / (now - then);
  if (options_.total > 0) {
    const double part =
        std::clamp(static_cast<double>(done_) / static_cast<double>(options_.total), 0.0, 1.0);
    const int filled = static_cast<int>(part * kBarWidth);
    std::string bar(static_cast<size_t>(filled), '=');
    if (filled < kBarWidth) bar += '>';
    bar.resize(kBarWidth, ' ');
    absl::StrAppend(&line, absl::StrFormat(" %3d%% [%s] %d/%d %s", static_cast<int>(part * 100),
                                           bar, done_, options_.total, options_.unit));
  } else {
    absl::StrAppend(&line, " ", done_, " ", options_.unit);
  }
  if (std::isfinite(rate)) {
    absl::StrAppend(&line, "  ", FormatRate(rate), " ", options_.unit, "/s");
  }
  if (finished_) {
    absl::StrAppend(&line, "  in ", FormatDuration(now - start_));
  } else if (options_.total > 0) {
    const auto left = static_cast<double>(std::max<int64_t>(options_.total - done_, 0));
    absl::StrAppend(&line, "  ", FormatDuration(left / rate), " left");
  }
  if (!note_.empty()) absl::StrAppend(&line, "  ", note_);
  return line;
}

void Progress::Draw(double now) {
  if (!options_.terminal) {
    options_.write(Line(now) + "\n");
    return;
  }
  // "\x1b[K" clears what a longer line has left.
  options_.write(absl::StrCat("\r", CutTo(Line(now), options_.width - 1), "\x1b[K"));
  on_line_ = true;
}

void Progress::Update(int64_t done, const std::string& note) {
  done_ = done;
  const double now = options_.now();
  if (now < next_draw_) {
    if (note != note_) note_ = note;
    return;
  }
  note_ = note;
  next_draw_ = now + (options_.terminal ? kRedrawSeconds : options_.line_seconds);
  while (samples_.size() > 1 && samples_[1].first <= now - kRateSeconds) samples_.pop_front();
  Draw(now);
  if (now - samples_.back().first >= kRateSeconds / 30) samples_.emplace_back(now, done_);
}

void Progress::Print(absl::string_view line) {
  options_.write(absl::StrCat(on_line_ ? "\r\x1b[K" : "", line, "\n"));
  if (on_line_) Draw(options_.now());
}

void Progress::Finish() {
  if (finished_) return;
  finished_ = true;
  Draw(options_.now());
  if (on_line_) options_.write("\n");
  on_line_ = false;
}

}  // namespace viv
