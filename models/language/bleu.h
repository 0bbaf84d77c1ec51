// The scores of translations: BLEU and chrF, the same numbers as sacreBLEU gives.
#ifndef VIV_MODELS_LANGUAGE_BLEU_H_
#define VIV_MODELS_LANGUAGE_BLEU_H_

#include <string>
#include <vector>

namespace viv {

// Corpus BLEU (Papineni et al. 2002) in percent, against one reference each: cased, 4-grams,
// tokenizer 13a, exponential smoothing. Both lists are of one length.
double Bleu(const std::vector<std::string>& translations,
            const std::vector<std::string>& references);

// chrF2 (Popovic 2015) of one sentence in percent: character 6-grams without white space, beta 2.
double SentenceChrf(const std::string& translation, const std::string& reference);

// The words that the 13a tokenizer (of WMT's mteval-v13a script) splits a text into.
std::vector<std::string> Tokenize13a(const std::string& text);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_BLEU_H_
