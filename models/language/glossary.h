// Terms whose translations a user has fixed.
#ifndef VIV_MODELS_LANGUAGE_GLOSSARY_H_
#define VIV_MODELS_LANGUAGE_GLOSSARY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "models/language/unicode_text.h"

namespace viv {

// [begin, end) of a text, and what the glossary puts in its place.
struct GlossaryMatch {
  size_t begin = 0, end = 0;
  Points target;
};

// Terms are literal texts, not patterns. They match whole words in any case; a term's spaces match
// any white space. Looking a text up takes time by its length, hardly by the number of terms. Safe
// for concurrent use.
class Glossary {
 public:
  // A file of lines "term<tab>translation" (gzip is unpacked); empty lines and further columns are
  // left out. InvalidArgument, with file and line, for a line without either, for text that is not
  // UTF-8, and for a term with two translations.
  static absl::StatusOr<Glossary> Read(Env* env, const std::string& path);

  // The terms of a text (CleanText) in order, without overlap; of several that begin at one place
  // the longest. A translation begins with a capital where the text does and the term does not.
  std::vector<GlossaryMatch> Find(const Points& text) const;

  size_t size() const { return terms_.size(); }

 private:
  struct Term {
    Points folded, target;
    bool capital = false;  // the term begins with one
    size_t line = 0;
  };
  // The longest that begins at `begin` of a folded text, or null; it ends at `*end`.
  const Term* LongestAt(const Points& folded, size_t begin, size_t* end) const;

  std::vector<Term> terms_;  // sorted
};

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_GLOSSARY_H_
