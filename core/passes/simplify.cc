// Algebraic rules. Each looks at one node and names an output that has the same value for less, or
// none. A rule may add nodes; what is left without a consumer is pruned afterwards.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "core/graph/elementwise.h"
#include "core/passes/optimize.h"

namespace viv {
namespace {

// An invalid output: the rule does not apply.
using Rule = absl::StatusOr<Output> (*)(ProgramGraph&, const Node&);

// Whether the output comes from such a node, which a rule may pass by.
bool Is(const Output& output, const char* op) {
  return output.node->op_name() == op && output.node->control_inputs().empty();
}

// Both shapes are known as far as it takes to see that they are always equal.
bool SameShape(const PartialShape& a, const PartialShape& b) { return a.fully_defined() && a == b; }

// Whether `small`, broadcast to `large`, leaves the shape of `large` as it is, whatever is unknown.
bool BroadcastsInto(const PartialShape& small, const PartialShape& large) {
  if (!small.known_rank() || !large.known_rank() || small.rank() > large.rank()) return false;
  for (int i = 0; i < small.rank(); ++i) {
    const int64_t extent = small.dim(small.rank() - 1 - i);
    if (extent != 1 && (extent < 0 || extent != large.dim(large.rank() - 1 - i))) return false;
  }
  return true;
}

// An output that is sure to have the shape of `output` and is computed before it; `output` itself
// where none is known.
Output SourceOfShape(Output output) {
  const auto source = [](const Node& node) {
    const std::string& op = node.op_name();
    if (node.num_inputs() == 1 && IsElementwise(op)) return node.input(0);
    if (node.num_inputs() != 2 || !IsElementwise(op)) return Output();
    for (int i = 0; i < 2; ++i) {
      const Output x = node.input(i), y = node.input(1 - i);
      if (x == y || BroadcastsInto(y.shape(), x.shape())) return x;
    }
    return Output();
  };
  for (Output next = source(*output.node); next.valid(); next = source(*output.node)) output = next;
  return output;
}

// A constant whose elements are all `number`, and which broadcasts to `like` without changing it.
bool IsNeutral(const Output& output, double number, const PartialShape& like) {
  const Tensor* value = ConstantOf(output);
  constexpr int64_t kMaxElements = 4096;
  if (value == nullptr || value->num_elements() > kMaxElements) return false;
  if (!IsFloating(value->dtype()) && !IsInteger(value->dtype())) return false;
  const bool ones = value->num_elements() == 1 && value->rank() <= like.rank();
  if (value->rank() > 0 && !ones && !SameShape(like, value->shape())) return false;
  for (int64_t i = 0; i < value->num_elements(); ++i) {
    if (value->ElementAsDouble(i) != number) return false;
  }
  return true;
}

absl::StatusOr<Output> InputItself(ProgramGraph&, const Node& node) { return node.input(0); }

// x + 0, 0 + x, x + -y.
absl::StatusOr<Output> SimplifyAdd(ProgramGraph& graph, const Node& node) {
  for (int i = 0; i < 2; ++i) {
    const Output x = node.input(i), y = node.input(1 - i);
    if (IsNeutral(y, 0, x.shape())) return x;
    if (!Is(y, "Neg")) continue;
    ASSIGN_OR_RETURN(Node * difference,
                     graph.Add({.op = "Sub", .inputs = {x, y.node->input(0)}}, node));
    return difference->out();
  }
  return Output();
}

// x - 0, x - -y.
absl::StatusOr<Output> SimplifySub(ProgramGraph& graph, const Node& node) {
  const Output x = node.input(0), y = node.input(1);
  if (IsNeutral(y, 0, x.shape())) return x;
  if (!Is(y, "Neg")) return Output();
  ASSIGN_OR_RETURN(Node * sum, graph.Add({.op = "Add", .inputs = {x, y.node->input(0)}}, node));
  return sum->out();
}

// x * 1, 1 * x.
absl::StatusOr<Output> SimplifyMul(ProgramGraph&, const Node& node) {
  for (int i = 0; i < 2; ++i) {
    if (IsNeutral(node.input(1 - i), 1, node.input(i).shape())) return node.input(i);
  }
  return Output();
}

// x / 1.
absl::StatusOr<Output> SimplifyDiv(ProgramGraph&, const Node& node) {
  return IsNeutral(node.input(1), 1, node.input(0).shape()) ? node.input(0) : Output();
}

// A scalar that is broadcast to the shape of the other operand: the operation broadcasts itself.
absl::StatusOr<Output> DropBroadcast(ProgramGraph& graph, const Node& node) {
  for (int i = 0; i < 2; ++i) {
    const Output broadcast = node.input(i), other = node.input(1 - i);
    if (!Is(broadcast, "BroadcastTo") || broadcast.node->input(0).shape().rank() != 0) continue;
    const Output shape = broadcast.node->input(1);
    const bool shape_of_other =
        Is(shape, "ShapeOf") && SourceOfShape(shape.node->input(0)) == SourceOfShape(other);
    if (!shape_of_other && !SameShape(broadcast.shape(), other.shape())) continue;
    std::vector<Output> inputs = {other, other};
    inputs[i] = broadcast.node->input(0);
    ASSIGN_OR_RETURN(
        Node * direct,
        graph.Add({.op = node.op_name(), .inputs = inputs, .attrs = node.attrs()}, node));
    return direct->out();
  }
  return Output();
}

// -(-x).
absl::StatusOr<Output> SimplifyNeg(ProgramGraph&, const Node& node) {
  return Is(node.input(0), "Neg") ? node.input(0).node->input(0) : Output();
}

// Whether every value of `from` survives in `to`.
bool Widens(DType from, DType to) {
  if (to == kDouble) return from == kFloat || from == kBFloat16 || from == kHalf || from == kInt32;
  if (to == kFloat) return from == kBFloat16 || from == kHalf;
  return to == kInt64 && from == kInt32;
}

// A cast to the same type; back from a wider one.
absl::StatusOr<Output> SimplifyCast(ProgramGraph&, const Node& node) {
  const Output x = node.input(0);
  if (x.dtype() == node.output_type(0)) return x;
  if (!Is(x, "Cast")) return Output();
  const Output inner = x.node->input(0);
  const bool there_and_back =
      inner.dtype() == node.output_type(0) && Widens(inner.dtype(), x.dtype());
  return there_and_back ? inner : Output();
}

bool IsIdentityPermutation(const std::vector<int64_t>& perm) {
  for (size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

// A transpose that changes nothing; one of another.
absl::StatusOr<Output> SimplifyTranspose(ProgramGraph& graph, const Node& node) {
  std::vector<int64_t> perm = node.attrs().Ints("perm");
  if (IsIdentityPermutation(perm)) return node.input(0);
  if (!Is(node.input(0), "Transpose")) return Output();
  const Node& inner = *node.input(0).node;
  for (int64_t& axis : perm) axis = inner.attrs().Ints("perm")[axis];
  if (IsIdentityPermutation(perm)) return inner.input(0);
  ASSIGN_OR_RETURN(
      Node * both,
      graph.Add({.op = "Transpose", .inputs = {inner.input(0)}, .attrs = {{"perm", perm}}}, node));
  return both->out();
}

// Whether only the last two dimensions change places.
bool SwapsMatrix(std::vector<int64_t> perm) {
  if (perm.size() < 2) return false;
  std::swap(perm[perm.size() - 2], perm[perm.size() - 1]);
  return IsIdentityPermutation(perm);
}

// A product reads its operands transposed as easily.
absl::StatusOr<Output> SimplifyMatMul(ProgramGraph& graph, const Node& node) {
  AttrMap attrs = node.attrs();
  std::vector<Output> inputs = node.inputs();
  bool changed = false;
  const char* flags[] = {"transpose_a", "transpose_b"};
  for (int i = 0; i < 2; ++i) {
    if (!Is(inputs[i], "Transpose")) continue;
    if (!SwapsMatrix(inputs[i].node->attrs().Ints("perm"))) continue;
    inputs[i] = inputs[i].node->input(0);
    attrs.Set(flags[i], !attrs.Bool(flags[i]));
    changed = true;
  }
  if (!changed) return Output();
  ASSIGN_OR_RETURN(Node * product,
                   graph.Add({.op = "MatMul", .inputs = inputs, .attrs = attrs}, node));
  return product->out();
}

// At most one extent is unknown, and both hold as many elements: then the unknown ones agree too.
bool SameUpToOneExtent(const PartialShape& a, const PartialShape& b) {
  if (!a.known_rank() || !(a == b)) return false;
  const auto dims = a.dims();
  return std::count(dims.begin(), dims.end(), PartialShape::kUnknown) <= 1 &&
         std::count(dims.begin(), dims.end(), 0) == 0;
}

// A reshape to the same shape; one of another.
absl::StatusOr<Output> SimplifyReshape(ProgramGraph& graph, const Node& node) {
  const Output x = node.input(0);
  if (SameUpToOneExtent(x.shape(), node.output_shape(0))) return x;
  if (!Is(x, "Reshape")) return Output();
  ASSIGN_OR_RETURN(Node * direct,
                   graph.Add({.op = "Reshape", .inputs = {x.node->input(0), node.input(1)}}, node));
  direct->set_output_shape(0, node.output_shape(0));
  return direct->out();
}

// BroadcastTo and SumTo to the shape that x has.
absl::StatusOr<Output> SameShapeAsBefore(ProgramGraph&, const Node& node) {
  const Output x = node.input(0), shape = node.input(1);
  const bool own_shape =
      Is(shape, "ShapeOf") && SourceOfShape(shape.node->input(0)) == SourceOfShape(x);
  return own_shape || SameShape(x.shape(), node.output_shape(0)) ? x : Output();
}

// Where the shapes are known to be equal.
absl::StatusOr<Output> SimplifyOfShape(ProgramGraph&, const Node& node) {
  const Output x = node.input(0);
  return SameShape(x.shape(), node.input(1).shape()) ? x : Output();
}

absl::StatusOr<Output> KnownShape(ProgramGraph& graph, const Node& node) {
  const PartialShape& shape = node.input(0).shape();
  if (shape.fully_defined()) {
    return graph.AddConstant(Tensor::Vector<int64_t>(shape.dims()), node);
  }
  // Element-wise ops lie between: what only gives its shape need not be computed.
  const Output source = SourceOfShape(node.input(0));
  if (source == node.input(0)) return Output();
  ASSIGN_OR_RETURN(Node * same, graph.Add({.op = "ShapeOf", .inputs = {source}}, node));
  return same->out();
}

absl::StatusOr<Output> KnownSize(ProgramGraph& graph, const Node& node) {
  const PartialShape& shape = node.input(0).shape();
  if (!shape.fully_defined()) return Output();
  return graph.AddConstant(Tensor::Scalar<int64_t>(shape.num_elements()), node);
}

// Of one tensor.
absl::StatusOr<Output> SimplifyConcat(ProgramGraph&, const Node& node) {
  return node.num_inputs() == 1 ? node.input(0) : Output();
}

const std::multimap<std::string, Rule>& Rules() {
  static const auto* const kRules = new std::multimap<std::string, Rule>({
      {"Identity", &InputItself},
      {"StopGradient", &InputItself},  // a program is not differentiated any more
      {"Add", &SimplifyAdd},
      {"Add", &DropBroadcast},
      {"Sub", &SimplifySub},
      {"Sub", &DropBroadcast},
      {"Mul", &SimplifyMul},
      {"Mul", &DropBroadcast},
      {"Div", &SimplifyDiv},
      {"Div", &DropBroadcast},
      {"Neg", &SimplifyNeg},
      {"Cast", &SimplifyCast},
      {"Transpose", &SimplifyTranspose},
      {"MatMul", &SimplifyMatMul},
      {"Reshape", &SimplifyReshape},
      {"BroadcastTo", &SameShapeAsBefore},
      {"SumTo", &SameShapeAsBefore},
      {"OfShape", &SimplifyOfShape},
      {"ShapeOf", &KnownShape},
      {"SizeOf", &KnownSize},
      {"Concat", &SimplifyConcat},
  });
  return *kRules;
}

}  // namespace

absl::StatusOr<int> Simplify(ProgramGraph& graph) {
  ASSIGN_OR_RETURN(const std::vector<Node*> order, graph.Order());
  int simplified = 0;
  for (Node* node : order) {
    const auto [begin, end] = Rules().equal_range(node->op_name());
    if (begin == end || graph.CountUses(node->out()) == 0 || !graph.Replaceable(*node)) continue;
    for (auto rule = begin; rule != end; ++rule) {
      ASSIGN_OR_RETURN(const Output simpler, rule->second(graph, *node));
      if (!simpler.valid()) continue;
      graph.Replace(node->out(), simpler);
      ++simplified;
      break;
    }
  }
  return simplified;
}

}  // namespace viv
