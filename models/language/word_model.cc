// The model is a text: a first line that says what it is, then a line for each piece.
#include "models/language/word_model.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace viv {
namespace {

constexpr char kHeader[] = "vivarium words 1\n";
constexpr char32_t kMark = 0xFFED;
constexpr int kControls = 4;
constexpr const char* kControlPieces[kControls] = {"<unk>", "<s>", "</s>", "<pad>"};

enum class Kind { kWord, kSymbol, kSign };

// A piece in a text: [begin, end), in characters.
struct Token {
  size_t begin = 0, end = 0;
  Kind kind = Kind::kSign;
  bool joins_left = false, joins_right = false;
};

bool IsOfWord(char32_t c) { return IsWordCharacter(c) || IsMark(c); }

Token TokenAt(const Points& text, size_t begin) {
  // What copy_text.h puts in place of what is copied.
  if (text[begin] == U'⟦' && begin + 2 < text.size() && text[begin + 2] == U'⟧') {
    return {begin, begin + 3, Kind::kSymbol};
  }
  size_t end = begin + 1;
  if (!IsOfWord(text[begin])) return {begin, end, Kind::kSign};
  while (end < text.size() && IsOfWord(text[end])) ++end;
  return {begin, end, Kind::kWord};
}

// In order. A mark goes to a sign rather than to a word, and never to a symbol.
std::vector<Token> Split(const Points& text) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < text.size();) {
    if (IsSpace(text[i]) || text[i] == kMark) {
      ++i;
      continue;
    }
    Token token = TokenAt(text, i);
    if (!tokens.empty() && tokens.back().end == i) {
      Token& before = tokens.back();
      const bool to_this = token.kind == Kind::kSign || before.kind == Kind::kSymbol;
      (to_this ? token.joins_left : before.joins_right) = true;
    }
    i = token.end;
    tokens.push_back(token);
  }
  for (Token& token : tokens) {
    if (token.kind == Kind::kSymbol) token.joins_left = token.joins_right = false;
  }
  return tokens;
}

std::string Written(const Points& text, const Token& token) {
  Points written;
  if (token.joins_left) written += kMark;
  written += text.substr(token.begin, token.end - token.begin);
  if (token.joins_right) written += kMark;
  return ToUtf8(written);
}

}  // namespace

bool WordModel::IsModel(const std::string& model) { return absl::StartsWith(model, kHeader); }

std::string WordModel::Train(const std::vector<std::string>& sentences, int vocab_size,
                             const std::vector<std::string>& symbols, std::string* model) const {
  std::map<std::string, int64_t> counts;
  for (const std::string& sentence : sentences) {
    const Points text = ToPoints(sentence);
    for (const Token& token : Split(text)) {
      if (token.kind != Kind::kSymbol) ++counts[Written(text, token)];
    }
  }
  if (counts.empty()) return "there are no words to learn";
  std::vector<std::pair<std::string, int64_t>> words(counts.begin(), counts.end());
  std::stable_sort(words.begin(), words.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const size_t room = static_cast<size_t>(vocab_size) - kControls - symbols.size();
  if (words.size() > room) words.resize(room);
  *model = kHeader;
  for (const char* control : kControlPieces) absl::StrAppend(model, control, "\n");
  for (const std::string& symbol : symbols) absl::StrAppend(model, symbol, "\n");
  for (const auto& [word, count] : words) absl::StrAppend(model, word, "\n");
  return "";
}

std::string WordModel::Load(const std::string& model) {
  if (!IsModel(model)) return "it is no list of words";
  pieces_ = absl::StrSplit(model.substr(sizeof(kHeader) - 1), '\n');
  // Behind the last line's end.
  if (pieces_.back().empty()) pieces_.pop_back();
  for (int i = 0; i < size(); ++i) {
    if (pieces_[i].empty() || !ids_.emplace(pieces_[i], i).second) {
      return absl::StrCat("line ", i + 2, " is empty or there twice");
    }
  }
  for (int i = 0; i < kControls; ++i) {
    if (size() <= i || pieces_[i] != kControlPieces[i]) return "its control pieces are missing";
  }
  return "";
}

std::string WordModel::Encode(const std::string& text, std::vector<int>* ids) const {
  const Points points = ToPoints(text);
  for (const Token& token : Split(points)) {
    const auto found = ids_.find(Written(points, token));
    ids->push_back(found == ids_.end() || found->second < kControls ? unknown() : found->second);
  }
  return "";
}

std::string WordModel::EncodeSpans(const std::string& text, std::vector<PieceSpan>* spans) const {
  const Points points = ToPoints(text);
  size_t bytes = 0, done = 0;
  const auto byte_of = [&](size_t i) {
    bytes += ToUtf8(points.substr(done, i - done)).size();
    done = i;
    return bytes;
  };
  for (const Token& token : Split(points)) {
    const size_t begin = byte_of(token.begin);
    spans->push_back({begin, byte_of(token.end)});
  }
  return "";
}

std::string WordModel::Decode(const std::vector<int>& ids, std::string* text) const {
  std::vector<PieceSpan> spans;
  Join(ids, text, &spans);
  return "";
}

std::string WordModel::DecodeSpans(const std::vector<int>& ids,
                                   std::vector<PieceSpan>* spans) const {
  std::string text;
  Join(ids, &text, spans);
  return "";
}

void WordModel::Join(const std::vector<int>& ids, std::string* text,
                     std::vector<PieceSpan>* spans) const {
  const std::string mark = ToUtf8({kMark});
  bool joins = true;
  for (const int id : ids) {
    const size_t begin = text->size();
    if (id == unknown() || id >= kControls) {
      absl::string_view piece = pieces_[id];
      joins = absl::ConsumePrefix(&piece, mark) || joins;
      const bool right = absl::ConsumeSuffix(&piece, mark);
      absl::StrAppend(text, joins ? "" : " ", piece);
      joins = right;
    }
    spans->push_back({begin, text->size()});
  }
}

int WordModel::Find(const std::string& piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? -1 : found->second;
}

std::string WordModel::Piece(int id) const { return pieces_[id]; }

}  // namespace viv
