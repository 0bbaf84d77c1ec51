// How a data file is packed.
#ifndef VIV_CORE_DATA_COMPRESSION_H_
#define VIV_CORE_DATA_COMPRESSION_H_

#include <cstdint>

namespace viv {

enum class Compression : uint8_t { kNone, kGzip, kZlib };

}  // namespace viv

#endif  // VIV_CORE_DATA_COMPRESSION_H_
