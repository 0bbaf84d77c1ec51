// The precision pass: products, convolutions, recurrent layers and attention in bfloat16, where
// variables, updates, losses and the arithmetic between stay float.
//
// What changes is how results are stored. `low_` knows of each float output its bfloat16 form, if
// there is one: where the node was replaced by one that computes in bfloat16, the float output is a
// Cast of it. A consumer that takes bfloat16 is given that form; the others go on reading the Cast,
// which element-wise fusion takes into them, and which is dropped where nobody reads it.
// Element-wise nodes keep computing in float: a result that a product reads is rounded once, when
// it is stored. Products and convolutions read float variables as they are: their kernels round
// while they pack.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/graph/elementwise.h"
#include "core/passes/optimize.h"

namespace viv {
namespace {

// A second factor of fewer elements is not worth the rounding.
constexpr int64_t kSmallFactor = 1024;

// The inputs of type T of ops that sum up in float inside: they take bfloat16.
const std::vector<int>* LayerInputs(const std::string& op) {
  static const auto* const kInputs = new std::map<std::string, std::vector<int>>{
      {"Lstm", {0, 1}},
      {"LstmGrad", {0, 1, 4, 6, 7}},
      {"Gru", {0, 1}},
      {"GruGrad", {0, 1, 3, 4, 5}},
      {"Attention", {0, 1, 2}},
      {"AttentionGrad", {0, 1, 2, 3, 4, 5}},
      {"BatchNorm", {0}},
      {"BatchNormGrad", {0, 5}},
      {"Conv2D", {0}},
      {"Conv2DBackwardInput", {0}},
      {"Conv2DBackwardFilter", {0, 1}},
      {"FusedConv2D", {0}},
      {"Quantize", {0}},
  };
  const auto it = kInputs->find(op);
  return it == kInputs->end() ? nullptr : &it->second;
}

// Ops that read logits once or twice and sum up in float.
bool ReadsLogits(const std::string& op) {
  return op == "SoftmaxCrossEntropy" || op == "SoftmaxCrossEntropyGrad";
}

// Ops that move elements, and sums: of bfloat16 inputs they make bfloat16, rounded once.
bool Moves(const std::string& op) {
  static const auto* const kOps = new std::set<std::string>{
      "AvgPool2D",  "AvgPool2DGrad", "BroadcastTo", "Concat",    "Delay",         "Dropout",
      "ExpandDims", "Gather",        "Identity",    "MaxPool2D", "MaxPool2DGrad", "Pad",
      "PadGrad",    "Reshape",       "Slice",       "SliceAxis", "SliceGrad",     "Split",
      "Squeeze",    "Sum",           "SumTo",       "Transpose"};
  return kOps->count(op) > 0;
}

// Inputs whose type is the op's T.
std::vector<int> DataInputs(const Node& node) {
  std::vector<int> inputs;
  const OpDef& op = node.op();
  const int variadic = op.VariadicInput();
  for (int i = 0; i < node.num_inputs(); ++i) {
    const size_t def = variadic >= 0 ? std::min(i, variadic) : i;
    if (op.inputs[def].type.variable == "T") inputs.push_back(i);
  }
  return inputs;
}

class PrecisionPass {
 public:
  explicit PrecisionPass(ProgramGraph& graph) : graph_(graph) {}

  absl::StatusOr<int> Run() {
    ASSIGN_OR_RETURN(const std::vector<Node*> order, graph_.Order());
    for (auto it = order.rbegin(); it != order.rend(); ++it) FindWanted(**it);
    for (Node* node : order) {
      if (graph_.Detached(*node)) RETURN_IF_ERROR(Visit(*node));
    }
    RETURN_IF_ERROR(CopyCasts());
    return changed_;
  }

 private:
  // A product of floats that is worth it.
  static bool IsProduct(const Node& node) {
    if (node.op_name() != "MatMul" || node.output_type(0) != kFloat) return false;
    const PartialShape& y = node.input(1).shape();
    if (!y.known_rank()) return true;
    const int64_t rows = y.dim(y.rank() - 2), columns = y.dim(y.rank() - 1);
    return rows < 0 || columns < 0 || rows * columns >= kSmallFactor;
  }
  // Attention over keys that are fed (a step of a decoder) stays float: to round all of them in
  // every run costs more than it saves.
  bool IsFloatLayer(const Node& node) const {
    const bool fed = node.op_name() == "Attention" && graph_.IsFeed(node.input(1).node);
    return !fed && LayerInputs(node.op_name()) != nullptr && node.input(0).dtype() == kFloat;
  }

  // Gives each element-wise reader a Cast of its own, so that fusion can take it in.
  absl::Status CopyCasts() {
    for (const Output& wide : exact_) {
      const std::vector<ProgramGraph::Use> uses = graph_.UsesOf(wide.node);
      for (size_t i = 1; i < uses.size(); ++i) {
        if (!IsElementwise(uses[i].node->op_name())) continue;
        ASSIGN_OR_RETURN(const Output copy, AddCast(wide.node->input(0), kFloat));
        graph_.ReplaceInput(uses[i].node, uses[i].input, copy);
      }
    }
    return absl::OkStatus();
  }

  // Which outputs are stored for somebody who reads bfloat16 (`direct_`), or go into such by way of
  // element-wise nodes (`wanted_`). Called for consumers before producers.
  void FindWanted(const Node& node) {
    if (IsProduct(node)) {
      for (const int i : {0, 1}) direct_.insert(node.input(i));
    } else if (IsFloatLayer(node)) {
      for (const int i : *LayerInputs(node.op_name())) direct_.insert(node.input(i));
    } else if (ReadsLogits(node.op_name())) {
      direct_.insert(node.input(0));
    } else if (Moves(node.op_name()) || IsElementwise(node.op_name())) {
      bool direct = false, any = false;
      for (int i = 0; i < node.num_outputs(); ++i) {
        direct |= direct_.count(Output(const_cast<Node*>(&node), i)) > 0;
        any |= IsWanted(Output(const_cast<Node*>(&node), i));
      }
      for (const Output& input : node.inputs()) {
        if (Moves(node.op_name()) && direct) direct_.insert(input);
        if (any) wanted_.insert(input);
      }
    }
  }
  bool IsWanted(const Output& output) const {
    return direct_.count(output) > 0 || wanted_.count(output) > 0;
  }

  absl::Status Visit(Node& node) {
    if (IsProduct(node)) return VisitProduct(node);
    if (IsFloatLayer(node)) return Convert(node, *LayerInputs(node.op_name()));
    if (ReadsLogits(node.op_name()) && Low(node.input(0)).valid()) return Convert(node, {0});
    if (node.op_name() == "Delay" && Low(node.input(1)).valid()) {
      graph_.ReplaceInput(&node, 1, Low(node.input(1)));
    }
    if (Moves(node.op_name())) return VisitMove(node);
    if (IsElementwise(node.op_name()) && node.output_type(0) == kFloat) {
      return VisitElementwise(node.out());
    }
    return absl::OkStatus();
  }

  absl::Status VisitProduct(Node& node) {
    std::vector<Output> inputs = node.inputs();
    for (Output& input : inputs) {
      if (Low(input).valid()) input = Low(input);
    }
    const DType result = IsWanted(node.out()) ? kBFloat16 : kFloat;
    ASSIGN_OR_RETURN(Node * product,
                     graph_.Add({.op = "MixedMatMul",
                                 .inputs = std::move(inputs),
                                 .attrs = {{"transpose_a", node.attrs().Bool("transpose_a")},
                                           {"transpose_b", node.attrs().Bool("transpose_b")},
                                           {"dtype", result}}},
                                node));
    ++changed_;
    return Publish(node.out(), product->out());
  }

  // All data inputs are at hand in bfloat16, or one is and somebody waits for the output.
  absl::Status VisitMove(Node& node) {
    const std::vector<int> data = DataInputs(node);
    const auto low = [&](int i) { return exact_.count(node.input(i)) > 0; };
    if (data.empty() || node.input(data[0]).dtype() != kFloat) return absl::OkStatus();
    // A single number that everything depends on (a loss, a norm) is not rounded.
    const PartialShape& shape = node.output_shape(0);
    const bool sums = node.op_name() == "Sum" || node.op_name() == "SumTo";
    if (sums && (!shape.known_rank() || shape.rank() == 0)) return absl::OkStatus();
    const bool all = std::all_of(data.begin(), data.end(), low);
    const bool any = std::any_of(data.begin(), data.end(), low);
    if (all || (any && direct_.count(node.out()) > 0)) return Convert(node, data);
    return absl::OkStatus();
  }

  // Whether nobody needs all bits of the output: it is not fetched, nor read by what stays float.
  bool MayBeRounded(const Output& output) const {
    int known = 0;
    for (const ProgramGraph::Use& use : graph_.UsesOf(output.node)) {
      const Node& reader = *use.node;
      known += reader.input(use.input) == output &&
               (Moves(reader.op_name()) || IsElementwise(reader.op_name()) || IsProduct(reader) ||
                IsFloatLayer(reader) || ReadsLogits(reader.op_name()) ||
                reader.op_name() == "ShapeOf" || reader.op_name() == "SizeOf");
    }
    return known == graph_.CountUses(output);
  }

  // A stored result that is read in bfloat16 is stored in it, for all.
  absl::Status VisitElementwise(Output output) {
    if (direct_.count(output) == 0 || !MayBeRounded(output)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Output low, AddCast(output, kBFloat16));
    ASSIGN_OR_RETURN(const Output wide, AddCast(low, kFloat));
    graph_.Replace(output, wide);
    graph_.ReplaceInput(low.node, 0, output);
    Know(wide, low, /*exact=*/true);
    ++changed_;
    return absl::OkStatus();
  }

  // The same op with these inputs in bfloat16.
  absl::Status Convert(Node& node, const std::vector<int>& low_inputs) {
    std::vector<Output> inputs = node.inputs();
    for (const int i : low_inputs) {
      ASSIGN_OR_RETURN(inputs[i], AsLow(inputs[i]));
    }
    ASSIGN_OR_RETURN(
        Node * converted,
        graph_.Add({.op = node.op_name(), .inputs = std::move(inputs), .attrs = node.attrs()},
                   node));
    ++changed_;
    for (int i = 0; i < node.num_outputs(); ++i) {
      if (graph_.CountUses(node.out(i)) == 0) continue;
      RETURN_IF_ERROR(Publish(node.out(i), converted->out(i)));
    }
    return absl::OkStatus();
  }

  // Puts `now`, of the type of `old` or bfloat16, in its place.
  absl::Status Publish(Output old, Output now) {
    if (now.dtype() == old.dtype()) {
      graph_.Replace(old, now);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Output wide, AddCast(now, kFloat));
    graph_.Replace(old, wide);
    Know(wide, now, /*exact=*/true);
    return absl::OkStatus();
  }

  absl::StatusOr<Output> AsLow(Output output) {
    if (Low(output).valid()) return Low(output);
    ASSIGN_OR_RETURN(const Output low, AddCast(output, kBFloat16));
    Know(output, low, /*exact=*/false);
    return low;
  }

  absl::StatusOr<Output> AddCast(Output x, DType dtype) {
    ASSIGN_OR_RETURN(
        Node * cast,
        graph_.Add({.op = "Cast", .inputs = {x}, .attrs = {{"dtype", dtype}}}, *x.node));
    return cast->out();
  }

  Output Low(const Output& output) const {
    const auto it = low_.find(output);
    return it == low_.end() ? Output() : it->second;
  }
  void Know(const Output& output, const Output& low, bool exact) {
    low_[output] = low;
    if (exact) exact_.insert(output);
  }

  ProgramGraph& graph_;
  std::set<Output> direct_, wanted_;
  std::map<Output, Output> low_;
  // Those whose elements are no other than those of the bfloat16 form.
  std::set<Output> exact_;
  int changed_ = 0;
};

}  // namespace

absl::StatusOr<int> LowerPrecision(ProgramGraph& graph) { return PrecisionPass(graph).Run(); }

}  // namespace viv
