// What is done to the graph of a program before it runs. Values stay what they were, bit for bit,
// but for the sign of a zero (x + 0 becomes x), for batch norms that become factors of the filters
// before them (fuse.h), and where another precision is asked for.
#ifndef VIV_CORE_PASSES_OPTIMIZE_H_
#define VIV_CORE_PASSES_OPTIMIZE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/passes/program_graph.h"

namespace viv {

// Computes the outputs of a pure node from the values of its inputs. The passes know no kernels.
using Evaluator = std::function<absl::StatusOr<std::vector<Tensor>>(
    const Node& node, absl::Span<const Tensor> inputs)>;

struct PassOptions {
  // Algebra: x * 1, the transpose of a transpose, a shape that is known.
  bool simplify = true;
  // Nodes whose inputs are constants become constants.
  bool fold = true;
  // Equal nodes with equal inputs become one.
  bool merge = true;
  // Element-wise nodes that follow one another become one.
  bool fuse = true;
  // kBFloat16: products, recurrent layers and attention of floats compute in it, and what they read
  // and write is stored in it; variables, updates and losses stay float. kInt8, for inference: the
  // same, but products with variables compute in 8 bits, and convolutions of whose images a range
  // was recorded. kFloat: nothing changes.
  DType precision = kFloat;
  // Folding makes no constant above this many bytes, unless it replaces as many.
  size_t max_folded_bytes = size_t{64} << 10;

  static PassOptions None() {
    return {.simplify = false, .fold = false, .merge = false, .fuse = false};
  }
};

// What the passes did.
struct PassReport {
  int nodes_before = 0;
  int nodes_after = 0;
  int simplified = 0;
  int folded = 0;
  int merged = 0;
  int fused = 0;
  int lowered = 0;
  int quantized = 0;

  // "120 nodes, of which 7 were simplified, 12 folded, 9 merged and 8 fused: 75 are left".
  std::string ToString() const;
};

// Runs the passes until nothing changes any more, and drops what is not needed. `evaluate` may be
// empty: then nothing is folded.
absl::StatusOr<PassReport> Optimize(ProgramGraph& graph, const PassOptions& options,
                                    const Evaluator& evaluate);

// The passes one by one. Each returns how many nodes it replaced.
absl::StatusOr<int> Simplify(ProgramGraph& graph);
absl::StatusOr<int> FoldConstants(ProgramGraph& graph, size_t max_bytes, const Evaluator& evaluate);
absl::StatusOr<int> MergeEqualNodes(ProgramGraph& graph);
absl::StatusOr<int> FuseElementwise(ProgramGraph& graph);
// To bfloat16; see PassOptions::precision. Before fusion, which takes in the casts.
absl::StatusOr<int> LowerPrecision(ProgramGraph& graph);
// Products of matrices with variables to 8 bits: see core/ops/int8_matmul.cc. Before
// LowerPrecision.
absl::StatusOr<int> QuantizeProducts(ProgramGraph& graph);
// Convolutions to 8 bits where the range of their images was recorded (core/ops/convolution.cc).
// After FuseConvolutions, before LowerPrecision.
absl::StatusOr<int> QuantizeConvolutions(ProgramGraph& graph);
// Computes shapes once more, as far as they are known by now.
absl::Status RefineShapes(ProgramGraph& graph);

}  // namespace viv

#endif  // VIV_CORE_PASSES_OPTIMIZE_H_
