// Runs the passes.
#include "core/passes/optimize.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/passes/fuse.h"

namespace viv {

std::string PassReport::ToString() const {
  return absl::StrCat(nodes_before, " nodes, of which ", simplified, " were simplified, ", folded,
                      " folded, ", merged, " merged and ", fused, " fused: ", nodes_after,
                      " are left",
                      lowered == 0 ? "" : absl::StrCat("; ", lowered, " compute in bfloat16"),
                      quantized == 0 ? "" : absl::StrCat("; ", quantized, " compute in 8 bits"));
}

absl::Status RefineShapes(ProgramGraph& graph) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph.Order());
  for (Node* node : order) {
    std::vector<PartialShape> inputs;
    for (const Output& input : node->inputs()) inputs.push_back(input.shape());
    ShapeContext context(*node, std::move(inputs),
                         [node](int i) { return ConstantOf(node->input(i)); });
    // A contradiction is for the run to report, which knows the shapes that are fed.
    if (!node->op().shape(context).ok()) continue;
    for (int i = 0; i < node->num_outputs(); ++i) {
      absl::StatusOr<PartialShape> merged = node->output_shape(i).Merge(context.outputs()[i]);
      if (merged.ok()) node->set_output_shape(i, *std::move(merged));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PassReport> Optimize(ProgramGraph& graph, const PassOptions& options,
                                    const Evaluator& evaluate) {
  // Each round can only open so much to the next.
  constexpr int kMaxRounds = 8;
  PassReport report;
  report.nodes_before = static_cast<int>(graph.graph().nodes().size());
  for (int round = 0; round < kMaxRounds; ++round) {
    int changes = 0;
    if (options.simplify) {
      RETURN_IF_ERROR(RefineShapes(graph));
      ASSIGN_OR_RETURN(const int simplified, Simplify(graph));
      report.simplified += simplified;
      changes += simplified;
    }
    if (options.fold && evaluate) {
      ASSIGN_OR_RETURN(const int folded, FoldConstants(graph, options.max_folded_bytes, evaluate));
      report.folded += folded;
      changes += folded;
    }
    if (options.merge) {
      ASSIGN_OR_RETURN(const int merged, MergeEqualNodes(graph));
      report.merged += merged;
      changes += merged;
    }
    graph.Prune();
    if (changes == 0) break;
  }
  if (options.fuse) {
    RETURN_IF_ERROR(RefineShapes(graph));
    ASSIGN_OR_RETURN(report.fused, FuseConvolutions(graph));
    graph.Prune();
  }
  if (options.precision == kBFloat16 || options.precision == kInt8) {
    RETURN_IF_ERROR(RefineShapes(graph));
    if (options.precision == kInt8) {
      ASSIGN_OR_RETURN(const int products, QuantizeProducts(graph));
      ASSIGN_OR_RETURN(const int convolutions, QuantizeConvolutions(graph));
      report.quantized = products + convolutions;
    }
    ASSIGN_OR_RETURN(report.lowered, LowerPrecision(graph));
    if (options.fold && evaluate) {
      RETURN_IF_ERROR(FoldConstants(graph, options.max_folded_bytes, evaluate).status());
    }
    graph.Prune();
  }
  if (options.fuse) {
    RETURN_IF_ERROR(RefineShapes(graph));
    ASSIGN_OR_RETURN(const int fused, FuseElementwise(graph));
    report.fused += fused;
    graph.Prune();
  }
  report.nodes_after = static_cast<int>(graph.graph().nodes().size());
  return report;
}

}  // namespace viv
