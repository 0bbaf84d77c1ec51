// Pieces of a loop's gradient.
#include "core/ops/loop_parts.h"

#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {

bool IsProduct(const Gradient& gradient) {
  if (!gradient.valid() || gradient.sparse()) return false;
  const Node& node = *gradient.dense.node;
  if (node.op_name() != "MatMul" || !node.attrs().Bool("transpose_a") ||
      node.attrs().Bool("transpose_b")) {
    return false;
  }
  const auto wide = [](const Output& x) { return x.shape().rank() == 2 && x.shape().dim(1) > 0; };
  return wide(node.input(0)) && wide(node.input(1));
}

void LoopProducts::Add(int capture, const Gradient& gradient) {
  captures.push_back(capture);
  for (const int i : {0, 1}) factors.push_back(gradient.dense.node->input(i));
}

Output LoopProducts::Sum(BuilderRef b, size_t i, Output stacked_a, Output stacked_b) const {
  const auto rows = [&](Output stacked, const Output& factor) {
    return Reshape(b, stacked, std::vector<int64_t>{-1, factor.shape().dim(1)});
  };
  return MatMul(b, rows(stacked_a, factors[2 * i]), rows(stacked_b, factors[2 * i + 1]),
                {.transpose_a = true});
}

void SaveResiduals(Node& node, int64_t steps, const FunctionGradient::Parts& parts) {
  std::vector<DType> types = node.attrs().Types("types");
  for (size_t i = 0; i < parts.new_types.size(); ++i) {
    types.push_back(parts.new_types[i]);
    PartialShape stacked;
    if (parts.new_shapes[i].known_rank()) {
      stacked = PartialShape({steps});
      for (const int64_t extent : parts.new_shapes[i].dims()) stacked.Append(extent);
    }
    node.AddOutput(parts.new_types[i], stacked);
  }
  node.set_attr("types", std::move(types));
  node.set_attr("body", parts.forward);
}

}  // namespace viv
