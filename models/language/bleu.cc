// BLEU and chrF as sacreBLEU 2 defines them (Post 2018).
#include "models/language/bleu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <unordered_map>

#include "absl/strings/str_replace.h"
#include "models/language/ngrams.h"

namespace viv {
namespace {

constexpr int kWordOrder = 4;
constexpr int kCharacterOrder = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsStop(char c) { return c == '.' || c == ','; }
// The ASCII symbols that always stand alone.
bool IsSymbol(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
         (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

// The code points of UTF-8; a byte that begins none stands for itself.
std::vector<char32_t> CodePoints(const std::string& text) {
  std::vector<char32_t> points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t n = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = n == 1 ? lead : lead & (0xFF >> (n + 1));
    for (size_t k = 1; k < n && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    }
    points.push_back(point);
    i += n;
  }
  return points;
}

// What Python's str.split() splits at.
bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// Bytes of the code point at text[i].
size_t PointBytes(const std::string& text, size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  const size_t n = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(n, text.size() - i);
}

std::vector<std::string> SplitAtSpace(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (size_t i = 0; i < text.size();) {
    const size_t n = PointBytes(text, i);
    const std::string point = text.substr(i, n);
    if (IsSpace(CodePoints(point)[0])) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      word += point;
    }
    i += n;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// Replaces each pair of neighbours that `matches` (left to right, not overlapping) by
// before + first + between + second + after.
template <typename Matches>
std::string ReplacePairs(const std::string& text, Matches matches, const char* before,
                         const char* between, const char* after) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && matches(text[i], text[i + 1])) {
      out += before;
      out += text[i];
      out += between;
      out += text[++i];
      out += after;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> Tokenize13a(const std::string& text) {
  std::string line = absl::StrReplaceAll(text, {{"<skipped>", ""}, {"-\n", ""}, {"\n", " "}});
  // One after the other, as the script does: "&amp;lt;" ends as "<".
  for (const auto& [entity, symbol] : {std::pair("&quot;", "\""), std::pair("&amp;", "&"),
                                       std::pair("&lt;", "<"), std::pair("&gt;", ">")}) {
    line = absl::StrReplaceAll(line, {{entity, symbol}});
  }
  std::string spaced = " ";
  for (const char c : line) {
    if (IsSymbol(c)) {
      spaced += {' ', c, ' '};
    } else {
      spaced += c;
    }
  }
  spaced += ' ';
  spaced = ReplacePairs(
      spaced, [](char a, char b) { return !IsDigit(a) && IsStop(b); }, "", " ", " ");
  spaced = ReplacePairs(
      spaced, [](char a, char b) { return IsStop(a) && !IsDigit(b); }, " ", " ", "");
  spaced = ReplacePairs(
      spaced, [](char a, char b) { return IsDigit(a) && b == '-'; }, "", " ", " ");
  return SplitAtSpace(spaced);
}

double Bleu(const std::vector<std::string>& translations,
            const std::vector<std::string>& references) {
  return Bleu(translations, references, Tokenize13a);
}

double Bleu(const std::vector<std::string>& translations,
            const std::vector<std::string>& references, const WordSplitter& split) {
  std::array<int64_t, kWordOrder> correct = {}, total = {};
  int64_t length = 0, reference_length = 0;
  for (size_t i = 0; i < translations.size(); ++i) {
    const std::vector<std::string> words = split(translations[i]);
    const std::vector<std::string> expected = split(references[i]);
    length += words.size();
    reference_length += expected.size();
    for (int n = 1; n <= kWordOrder; ++n) {
      correct[n - 1] += Overlap(CountNgrams(words, n), CountNgrams(expected, n));
      total[n - 1] += std::max<int64_t>(0, static_cast<int64_t>(words.size()) - n + 1);
    }
  }
  if (correct[0] == 0) return 0;
  double sum = 0, smooth = 1;
  for (int n = 0; n < kWordOrder; ++n) {
    if (total[n] == 0) return 0;
    double precision = static_cast<double>(correct[n]) / total[n];
    if (correct[n] == 0) {
      smooth *= 2;
      precision = 1 / (smooth * total[n]);
    }
    sum += std::log(precision);
  }
  const double brevity =
      length < reference_length
          ? std::exp(1 - static_cast<double>(reference_length) / static_cast<double>(length))
          : 1;
  return 100 * brevity * std::exp(sum / kWordOrder);
}

double Chrf(const std::vector<std::string>& translations,
            const std::vector<std::string>& references) {
  const auto characters = [](const std::string& text) {
    std::vector<char32_t> points = CodePoints(text);
    points.erase(std::remove_if(points.begin(), points.end(), IsSpace), points.end());
    return std::u32string(points.begin(), points.end());
  };
  const auto count = [](const std::u32string& text, size_t n) {
    std::unordered_map<std::u32string, int64_t> counts;
    for (size_t i = 0; i + n <= text.size(); ++i) ++counts[text.substr(i, n)];
    return counts;
  };
  std::array<int64_t, kCharacterOrder> matches = {}, given = {}, expected = {};
  for (size_t i = 0; i < translations.size(); ++i) {
    const std::u32string a = characters(translations[i]), b = characters(references[i]);
    for (size_t n = 1; n <= kCharacterOrder && n <= b.size(); ++n) {
      matches[n - 1] += Overlap(count(a, n), count(b, n));
      given[n - 1] += n <= a.size() ? static_cast<int64_t>(a.size() - n + 1) : 0;
      expected[n - 1] += static_cast<int64_t>(b.size() - n + 1);
    }
  }
  double precision = 0, recall = 0;
  int orders = 0;
  for (int n = 0; n < kCharacterOrder; ++n) {
    if (given[n] == 0 || expected[n] == 0) continue;
    precision += static_cast<double>(matches[n]) / static_cast<double>(given[n]);
    recall += static_cast<double>(matches[n]) / static_cast<double>(expected[n]);
    ++orders;
  }
  if (orders == 0 || precision + recall == 0) return 0;
  precision /= orders;
  recall /= orders;
  constexpr double kFactor = 4;  // beta^2
  return 100 * (1 + kFactor) * precision * recall / (kFactor * precision + recall);
}

double SentenceChrf(const std::string& translation, const std::string& reference) {
  return Chrf({translation}, {reference});
}

}  // namespace viv
