// What is alike in all programs that run the training loop: --run, --patience, --allow_inexact,
// --check_numerics and --trace.
#ifndef VIV_APPS_RUN_FLAGS_H_
#define VIV_APPS_RUN_FLAGS_H_

#include "core/train/trainer.h"
#include "gflags/gflags.h"

DECLARE_string(run);
DECLARE_bool(check_numerics);

namespace viv {

TrainerOptions TrainerOfFlags();

}  // namespace viv

#endif  // VIV_APPS_RUN_FLAGS_H_
