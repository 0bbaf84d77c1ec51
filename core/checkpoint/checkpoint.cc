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
#include "core/ops/array.h"
#include "core/ops/io.h"
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
  checkpoint.file = JoinPath(path, kTensorsFile);
  checkpoint.crc32 = crc;
  return checkpoint;
}

// Tensors in memory are written by the op that writes variables: by a graph of its own.
absl::StatusOr<Saver::File> WriteTensors(Env* env, const NamedTensors& tensors,
                                         const std::string& path) {
  const GraphBuilder b;
  const Output path_input = Placeholder(b, kString, PartialShape::Scalar());
  Feeds feeds = {{path_input, Tensor::Scalar(path)}};
  std::vector<std::string> names;
  std::vector<Output> inputs;
  for (const auto& [name, tensor] : tensors) {
    names.push_back(name);
    inputs.push_back(Placeholder(b, tensor.dtype(), tensor.shape()));
    feeds.emplace_back(inputs.back(), tensor);
  }
  const SavedFile saved = viv::Save(b, path_input, names, inputs);
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.env = env}));
  ASSIGN_OR_RETURN(const std::vector<Tensor> sums, session.Run(feeds, {saved.bytes, saved.crc32}));
  return Saver::File{sums[0].scalar<int64_t>(), sums[1].scalar<int64_t>()};
}

}  // namespace

absl::StatusOr<Saver> Saver::Create(const GraphBuilder& b) {
  Saver saver;
  const GraphBuilder scope = b.Scope("saver");
  saver.path_ = Placeholder(scope.Named("path"), kString, PartialShape::Scalar());
  saver.wanted_crc32_ = Placeholder(scope.Named("crc32"), kInt64, PartialShape::Scalar());
  const std::vector<Variable> variables = Variables(b.graph(), /*trainable_only=*/false);
  std::vector<std::string> names;
  std::vector<Output> values;
  std::vector<SavedTensor> saved;
  for (const Variable& v : variables) {
    names.push_back(v.name());
    values.push_back(v.Read());
    saved.push_back({v.name(), v.Read().dtype(), v.Read().shape()});
  }
  const SavedFile file = viv::Save(scope, saver.path_, names, values);
  saver.bytes_ = file.bytes;
  saver.crc32_ = file.crc32;
  const std::vector<Output> restored = viv::Restore(scope, saver.path_, saver.wanted_crc32_, saved);
  std::vector<Output> updates;
  for (size_t i = 0; i < variables.size(); ++i) {
    updates.push_back(Assign(scope, variables[i], restored[i]));
  }
  saver.restore_ = Group(scope.Named("restore"), updates);
  RETURN_IF_ERROR(b.status());
  return saver;
}

absl::StatusOr<Saver::File> Saver::Save(Session& session, const std::string& path) const {
  ASSIGN_OR_RETURN(const std::vector<Tensor> sums,
                   session.Run({{path_, Tensor::Scalar(path)}}, {bytes_, crc32_}, {.step = 0}));
  return File{sums[0].scalar<int64_t>(), sums[1].scalar<int64_t>()};
}

absl::Status Saver::Restore(Session& session, const Checkpoint& checkpoint) const {
  return session
      .Run({{path_, Tensor::Scalar(checkpoint.file)},
            {wanted_crc32_, Tensor::Scalar<int64_t>(checkpoint.crc32)}},
           {restore_}, {.step = 0})
      .status();
}

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
  return Save(checkpoint, [&](const std::string& path) {
    return WriteTensors(env_, checkpoint.tensors, path);
  });
}

absl::Status CheckpointStore::Save(const Checkpoint& checkpoint, Session& session,
                                   const Saver& saver) {
  return Save(checkpoint, [&](const std::string& path) { return saver.Save(session, path); });
}

absl::Status CheckpointStore::Save(const Checkpoint& checkpoint, const WriteFn& write_tensors) {
  const std::string path = PathOf(checkpoint.step);
  const std::string unfinished = path + kUnfinished;
  const auto write = [&]() -> absl::Status {
    RETURN_IF_ERROR(env_->Remove(unfinished));
    RETURN_IF_ERROR(env_->CreateDirs(unfinished));
    ASSIGN_OR_RETURN(const Saver::File file, write_tensors(JoinPath(unfinished, kTensorsFile)));
    nlohmann::json manifest = {{"format", kFormatVersion},
                               {"step", checkpoint.step},
                               {"tensors", {{"bytes", file.bytes}, {"crc32", file.crc32}}},
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
    const std::string path = PathOf(steps[i]);
    RETURN_IF_ERROR(env_->Remove(path + kReplaced));
    if (!env_->FileExists(path)) continue;
    // Under a name that nobody loads: whoever is killed here leaves no half checkpoint.
    RETURN_IF_ERROR(env_->Remove(path + kUnfinished));
    RETURN_IF_ERROR(env_->Rename(path, path + kUnfinished));
    RETURN_IF_ERROR(env_->Remove(path + kUnfinished));
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
