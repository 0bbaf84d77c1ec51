// Logging for source files (never include it in a header): LOG, VLOG, CHECK for bugs of our own.
#ifndef VIV_CORE_BASE_LOGGING_H_
#define VIV_CORE_BASE_LOGGING_H_

#include <glog/logging.h>

namespace viv {

// Logs go to standard error, warnings and worse only unless `verbose`. Call it once, first in main.
void InitLogging(const char* program, bool verbose);

}  // namespace viv

#endif  // VIV_CORE_BASE_LOGGING_H_
