// A language of eighty sentences, for tests that train a translator in seconds.
#ifndef VIV_TESTS_SUPPORT_SMALL_LANGUAGE_H_
#define VIV_TESTS_SUPPORT_SMALL_LANGUAGE_H_

#include <string>
#include <vector>

namespace viv {

// All its sentences, a line each, in English or in French; `wrong`: every third is another.
std::string SmallLanguage(bool english, bool wrong = false);

// Empties the folder and puts x.en, x.fr and, with wrong sentences, v.fr into it.
void WriteSmallLanguage(const std::string& directory);

// Flags of translate_train that learn it from that folder into <directory>/run.
std::vector<std::string> SmallLanguageFlags(const std::string& directory);

}  // namespace viv

#endif  // VIV_TESTS_SUPPORT_SMALL_LANGUAGE_H_
