// Words as the tokenizer of Moses splits them, for scores in the form that papers report.
#ifndef VIV_MODELS_LANGUAGE_MOSES_WORDS_H_
#define VIV_MODELS_LANGUAGE_MOSES_WORDS_H_

#include <string>
#include <vector>

namespace viv {

// The words of a line of UTF-8 text in a language ("en", "fr", "it": where an apostrophe belongs
// differs), lower-cased. The rules of tokenizer.perl (Koehn et al. 2007) without its lists of
// abbreviations: a full stop within a line stays where the next word begins in lower case, where
// the word is one capital or holds another full stop, and leaves its word otherwise.
std::vector<std::string> MosesWordsLowerCased(const std::string& line, const std::string& language);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_MOSES_WORDS_H_
