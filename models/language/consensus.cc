// The same chrF as SentenceChrf's, over hashes of n-grams that are counted once a text.
#include "models/language/consensus.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/base/random.h"
#include "models/language/unicode_text.h"

namespace viv {
namespace {

constexpr size_t kOrder = 6;
constexpr double kBeta2 = 4;  // recall counts twice as much as precision

// The hashes of a text's n-grams of characters without white space, sorted; of n = 1 to kOrder.
using Grams = std::array<std::vector<uint64_t>, kOrder>;

Grams GramsOf(const std::string& text) {
  Points points = ToPoints(text);
  points.erase(std::remove_if(points.begin(), points.end(), IsSpace), points.end());
  Grams grams;
  std::vector<uint64_t> hashes(points.size(), 0);
  for (size_t n = 1; n <= kOrder && n <= points.size(); ++n) {
    // What begins at i is longer by one than before.
    hashes.resize(points.size() - n + 1);
    for (size_t i = 0; i < hashes.size(); ++i) {
      hashes[i] = HashCombine(hashes[i], points[i + n - 1]);
    }
    grams[n - 1] = hashes;
    std::sort(grams[n - 1].begin(), grams[n - 1].end());
  }
  return grams;
}

// How many of them both hold.
size_t CountShared(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  size_t shared = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const bool same = *x == *y, less = *x < *y;
    shared += same;
    if (same || less) ++x;
    if (same || !less) ++y;
  }
  return shared;
}

// What is sums over the orders of precision and recall, at each of which both texts have n-grams.
struct Overlap {
  double precision = 0, recall = 0;
  int orders = 0;

  Overlap Reversed() const { return {recall, precision, orders}; }
  double Chrf() const {
    if (precision + recall == 0) return 0;
    return 100 * (1 + kBeta2) * precision * recall / (kBeta2 * precision + recall) / orders;
  }
};

Overlap OverlapOf(const Grams& text, const Grams& reference) {
  Overlap overlap;
  for (size_t n = 0; n < kOrder; ++n) {
    if (text[n].empty() || reference[n].empty()) break;
    const auto shared = static_cast<double>(CountShared(text[n], reference[n]));
    overlap.precision += shared / static_cast<double>(text[n].size());
    overlap.recall += shared / static_cast<double>(reference[n].size());
    ++overlap.orders;
  }
  return overlap;
}

}  // namespace

std::vector<double> ExpectedChrf(const std::vector<std::string>& texts,
                                 const std::vector<double>& log_weights) {
  if (texts.empty()) return {};
  const double highest = *std::max_element(log_weights.begin(), log_weights.end());
  std::vector<double> weights;
  double sum = 0;
  for (const double w : log_weights) {
    weights.push_back(std::exp(w - highest));
    sum += weights.back();
  }
  std::vector<Grams> grams;
  for (const std::string& text : texts) grams.push_back(GramsOf(text));
  std::vector<double> expected(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    expected[i] += 100 * weights[i] / sum;
    for (size_t k = 0; k < i; ++k) {
      const Overlap overlap = OverlapOf(grams[i], grams[k]);
      expected[i] += overlap.Chrf() * weights[k] / sum;
      expected[k] += overlap.Reversed().Chrf() * weights[i] / sum;
    }
  }
  return expected;
}

}  // namespace viv
