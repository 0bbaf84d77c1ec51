// What a run of the Trainer leaves behind: the checkpoint that counts, and the weights in it.
#ifndef VIV_CORE_TRAIN_RUN_WEIGHTS_H_
#define VIV_CORE_TRAIN_RUN_WEIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/checkpoint/checkpoint.h"
#include "core/ops/state.h"
#include "core/tensor/safetensors.h"
#include "core/train/trainer.h"

namespace viv {

// Of the run in `directory`: the best that was scored, or the latest. Errors of loading.
absl::StatusOr<Checkpoint> ChosenCheckpoint(const std::string& directory,
                                            const TrainingResult& result);

// The values of the variables in a checkpoint of the run in `directory`; of those that were
// averaged the averages, which is what was scored. FailedPrecondition where one is not there.
absl::StatusOr<NamedTensors> WeightsOf(const Checkpoint& checkpoint,
                                       const std::vector<Variable>& variables,
                                       const std::string& directory);

// How many numbers the tensors hold.
int64_t CountNumbers(const NamedTensors& tensors);

}  // namespace viv

#endif  // VIV_CORE_TRAIN_RUN_WEIGHTS_H_
