// Flags of training runs.
#include "apps/run_flags.h"

DEFINE_string(run, "", "directory of the run; a run that stopped goes on from there");
DEFINE_int32(patience, 0, "end after so many scores without a better one; 0: never");
DEFINE_bool(allow_inexact, false, "resume although threads or machine differ from before");
DEFINE_bool(check_numerics, false,
            "stop at the first number that is NaN or infinite and name its node");
DEFINE_string(trace, "", "file for a Chrome trace of one update; its table by op goes to the log");

namespace viv {

TrainerOptions TrainerOfFlags() {
  return {.directory = FLAGS_run,
          .patience = FLAGS_patience,
          .allow_inexact = FLAGS_allow_inexact,
          .trace = FLAGS_trace};
}

}  // namespace viv
