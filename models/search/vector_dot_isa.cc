// A loop that compilers vectorise.
#include "models/search/vector_dot.h"

namespace viv::VIV_ISA {

int32_t DotCodes(const int8_t* a, const int8_t* b, int64_t n) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<int16_t>(a[i]) * static_cast<int16_t>(b[i]);
  return sum;
}

}  // namespace viv::VIV_ISA
