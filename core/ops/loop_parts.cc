// Pieces of a loop's gradient.
#include "core/ops/loop_parts.h"

#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {

namespace {

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

}  // namespace

bool LoopProducts::Take(int capture, const Gradient& gradient) {
  if (!IsProduct(gradient)) return false;
  captures.push_back(capture);
  for (const int i : {0, 1}) factors.push_back(gradient.dense.node->input(i));
  return true;
}

void LoopProducts::SetGradients(GradientContext& c, const std::vector<Output>& stacked,
                                size_t first) const {
  const GraphBuilder& b = c.builder();
  // All steps' rows one below the other.
  const auto rows = [&](size_t factor) {
    const int64_t columns = factors[factor].shape().dim(1);
    return Reshape(b, stacked[first + factor], std::vector<int64_t>{-1, columns});
  };
  for (size_t i = 0; i < captures.size(); ++i) {
    c.SetGrad(captures[i], MatMul(b, rows(2 * i), rows(2 * i + 1), {.transpose_a = true}));
  }
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
