// The inner loop of vector_graph.cc.
#ifndef VIV_MODELS_SEARCH_VECTOR_DOT_H_
#define VIV_MODELS_SEARCH_VECTOR_DOT_H_

#include <cstdint>

#include "core/base/isa.h"

namespace viv {

VIV_DECLARE_ISA(
    // The sum of a[i] b[i], i < n <= 65,536.
    int32_t DotCodes(const int8_t* a, const int8_t* b, int64_t n);)

}  // namespace viv

#endif  // VIV_MODELS_SEARCH_VECTOR_DOT_H_
