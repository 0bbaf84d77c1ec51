// Checkpoints: the values of a graph's variables and what else a run needs to go on, on disk.
//
// A directory of checkpoints holds folders "step-00001200", each with
//   tensors.safetensors   the variables, a shard that the op Save wrote
//   manifest.json         format version, step, size and checksum of the file, texts, conditions,
//                         checksum of the manifest itself
// A folder is written under another name, synced and renamed, so that one with the right name is
// whole. A manifest that fits its file is proof that neither was damaged since. Of a step that is
// saved again, the old folder bears the suffix ".replaced" until the new one is in place.
#ifndef VIV_CORE_CHECKPOINT_CHECKPOINT_H_
#define VIV_CORE_CHECKPOINT_CHECKPOINT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/runtime/session.h"
#include "core/tensor/safetensors.h"

namespace viv {

struct Checkpoint {
  int64_t step = 0;
  NamedTensors tensors;
  // Anything that is text: the position of the reader, counters, settings.
  std::map<std::string, std::string> texts;
  // What fixes the arithmetic; a run goes on bit for bit only under equal conditions.
  std::map<std::string, std::string> conditions;
  // Of one that was loaded: the file of its tensors and that file's checksum, for Saver::Restore.
  std::string file;
  int64_t crc32 = -1;
};

// The nodes of a graph that write its variables into a file and read them back.
class Saver {
 public:
  // Adds them to the graph of `b`. Variables that are made afterwards are not saved.
  static absl::StatusOr<Saver> Create(const GraphBuilder& b);

  // What a manifest says about a file.
  struct File {
    int64_t bytes = 0;
    int64_t crc32 = 0;
  };
  // Writes a snapshot of all variables, each of which has a value.
  absl::StatusOr<File> Save(Session& session, const std::string& path) const;
  // Gives all variables, or on an error none, the values of the file of a checkpoint that was
  // loaded. InvalidArgument where the file's tensors are not those of the variables.
  absl::Status Restore(Session& session, const Checkpoint& checkpoint) const;

 private:
  Output path_, bytes_, crc32_;
  Output wanted_crc32_, restore_;
};

// Instruction set, threads and library versions of this process.
std::map<std::string, std::string> ArithmeticConditions();
// FailedPrecondition, naming what differs, where `saved` are not this process's conditions.
absl::Status CheckConditions(const std::map<std::string, std::string>& saved);

// Not safe for concurrent use, nor may two processes write to one directory.
class CheckpointStore {
 public:
  // `keep`: so many of the latest stay; older ones are removed after a new one was written.
  CheckpointStore(Env* env, std::string directory, int keep = 3);

  // On an error nothing that was there before is lost.
  absl::Status Save(const Checkpoint& checkpoint);
  // The same with the variables of a session, whose files are this store's (SessionOptions::env),
  // in the place of `checkpoint.tensors`.
  absl::Status Save(const Checkpoint& checkpoint, Session& session, const Saver& saver);
  // Steps of all checkpoints in the directory, rising; none where it does not exist.
  absl::StatusOr<std::vector<int64_t>> Steps() const;
  // NotFound where there is none of this step, DataLoss where it is damaged.
  absl::StatusOr<Checkpoint> Load(int64_t step) const;
  // The latest that is intact; a damaged one is passed over with a warning in the log. NotFound
  // where there is none, DataLoss where all are damaged.
  absl::StatusOr<Checkpoint> LoadLatest() const;

  // Where the checkpoint of a step lies.
  std::string PathOf(int64_t step) const;

 private:
  // `write` writes the tensors into the file of this path.
  using WriteFn = std::function<absl::StatusOr<Saver::File>(const std::string& path)>;
  absl::Status Save(const Checkpoint& checkpoint, const WriteFn& write);
  absl::Status RemoveOld() const;

  Env* env_;
  std::string directory_;
  int keep_;
};

// Gives the session's variables the values of `tensors`. Each variable needs one, of its type and
// shape, and there may be no others: InvalidArgument names those that do not fit.
absl::Status RestoreVariables(Session& session, const Graph& graph, const NamedTensors& tensors);

}  // namespace viv

#endif  // VIV_CORE_CHECKPOINT_CHECKPOINT_H_
