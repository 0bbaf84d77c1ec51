// Copying: what a translation should leave as it is (copy_spans.h) is replaced by symbols before
// the net sees it, and put back in their place afterwards. The net learns where symbols go, from
// training text in which words that both sides share were replaced by symbols; the search sees to
// it that every symbol of the source comes out, as often as it went in.
//
// Luong et al. 2015 ("Addressing the rare word problem") point from unknown words to the source by
// their position; here the symbol itself tells which.
#ifndef VIV_MODELS_LANGUAGE_COPY_TEXT_H_
#define VIV_MODELS_LANGUAGE_COPY_TEXT_H_

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "datasets/text_pairs/text_pairs.h"
#include "models/language/copy_spans.h"
#include "models/language/glossary.h"
#include "models/language/tokenizer.h"

namespace viv {

// The symbols, for TokenizerOptions.
std::vector<std::string> CopySymbols();

// Words in folded case, by which names are told from words: a name is what no training text has.
class KnownWords {
 public:
  // The words of the sources that occur at least `least` times.
  static KnownWords Of(const std::vector<TextPair>& pairs, int least = 2);
  // One word a line, and back.
  static KnownWords FromText(const std::string& text);
  std::string ToText() const;
  // Takes in those of the other.
  void Add(const KnownWords& other);
  bool empty() const { return words_.empty(); }
  bool Has(const Points& folded) const;
  // A word that begins with a capital, or has one inside, and is not known, neither in full nor
  // part by part between its hyphens.
  bool IsName(const Points& word) const;

 private:
  std::unordered_set<std::u32string> words_;
};

// A sentence with symbols in place of what is copied.
class MaskedText {
 public:
  const std::string& text() const { return text_; }
  // The numbers of the symbols, one for each span.
  std::vector<int> Symbols() const;
  // A translation of text(), with the spans put back. A symbol that went in more often comes back
  // in order; one that never went in, or not so often, leaves nothing behind.
  // `positions` (null: not wanted) gets for each character of the translation, and for its end,
  // where that is in what is returned.
  std::string Restore(const std::string& translation,
                      std::vector<size_t>* positions = nullptr) const;
  // Where character `i` of text(), or its end, was in the sentence; what stands for a span is at
  // the span's beginning.
  size_t Origin(size_t i) const { return origins_[i]; }

 private:
  friend class TextCopier;
  friend TextPair MaskPair(const TextPair& pair);
  struct Copied {
    int symbol;
    Points text;
    // Mark-up that had no space on that side gets none.
    bool joins_left, joins_right;
  };
  static MaskedText Of(const Points& text, const std::vector<CopySpan>& spans, int first_symbol);

  std::string text_;
  std::vector<size_t> origins_;
  std::vector<Copied> copied_;
};

// Masks sentences for a translator with these pieces. Safe for concurrent use.
class TextCopier {
 public:
  // Without the symbols among the pieces nothing is masked; without known words no names.
  TextCopier(const Tokenizer& tokenizer, std::shared_ptr<const KnownWords> known);
  // Terms of the glossary (null: none) are masked too, and come out as it says; one that would cut
  // something else in two, such as an address, is not.
  MaskedText Mask(const Points& text, const Glossary* glossary = nullptr) const;
  // The pieces of the symbols, in order; empty where the tokenizer lacks them.
  const std::vector<int32_t>& symbol_pieces() const { return symbol_pieces_; }

 private:
  bool IsStrange(char32_t c) const;

  Tokenizer tokenizer_;
  std::shared_ptr<const KnownWords> known_;
  std::vector<int32_t> symbol_pieces_;
  std::unordered_set<char32_t> characters_;  // of the pieces
};

// A pair to learn from, with symbols for what both sides share: numbers and the like always, words
// that stand once on either side now and then, capitalised ones more often. A function of the pair
// alone.
TextPair MaskPair(const TextPair& pair);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_COPY_TEXT_H_
