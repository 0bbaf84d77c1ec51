// The words of captions, for scores.
#ifndef VIV_MODELS_LANGUAGE_CAPTION_WORDS_H_
#define VIV_MODELS_LANGUAGE_CAPTION_WORDS_H_

#include <string>
#include <vector>

namespace viv {

// What Stanford's tokenizer of the Penn Treebank gives with pycocoevalcap's settings: lower case,
// "don't" as "do" and "n't", punctuation dropped (brackets, which pycocoevalcap means to drop, stay
// as "-lrb-"). On captions of Flickr8k and Multi30k all but one in 10,000 come out the same.
std::vector<std::string> CaptionWords(const std::string& caption);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_CAPTION_WORDS_H_
