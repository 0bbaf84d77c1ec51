// Where a kernel puts things in its scratch memory.
#ifndef VIV_CORE_KERNELS_CPU_LINE_UP_H_
#define VIV_CORE_KERNELS_CPU_LINE_UP_H_

#include <cstddef>

namespace viv {

// Up to whole cache lines.
inline size_t LineUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace viv

#endif  // VIV_CORE_KERNELS_CPU_LINE_UP_H_
