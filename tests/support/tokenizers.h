// Tests that need tokenizers are skipped under the address sanitizer, where the library of
// SentencePiece cannot be opened beside ours (see models/language/tokenizer.cc).
#ifndef VIV_TESTS_SUPPORT_TOKENIZERS_H_
#define VIV_TESTS_SUPPORT_TOKENIZERS_H_

#include "gtest/gtest.h"

namespace viv {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kTokenizersWork = false;
#else
inline constexpr bool kTokenizersWork = true;
#endif

// A fixture whose tests all need them. Its SetUpTestSuite asks kTokenizersWork.
class TokenizerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kTokenizersWork) GTEST_SKIP() << "no tokenizers under the address sanitizer";
  }
};

}  // namespace viv

#endif  // VIV_TESTS_SUPPORT_TOKENIZERS_H_
