// Saving and loading of checkpoint folders.
#include "core/checkpoint/checkpoint.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/guard.h"
#include "core/base/isa.h"
#include "core/base/logging.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/ops/state.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr int kFormatVersion = 2;
constexpr char kTensorsFile[] = "tensors.safetensors";
constexpr char kManifestFile[] = "manifest.json";
constexpr char kPrefix[] = "step-";
constexpr char kUnfinished[] = ".unfinished";
constexpr char kReplaced[] = ".replaced";
constexpr char kManifestChecksum[] = "manifest_crc32";

// Of the manifest without the checksum itself, whose keys have a fixed order.
uint32_t ManifestChecksum(const nlohmann::json& manifest) {
  const std::string text = manifest.dump();
  return Crc32(text.data(), text.size());
}

absl::Status ReadManifest(const std::string& text, Checkpoint* checkpoint, uint64_t* bytes,
                          uint32_t* crc) {
  nlohmann::json json = nlohmann::json::parse(text);
  const int version = json.at("format").get<int>();
  if (version < 1 || version > kFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("is of format ", version, "; this version reads ", kFormatVersion));
  }
  if (version > 1) {  // the first format had no such checksum
    const auto checksum = json.at(kManifestChecksum).get<uint32_t>();
    json.erase(kManifestChecksum);
    if (checksum != ManifestChecksum(json)) {
      return absl::DataLossError("the manifest does not fit its checksum");
    }
  }
  json.at("step").get_to(checkpoint->step);
  json.at("texts").get_to(checkpoint->texts);
  json.at("conditions").get_to(checkpoint->conditions);
  json.at("tensors").at("bytes").get_to(*bytes);
  json.at("tensors").at("crc32").get_to(*crc);
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> LoadFolder(Env* env, const std::string& path) {
  Checkpoint checkpoint;
  uint64_t bytes = 0;
  uint32_t crc = 0;
  ASSIGN_OR_RETURN(const std::string manifest, env->ReadFile(JoinPath(path, kManifestFile)));
  absl::Status status;
  const absl::Status guarded = RunGuarded("the manifest is damaged", [&] {
    status = ReadManifest(manifest, &checkpoint, &bytes, &crc);
  });
  if (!guarded.ok()) status = absl::DataLossError(guarded.message());
  if (!status.ok()) return Annotate(status, absl::StrCat("checkpoint ", path));
  ASSIGN_OR_RETURN(SafetensorsContents contents,
                   ReadSafetensors(env, JoinPath(path, kTensorsFile)));
  if (contents.file->size() != bytes || Crc32(contents.file->data(), bytes) != crc) {
    return absl::DataLossError(absl::StrCat("checkpoint ", path, ": ", kTensorsFile,
                                            " does not fit the manifest's size and checksum"));
  }
  checkpoint.tensors = std::move(contents.tensors);
  return checkpoint;
}

}  // namespace

std::map<std::string, std::string> ArithmeticConditions() {
  return {{"instruction set", IsaName(MachineIsa())},
          {"threads", absl::StrCat(MaxThreads())},
          {"compiler", __VERSION__}};
}

absl::Status CheckConditions(const std::map<std::string, std::string>& saved) {
  const std::map<std::string, std::string> here = ArithmeticConditions();
  for (const auto& [name, value] : here) {
    const auto found = saved.find(name);
    const std::string before = found == saved.end() ? "not recorded" : found->second;
    if (before != value) {
      return absl::FailedPreconditionError(
          absl::StrCat("the run would not go on bit for bit: ", name, " was ", before,
                       " and is now ", value, "; pass --allow_inexact to go on nevertheless"));
    }
  }
  return absl::OkStatus();
}

CheckpointStore::CheckpointStore(Env* env, std::string directory, int keep)
    : env_(env), directory_(std::move(directory)), keep_(std::max(keep, 1)) {}

std::string CheckpointStore::PathOf(int64_t step) const {
  return JoinPath(directory_, absl::StrFormat("%s%08d", kPrefix, step));
}

absl::Status CheckpointStore::Save(const Checkpoint& checkpoint) {
  const std::string path = PathOf(checkpoint.step);
  const std::string unfinished = path + kUnfinished;
  const auto write = [&]() -> absl::Status {
    RETURN_IF_ERROR(env_->Remove(unfinished));
    RETURN_IF_ERROR(env_->CreateDirs(unfinished));
    uint32_t crc = 0;
    const std::string file = JoinPath(unfinished, kTensorsFile);
    RETURN_IF_ERROR(WriteSafetensors(env_, file, checkpoint.tensors, {}, &crc));
    uint64_t bytes = 0;
    {
      ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> written, env_->MapFile(file));
      bytes = written->size();
    }
    nlohmann::json manifest = {{"format", kFormatVersion},
                               {"step", checkpoint.step},
                               {"tensors", {{"bytes", bytes}, {"crc32", crc}}},
                               {"texts", checkpoint.texts},
                               {"conditions", checkpoint.conditions}};
    std::string text;
    RETURN_IF_ERROR(RunGuarded("a text is not valid UTF-8", [&] {
      manifest[kManifestChecksum] = ManifestChecksum(manifest);
      text = manifest.dump(1);
    }));
    RETURN_IF_ERROR(WriteFileAtomically(env_, JoinPath(unfinished, kManifestFile), text));
    RETURN_IF_ERROR(env_->SyncDir(unfinished));
    if (env_->FileExists(path)) {
      RETURN_IF_ERROR(env_->Remove(path + kReplaced));
      RETURN_IF_ERROR(env_->Rename(path, path + kReplaced));
    }
    RETURN_IF_ERROR(env_->Rename(unfinished, path));
    return env_->SyncDir(directory_);
  };
  if (const absl::Status status = write(); !status.ok()) {
    // What was half written only takes up space; whether that can be removed changes nothing.
    env_->Remove(unfinished).IgnoreError();
    return Annotate(status, absl::StrCat("checkpoint ", path, " was not saved"));
  }
  return RemoveOld();
}

absl::StatusOr<std::vector<int64_t>> CheckpointStore::Steps() const {
  std::vector<int64_t> steps;
  if (!env_->FileExists(directory_)) return steps;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env_->ListDir(directory_));
  for (const std::string& name : names) {
    absl::string_view number = name;
    int64_t step = 0;
    absl::ConsumeSuffix(&number, kReplaced);
    if (absl::ConsumePrefix(&number, kPrefix) && absl::SimpleAtoi(number, &step)) {
      steps.push_back(step);
    }
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

absl::Status CheckpointStore::RemoveOld() const {
  ASSIGN_OR_RETURN(const std::vector<int64_t> steps, Steps());
  for (size_t i = 0; i + keep_ < steps.size(); ++i) {
    RETURN_IF_ERROR(env_->Remove(PathOf(steps[i])));
    RETURN_IF_ERROR(env_->Remove(PathOf(steps[i]) + kReplaced));
  }
  // What saves left behind that replaced a step or did not come to their end.
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env_->ListDir(directory_));
  for (const std::string& name : names) {
    absl::string_view base = name;
    if (!absl::StartsWith(name, kPrefix)) continue;
    if (absl::ConsumeSuffix(&base, kUnfinished) ||
        (absl::ConsumeSuffix(&base, kReplaced) &&
         env_->FileExists(JoinPath(directory_, std::string(base))))) {
      RETURN_IF_ERROR(env_->Remove(JoinPath(directory_, name)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> CheckpointStore::Load(int64_t step) const {
  std::string path = PathOf(step);
  if (!env_->FileExists(path)) path += kReplaced;
  if (!env_->FileExists(path)) {
    return absl::NotFoundError(absl::StrCat("no checkpoint of step ", step, " in ", directory_));
  }
  absl::StatusOr<Checkpoint> checkpoint = LoadFolder(env_, path);
  if (absl::IsNotFound(checkpoint.status())) {
    return absl::DataLossError(
        absl::StrCat("checkpoint ", path, " is not whole: ", checkpoint.status().message()));
  }
  return checkpoint;
}

absl::StatusOr<Checkpoint> CheckpointStore::LoadLatest() const {
  ASSIGN_OR_RETURN(std::vector<int64_t> steps, Steps());
  if (steps.empty()) return absl::NotFoundError(absl::StrCat("no checkpoint in ", directory_));
  std::reverse(steps.begin(), steps.end());
  absl::Status first;
  for (const int64_t step : steps) {
    absl::StatusOr<Checkpoint> checkpoint = Load(step);
    if (checkpoint.ok()) return checkpoint;
    LOG(WARNING) << checkpoint.status().message() << "; trying the one before";
    first.Update(checkpoint.status());
  }
  return first;
}

absl::Status RestoreVariables(Session& session, const Graph& graph, const NamedTensors& tensors) {
  std::set<std::string> known;
  for (const Variable& variable : Variables(graph, /*trainable_only=*/false)) {
    const std::string name = variable.name();
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no value for variable '", name, "'"));
    }
    RETURN_IF_ERROR(session.SetVariable(name, found->second));
    known.insert(name);
  }
  for (const auto& [name, tensor] : tensors) {
    if (!known.contains(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the graph has no variable '", name, "' for the value that was saved"));
    }
  }
  return absl::OkStatus();
}

}  // namespace viv
