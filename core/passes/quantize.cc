// Products with weights in 8 bits.
#include "core/base/status.h"
#include "core/passes/optimize.h"

namespace viv {
namespace {

// A smaller factor is not worth the rounding; a deeper one is not taken (see Int8MatMul).
constexpr int64_t kSmallFactor = 4096, kMostTerms = 32768;

bool Quantizes(const Node& node) {
  if (node.op_name() != "MatMul" || node.output_type(0) != kFloat) return false;
  if (node.attrs().Bool("transpose_a") || node.input(1).node->op_name() != "ReadVariable") {
    return false;
  }
  const PartialShape& x = node.input(0).shape();
  const PartialShape& y = node.input(1).shape();
  if (!x.known_rank() || x.rank() != 2 || !y.known_rank() || y.rank() != 2) return false;
  const int64_t rows = y.dim(0), columns = y.dim(1);
  if (rows < 0 || columns < 0 || rows * columns < kSmallFactor) return false;
  return (node.attrs().Bool("transpose_b") ? columns : rows) <= kMostTerms;
}

}  // namespace

absl::StatusOr<int> QuantizeProducts(ProgramGraph& graph) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph.Order());
  int changed = 0;
  for (Node* node : order) {
    if (!graph.Replaceable(*node) || !Quantizes(*node)) continue;
    ASSIGN_OR_RETURN(Node * product,
                     graph.Add({.op = "Int8MatMul",
                                .inputs = node->inputs(),
                                .attrs = {{"transpose_b", node->attrs().Bool("transpose_b")}}},
                               *node));
    graph.Replace(node->out(), product->out());
    ++changed;
  }
  return changed;
}

}  // namespace viv
