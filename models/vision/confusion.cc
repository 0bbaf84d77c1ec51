// Counting, and a picture of the counts.
#include "models/vision/confusion.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status.h"
#include "core/train/canvas.h"

namespace viv {
namespace {

// More classes than this are drawn without names, or without numbers.
constexpr int kMostNamed = 60, kMostCounted = 20;
constexpr int kMargin = 12;
// Names are cut to so many pixels.
constexpr int kWidestName = 220;

constexpr Colour kRight = {31, 119, 180}, kWrong = {200, 60, 40}, kGrid = {225, 228, 232};

// From paper to `full`.
Colour Shade(const Colour& full, double share) {
  const auto mix = [share](uint8_t paper, uint8_t ink) {
    return static_cast<uint8_t>(paper + (ink - paper) * share);
  };
  return {mix(kPaper.red, full.red), mix(kPaper.green, full.green), mix(kPaper.blue, full.blue)};
}

std::string CutName(std::string name) {
  while (Canvas::TextWidth(name) > kWidestName) name.pop_back();
  return name;
}

void DrawCount(const std::string& text, int left, int top, int size, bool dark, Canvas* canvas) {
  if (Canvas::TextWidth(text) > size - 4) return;
  canvas->Text(left + (size - Canvas::TextWidth(text)) / 2, top + (size - Canvas::kTextHeight) / 2,
               text, dark ? kPaper : kInk);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::vector<std::string> names)
    : names_(std::move(names)), counts_(names_.size() * names_.size()) {}

void ConfusionMatrix::Add(int truth, int answer) { ++counts_[truth * classes() + answer]; }

int64_t ConfusionMatrix::Of(int truth) const {
  const auto row = counts_.begin() + int64_t{truth} * classes();
  return std::accumulate(row, row + classes(), int64_t{0});
}

double ConfusionMatrix::accuracy() const {
  const int64_t all = std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
  int64_t right = 0;
  for (int i = 0; i < classes(); ++i) right += count(i, i);
  return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
}

std::string ConfusionMatrix::WorstClasses(int most) const {
  struct Row {
    double recall;
    int truth, taken_for;
  };
  std::vector<Row> rows;
  for (int i = 0; i < classes(); ++i) {
    const int64_t all = Of(i);
    if (all == 0 || count(i, i) == all) continue;
    int worst = i == 0 ? classes() - 1 : 0;
    for (int k = 0; k < classes(); ++k) {
      if (k != i && count(i, k) > count(i, worst)) worst = k;
    }
    rows.push_back({static_cast<double>(count(i, i)) / static_cast<double>(all), i, worst});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.recall < b.recall; });
  if (static_cast<int>(rows.size()) > most) rows.resize(most);
  std::string text;
  for (const Row& row : rows) {
    absl::StrAppendFormat(&text, "%5.1f %%  %s (%d of %d are taken for %s)\n", 100 * row.recall,
                          names_[row.truth], count(row.truth, row.taken_for), Of(row.truth),
                          names_[row.taken_for]);
  }
  return text;
}

std::string ConfusionMatrix::ToTsv() const {
  std::string text;
  for (const std::string& name : names_) absl::StrAppend(&text, "\t", name);
  for (int i = 0; i < classes(); ++i) {
    absl::StrAppend(&text, "\n", names_[i]);
    for (int k = 0; k < classes(); ++k) absl::StrAppend(&text, "\t", count(i, k));
  }
  return text + "\n";
}

absl::StatusOr<Tensor> ConfusionMatrix::Draw() const {
  const bool named = classes() <= kMostNamed, counted = classes() <= kMostCounted;
  const int cell = counted ? 48 : named ? Canvas::kTextHeight + 4 : std::max(2, 800 / classes());
  int left = kMargin;
  for (const std::string& name : names_) {
    if (named) left = std::max(left, 2 * kMargin + Canvas::TextWidth(CutName(name)));
  }
  const int top = 2 * kMargin + Canvas::kTextHeight;
  Canvas canvas(std::max(left + cell * classes() + kMargin, 360), top + cell * classes() + kMargin);
  canvas.Text(kMargin, kMargin, absl::StrFormat("%.2f %% right", 100 * accuracy()), kInk);
  for (int i = 0; i < classes(); ++i) {
    const int y = top + i * cell;
    const auto all = static_cast<double>(std::max<int64_t>(Of(i), 1));
    if (named) {
      const std::string name = CutName(names_[i]);
      canvas.Text(left - kMargin - Canvas::TextWidth(name), y + (cell - Canvas::kTextHeight) / 2,
                  name, kInk);
    }
    for (int k = 0; k < classes(); ++k) {
      const int x = left + k * cell;
      const double share = static_cast<double>(count(i, k)) / all;
      const int line = cell > 8 ? 1 : 0;
      canvas.Box(x, y, x + cell, y + cell, kGrid);
      canvas.Box(x, y, x + cell - line, y + cell - line, Shade(i == k ? kRight : kWrong, share));
      if (counted) DrawCount(absl::StrCat(count(i, k)), x, y, cell, share > 0.6, &canvas);
    }
  }
  return canvas.ToTensor();
}

}  // namespace viv
