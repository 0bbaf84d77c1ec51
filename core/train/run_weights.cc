// The store of the best checkpoints, or that of the latest.
#include "core/train/run_weights.h"

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"

namespace viv {

absl::StatusOr<Checkpoint> ChosenCheckpoint(const std::string& directory,
                                            const TrainingResult& result) {
  Env* env = Env::Default();
  if (result.best_update >= 0) {
    return CheckpointStore(env, JoinPath(directory, "best")).Load(result.best_update);
  }
  return CheckpointStore(env, JoinPath(directory, "checkpoints")).LoadLatest();
}

absl::StatusOr<NamedTensors> WeightsOf(const Checkpoint& checkpoint,
                                       const std::vector<Variable>& variables,
                                       const std::string& directory) {
  NamedTensors weights;
  for (const Variable& v : variables) {
    auto found = checkpoint.tensors.find("average/" + v.name());
    if (found == checkpoint.tensors.end()) found = checkpoint.tensors.find(v.name());
    if (found == checkpoint.tensors.end()) {
      return absl::FailedPreconditionError(absl::StrCat(directory,
                                                        " holds another net: it has no '", v.name(),
                                                        "'; give the flags it was trained with"));
    }
    weights[v.name()] = found->second;
  }
  return weights;
}

int64_t CountNumbers(const NamedTensors& tensors) {
  int64_t count = 0;
  for (const auto& [name, value] : tensors) count += value.num_elements();
  return count;
}

}  // namespace viv
