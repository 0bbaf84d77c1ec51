// A model bundle: a folder with all that a program needs to use a model, and what its user needs to
// know about it.
//
//   bundle.json           format, kind, settings, and size and checksum of every other file
//   graph.pb              what computes, with names for its ends (core/graph/graph_def.h)
//   weights.safetensors   its variables, large ones as 8-bit codes (core/bundle/row_codes.h)
//   LICENSE, README.md    the licence of the weights, the model card
//   ...                   vocabulary, calibration: files of the kind
#ifndef VIV_CORE_BUNDLE_BUNDLE_H_
#define VIV_CORE_BUNDLE_BUNDLE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/graph/graph_def.h"
#include "core/tensor/safetensors.h"

namespace viv {

struct Bundle {
  // What program it is for: "translate".
  std::string kind;
  // Short texts by key, which the kind gives a meaning.
  std::map<std::string, std::string> settings;
  // Whether the licence of the data forbids commercial use; LICENSE then says so in its first line.
  bool non_commercial = false;
  NamedTensors weights;
  // Further files by name: "LICENSE" and "README.md" are needed.
  std::map<std::string, std::string> files;
};

// The text under `key` in a bundle's settings or files; InvalidArgument where there is none.
absl::StatusOr<std::string> FindText(const std::map<std::string, std::string>& texts,
                                     const std::string& key);

// Writes beside `directory` and renames into place: a bundle that was there is replaced whole or
// not at all. InvalidArgument without a licence, without a card, or with a non-commercial licence
// that does not say so first.
absl::Status WriteBundle(Env* env, const std::string& directory, const Bundle& bundle);

// NotFound where there is none, DataLoss for one that is damaged, FailedPrecondition for one of
// another kind (a `kind` of "" takes all) or a later format. Messages name the file.
absl::StatusOr<Bundle> ReadBundle(Env* env, const std::string& directory, const std::string& kind);

// Tells bundles apart: equal ones have the same, and it changes with any of their files. Errors of
// reading.
absl::StatusOr<std::string> BundleFingerprint(Env* env, const std::string& directory);

// Puts the graph into a bundle. Its variables are those of the weights.
absl::Status SetGraph(const Graph& graph, const Signatures& signatures, Bundle* bundle);
// Bundles of the time before they held graphs have none.
bool HasGraph(const Bundle& bundle);
// The graph of a bundle; NotFound where it has none. A bundle may be a stranger's: as
// core/graph/graph_def.h, and InvalidArgument for a graph that would read or write files when it is
// run.
absl::StatusOr<LoadedGraph> ReadGraph(const Bundle& bundle);

// Where bundles that come with the programs lie: $VIVARIUM_PRETRAINED, else the folder "pretrained"
// of the source tree that the running program was built in.
std::string PretrainedDirectory();

}  // namespace viv

#endif  // VIV_CORE_BUNDLE_BUNDLE_H_
