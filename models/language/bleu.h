// The scores of translations: BLEU and chrF, the same numbers as sacreBLEU gives.
#ifndef VIV_MODELS_LANGUAGE_BLEU_H_
#define VIV_MODELS_LANGUAGE_BLEU_H_

#include <functional>
#include <string>
#include <vector>

namespace viv {

// Splits a text into words.
using WordSplitter = std::function<std::vector<std::string>(const std::string&)>;

// Corpus BLEU (Papineni et al. 2002) in percent, against one reference each: 4-grams, exponential
// smoothing. Both lists are of one length. With the 13a tokenizer and cased text, sacreBLEU's
// default: BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp.
double Bleu(const std::vector<std::string>& translations,
            const std::vector<std::string>& references, const WordSplitter& split);
double Bleu(const std::vector<std::string>& translations,
            const std::vector<std::string>& references);

// chrF2 (Popovic 2015) in percent: character 6-grams without white space, beta 2; of a corpus and
// of one sentence.
double Chrf(const std::vector<std::string>& translations,
            const std::vector<std::string>& references);
double SentenceChrf(const std::string& translation, const std::string& reference);

// The words that the 13a tokenizer (of WMT's mteval-v13a script) splits a text into.
std::vector<std::string> Tokenize13a(const std::string& text);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_BLEU_H_
