// The words of a query or a sentence that say what is on a photo.
#ifndef VIV_MODELS_SEARCH_CONTENT_WORDS_H_
#define VIV_MODELS_SEARCH_CONTENT_WORDS_H_

#include <string>
#include <vector>

namespace viv {

// In lower case, each once, in their order; without "the", "is" and the like (of English).
std::vector<std::string> ContentWords(const std::string& text);

// A word as it may stand elsewhere: itself, then with and without the ending of the plural. (No
// stemmer: "dog" and "dogs" are different words to those who describe photos, and both are learnt.)
std::vector<std::string> FormsOf(const std::string& word);

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_CONTENT_WORDS_H_
