// Reading and writing of bundles.
#include "core/bundle/bundle.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/bundle/row_codes.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

constexpr int kFormatVersion = 1;
constexpr char kIndexFile[] = "bundle.json";
constexpr char kWeightsFile[] = "weights.safetensors";
constexpr char kGraphFile[] = "graph.pb";
constexpr char kNonCommercial[] = "Non-commercial";

absl::Status CheckTexts(const Bundle& bundle) {
  for (const char* name : {"LICENSE", "README.md"}) {
    const auto found = bundle.files.find(name);
    if (found == bundle.files.end() || found->second.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("a bundle needs a ", name));
    }
  }
  if (bundle.non_commercial && !absl::StartsWith(bundle.files.at("LICENSE"), kNonCommercial)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "LICENSE of a bundle learnt from non-commercial data begins with '", kNonCommercial, "'"));
  }
  return absl::OkStatus();
}

// A model has no business with files.
absl::Status CheckNoFiles(const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    if (node->op_name() == "Save" || node->op_name() == "Restore") {
      return absl::InvalidArgumentError(
          absl::StrCat(node->Describe(), ": the graph of a bundle may not touch files"));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteFiles(Env* env, const std::string& directory, const Bundle& bundle) {
  nlohmann::json files = nlohmann::json::object();
  ASSIGN_OR_RETURN(const NamedTensors codes, EncodeRows(bundle.weights));
  const std::string weights = JoinPath(directory, kWeightsFile);
  uint32_t crc = 0;
  RETURN_IF_ERROR(WriteSafetensors(env, weights, codes, {}, &crc));
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> written, env->MapFile(weights));
  files[kWeightsFile] = {{"bytes", written->size()}, {"crc32", crc}};
  for (const auto& [name, contents] : bundle.files) {
    RETURN_IF_ERROR(WriteFileAtomically(env, JoinPath(directory, name), contents));
    files[name] = {{"bytes", contents.size()}, {"crc32", Crc32(contents.data(), contents.size())}};
  }
  const nlohmann::json index = {{"format", kFormatVersion},
                                {"kind", bundle.kind},
                                {"non_commercial", bundle.non_commercial},
                                {"settings", bundle.settings},
                                {"files", files}};
  std::string text;
  RETURN_IF_ERROR(RunGuarded("a setting is not valid UTF-8", [&] { text = index.dump(1) + "\n"; }));
  return WriteFileAtomically(env, JoinPath(directory, kIndexFile), text);
}

absl::Status CheckFile(const std::string& path, const nlohmann::json& entry, const void* data,
                       size_t bytes) {
  if (entry.at("bytes").get<size_t>() == bytes &&
      entry.at("crc32").get<uint32_t>() == Crc32(data, bytes)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(path, ": damaged (size or checksum is not that of ",
                                          kIndexFile, "); fetch or export the bundle again"));
}

absl::Status ReadFiles(Env* env, const std::string& directory, const std::string& kind,
                       const std::string& text, Bundle* bundle) {
  const nlohmann::json index = nlohmann::json::parse(text);
  const int format = index.at("format").get<int>();
  if (format != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(directory, ": a bundle of format ", format,
                                                      "; this version reads ", kFormatVersion));
  }
  index.at("kind").get_to(bundle->kind);
  if (!kind.empty() && bundle->kind != kind) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": a bundle for '", bundle->kind, "', not for '", kind, "'"));
  }
  index.at("non_commercial").get_to(bundle->non_commercial);
  index.at("settings").get_to(bundle->settings);
  for (const auto& [name, entry] : index.at("files").items()) {
    if (name.find('/') != std::string::npos) {
      return absl::DataLossError(
          absl::StrCat(directory, " names a file outside of itself: '", name, "'"));
    }
    const std::string path = JoinPath(directory, name);
    if (name == kWeightsFile) {
      ASSIGN_OR_RETURN(const SafetensorsContents contents, ReadSafetensors(env, path));
      RETURN_IF_ERROR(CheckFile(path, entry, contents.file->data(), contents.file->size()));
      ASSIGN_OR_RETURN(bundle->weights, DecodeRows(contents.tensors));
    } else {
      ASSIGN_OR_RETURN(std::string contents, env->ReadFile(path));
      RETURN_IF_ERROR(CheckFile(path, entry, contents.data(), contents.size()));
      bundle->files[name] = std::move(contents);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FindText(const std::map<std::string, std::string>& texts,
                                     const std::string& key) {
  const auto found = texts.find(key);
  if (found != texts.end()) return found->second;
  return absl::InvalidArgumentError(absl::StrCat("the bundle has no '", key, "'"));
}

absl::Status WriteBundle(Env* env, const std::string& directory, const Bundle& bundle) {
  RETURN_IF_ERROR(CheckTexts(bundle));
  const std::string unfinished = directory + ".unfinished";
  const auto write = [&]() -> absl::Status {
    RETURN_IF_ERROR(env->Remove(unfinished));
    RETURN_IF_ERROR(env->CreateDirs(unfinished));
    RETURN_IF_ERROR(WriteFiles(env, unfinished, bundle));
    RETURN_IF_ERROR(env->SyncDir(unfinished));
    RETURN_IF_ERROR(env->Remove(directory));
    RETURN_IF_ERROR(env->Rename(unfinished, directory));
    return env->SyncDir(DirName(directory));
  };
  const absl::Status status = write();
  if (status.ok()) return status;
  // What was half written only takes up space; whether that can be removed changes nothing.
  env->Remove(unfinished).IgnoreError();
  return Annotate(status, absl::StrCat("bundle ", directory, " was not written"));
}

absl::StatusOr<Bundle> ReadBundle(Env* env, const std::string& directory, const std::string& kind) {
  const std::string path = JoinPath(directory, kIndexFile);
  absl::StatusOr<std::string> text = env->ReadFile(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(directory, " is no model bundle: it has no ", kIndexFile));
  }
  RETURN_IF_ERROR(text.status());
  Bundle bundle;
  absl::Status status;
  const absl::Status guarded =
      RunGuarded(path, [&] { status = ReadFiles(env, directory, kind, *text, &bundle); });
  if (!guarded.ok()) return absl::DataLossError(absl::StrCat("damaged: ", guarded.message()));
  RETURN_IF_ERROR(status);
  return bundle;
}

absl::StatusOr<std::string> BundleFingerprint(Env* env, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::string index, env->ReadFile(JoinPath(directory, kIndexFile)));
  return absl::StrFormat("%d-%08x", index.size(), Crc32(index.data(), index.size()));
}

absl::Status SetGraph(const Graph& graph, const Signatures& signatures, Bundle* bundle) {
  ASSIGN_OR_RETURN(bundle->files[kGraphFile], EncodeGraph(graph, signatures));
  return absl::OkStatus();
}

bool HasGraph(const Bundle& bundle) { return bundle.files.contains(kGraphFile); }

absl::StatusOr<LoadedGraph> ReadGraph(const Bundle& bundle) {
  const auto file = bundle.files.find(kGraphFile);
  if (file == bundle.files.end()) {
    return absl::NotFoundError(absl::StrCat("the bundle has no ", kGraphFile));
  }
  absl::StatusOr<LoadedGraph> loaded = DecodeGraph(file->second);
  if (!loaded.ok()) return Annotate(loaded.status(), kGraphFile);
  RETURN_IF_ERROR(Annotate(CheckNoFiles(*loaded->graph), kGraphFile));
  for (const auto& [name, function] : loaded->graph->library().functions()) {
    RETURN_IF_ERROR(Annotate(CheckNoFiles(function->body()), kGraphFile));
  }
  return loaded;
}

std::string PretrainedDirectory() {
  if (const char* named = std::getenv("VIVARIUM_PRETRAINED")) return named;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  // <tree>/build/bin/<program>
  return (program.parent_path().parent_path().parent_path() / "pretrained").string();
}

}  // namespace viv
