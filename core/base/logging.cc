// Sets glog up for command-line programs.
#include "core/base/logging.h"

namespace viv {

void InitLogging(const char* program, bool verbose) {
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = verbose ? 0 : 1;
  google::InitGoogleLogging(program);
}

}  // namespace viv
