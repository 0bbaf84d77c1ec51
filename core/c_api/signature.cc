// Signatures of graphs.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/c_api/handles.h"

using viv::Output;
using viv::Signature;
using viv::c_api::Alive;
using viv::c_api::Check;
using viv::c_api::CheckText;
using viv::c_api::Guarded;

namespace {

using Ends = std::map<std::string, Output>;

template <typename Map>
std::vector<std::string> Keys(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

absl::StatusOr<const Signature*> Find(const VivGraph* graph, const char* name) {
  RETURN_IF_ERROR(Check(graph, "the graph"));
  RETURN_IF_ERROR(CheckText(name, "the signature's name"));
  return viv::c_api::FindSignature(graph->signatures, name);
}

VivNames* NamesOf(const VivGraph* graph, const char* signature, Ends Signature::*ends,
                  VivStatus* status) {
  VivNames* names = nullptr;
  Guarded(status, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Signature* found, Find(graph, signature));
    names = viv::c_api::NewNames(Keys(found->*ends));
    return absl::OkStatus();
  });
  return names;
}

VivOutput EndOf(const VivGraph* graph, const char* signature, const char* name,
                Ends Signature::*ends, VivStatus* status) {
  VivOutput output = {VIV_NONE, 0};
  Guarded(status, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Signature* found, Find(graph, signature));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    ASSIGN_OR_RETURN(const Output end, viv::c_api::FindEnd(found->*ends, name));
    output = viv::c_api::FromOutput(end);
    return absl::OkStatus();
  });
  return output;
}

VivCode SetEnd(VivGraph* graph, const char* signature, const char* name, VivOutput output,
               Ends Signature::*ends, bool targets, VivStatus* status) {
  return Guarded(status, [&]() -> absl::Status {
    RETURN_IF_ERROR(Check(graph, "the graph"));
    RETURN_IF_ERROR(CheckText(signature, "the signature's name"));
    RETURN_IF_ERROR(CheckText(name, "the name"));
    RETURN_IF_ERROR(viv::CheckName("signature", signature));
    RETURN_IF_ERROR(viv::CheckName("feed or fetch", name));
    ASSIGN_OR_RETURN(const Output end, viv::c_api::ToOutput(graph->builder.graph(), output));
    if (end.index < 0 && !targets) return absl::InvalidArgumentError("a target cannot be fed");
    (graph->signatures[signature].*ends)[name] = end;
    return absl::OkStatus();
  });
}

}  // namespace

namespace viv::c_api {

absl::StatusOr<const Signature*> FindSignature(const Signatures& signatures,
                                               const std::string& name) {
  const auto found = signatures.find(name);
  if (found != signatures.end()) return &found->second;
  return absl::NotFoundError(absl::StrCat("the graph has no signature '", name,
                                          "'; it has: ", absl::StrJoin(Keys(signatures), ", ")));
}

absl::StatusOr<Output> FindEnd(const std::map<std::string, Output>& ends, const std::string& name) {
  const auto found = ends.find(name);
  if (found != ends.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("the signature has no '", name,
                                          "' there; it has: ", absl::StrJoin(Keys(ends), ", ")));
}

}  // namespace viv::c_api

VivNames* VivGraphSignatures(const VivGraph* graph) {
  return Alive(graph) ? viv::c_api::NewNames(Keys(graph->signatures)) : nullptr;
}
VivNames* VivSignatureFeeds(const VivGraph* graph, const char* signature, VivStatus* status) {
  return NamesOf(graph, signature, &Signature::feeds, status);
}
VivNames* VivSignatureFetches(const VivGraph* graph, const char* signature, VivStatus* status) {
  return NamesOf(graph, signature, &Signature::fetches, status);
}
VivOutput VivSignatureFeed(const VivGraph* graph, const char* signature, const char* name,
                           VivStatus* status) {
  return EndOf(graph, signature, name, &Signature::feeds, status);
}
VivOutput VivSignatureFetch(const VivGraph* graph, const char* signature, const char* name,
                            VivStatus* status) {
  return EndOf(graph, signature, name, &Signature::fetches, status);
}
VivCode VivSignatureSetFeed(VivGraph* graph, const char* signature, const char* name,
                            VivOutput output, VivStatus* status) {
  return SetEnd(graph, signature, name, output, &Signature::feeds, /*targets=*/false, status);
}
VivCode VivSignatureSetFetch(VivGraph* graph, const char* signature, const char* name,
                             VivOutput output, VivStatus* status) {
  return SetEnd(graph, signature, name, output, &Signature::fetches, /*targets=*/true, status);
}
