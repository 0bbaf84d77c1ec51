// Streams that programs write their answers to.
#ifndef VIV_CORE_BASE_OUTPUT_H_
#define VIV_CORE_BASE_OUTPUT_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace viv {

// Sees to it that what was written gets there. Unavailable where it does not: "cannot write to
// NAME", and why, if the system says so.
absl::Status Flush(std::ostream& out, const std::string& name = "the standard output");

}  // namespace viv

#endif  // VIV_CORE_BASE_OUTPUT_H_
