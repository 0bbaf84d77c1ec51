// Which of several translations of a sentence is most like all of them: of minimum Bayes risk.
#ifndef VIV_MODELS_LANGUAGE_CONSENSUS_H_
#define VIV_MODELS_LANGUAGE_CONSENSUS_H_

#include <string>
#include <vector>

namespace viv {

// For each text the chrF, in percent, that it may expect against a reference which is one of the
// texts, text i with a probability proportional to exp(log_weights[i]) (Kumar and Byrne 2004). Both
// lists are of one length, the weights finite.
std::vector<double> ExpectedChrf(const std::vector<std::string>& texts,
                                 const std::vector<double>& log_weights);

}  // namespace viv

#endif  // VIV_MODELS_LANGUAGE_CONSENSUS_H_
