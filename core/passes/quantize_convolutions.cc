// Convolutions in 8 bits.
//
// A convolution takes part where it ends in ReLU and a range was recorded of its images. Its images
// are then bytes; so are those that are only concatenated or pooled on the way from one such
// convolution to the next. Bytes that meet have one scale: that of the largest range of all who
// read them. Whoever else reads them reads floats made of the bytes; where nobody reads bytes, a
// convolution makes floats of its sums.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/passes/fuse.h"
#include "core/passes/optimize.h"
#include "core/tensor/quantized.h"

namespace viv {
namespace {

class ConvolutionQuantizer {
 public:
  explicit ConvolutionQuantizer(ProgramGraph& graph) : graph_(graph) {}

  absl::StatusOr<int> Run() {
    ASSIGN_OR_RETURN(const std::vector<Node*> order, graph_.Order());
    for (Node* const node : order) {
      if (IsCandidate(*node)) SeeReader(node->input(0), node->attrs().Float("range"));
    }
    // Nodes are replaced, and with them what they were known by.
    std::vector<Step> steps;
    for (Node* const node : order) {
      const bool wanted = scale_group_.count(node->out()) > 0;
      const bool convolution = IsCandidate(*node);
      if (!convolution && !(wanted && IsMover(*node))) continue;
      steps.push_back({.node = node,
                       .in_scale = ScaleOf(node->input(0)),
                       .out_scale = wanted ? ScaleOf(node->out()) : 0});
    }
    for (const Step& step : steps) {
      RETURN_IF_ERROR(step.node->op_name() == "FusedConv2D" ? ReplaceConvolution(step)
                                                            : ReplaceMover(step));
    }
    return changed_;
  }

 private:
  struct Step {
    Node* node;
    // Of bytes; 0 where the result is floats.
    float in_scale, out_scale;
  };

  bool IsCandidate(const Node& node) const {
    return node.op_name() == "FusedConv2D" && node.output_type(0) == kFloat && OnCpu(node) &&
           graph_.Replaceable(node) && node.attrs().Bool("relu") && node.attrs().Float("range") > 0;
  }
  // What makes bytes of bytes.
  bool IsMover(const Node& node) const {
    if (node.output_type(0) != kFloat || !OnCpu(node) || !graph_.Replaceable(node)) return false;
    return node.op_name() == "Concat" ||
           (node.op_name() == "MaxPool2D" && !node.attrs().Bool("index"));
  }

  // Bytes are read there, which stand for numbers up to `range`.
  void SeeReader(const Output& x, double range) {
    Visit(x);
    double& known = range_[GroupOf(x)];
    known = std::max(known, range);
  }
  // Puts x and all that bytes of it are made of into one group.
  void Visit(const Output& x) {
    if (!scale_group_.emplace(x, x).second || !IsMover(*x.node)) return;
    for (const Output& input : x.node->inputs()) {
      Visit(input);
      Join(x, input);
    }
  }
  Output GroupOf(Output x) const {
    while (!(scale_group_.at(x) == x)) x = scale_group_.at(x);
    return x;
  }
  void Join(const Output& a, const Output& b) {
    const Output to = GroupOf(a), from = GroupOf(b);
    if (to == from) return;
    scale_group_[from] = to;
    range_[to] = std::max(range_[to], range_[from]);
  }
  float ScaleOf(const Output& x) const {
    return static_cast<float>(range_.at(GroupOf(x)) / kGreatestByte);
  }

  absl::Status ReplaceConvolution(const Step& step) {
    Node* const node = step.node;
    NodeSpec spec{.op = "QuantizedConv2D", .inputs = node->inputs(), .attrs = Attrs(step)};
    ASSIGN_OR_RETURN(spec.inputs[0], AsBytes(node->input(0), step.in_scale));
    ASSIGN_OR_RETURN(Node * whole, graph_.Add(std::move(spec), *node));
    ++changed_;
    if (step.out_scale > 0) return Publish(node->out(), whole->out(), step.out_scale);
    graph_.Replace(node->out(), whole->out());
    return absl::OkStatus();
  }
  static AttrMap Attrs(const Step& step) {
    const AttrMap& from = step.node->attrs();
    AttrMap attrs;
    for (const char* name : {"strides", "dilations", "pads"}) attrs.Set(name, from.Ints(name));
    attrs.Set("padding", from.String("padding"));
    attrs.Set("groups", from.Int("groups"));
    attrs.Set("relu", true);
    attrs.Set("x_scale", static_cast<double>(step.in_scale));
    if (step.out_scale > 0) {
      attrs.Set("y_scale", static_cast<double>(step.out_scale));
      attrs.Set("dtype", kUInt8);
    }
    return attrs;
  }

  absl::Status ReplaceMover(const Step& step) {
    NodeSpec spec{.op = step.node->op_name(), .attrs = step.node->attrs()};
    for (const Output& input : step.node->inputs()) {
      ASSIGN_OR_RETURN(const Output bytes, AsBytes(input, step.out_scale));
      spec.inputs.push_back(bytes);
    }
    ASSIGN_OR_RETURN(Node * moved, graph_.Add(std::move(spec), *step.node));
    return Publish(step.node->out(), moved->out(), step.out_scale);
  }

  absl::StatusOr<Output> AsBytes(const Output& x, float scale) {
    Output& bytes = bytes_[x];
    if (!bytes.valid()) {
      ASSIGN_OR_RETURN(bytes, AddScaled("Quantize", x, scale));
    }
    return bytes;
  }
  // Puts floats made of `now` in the place of `old`; who reads bytes will find them by those.
  absl::Status Publish(const Output& old, const Output& now, float scale) {
    ASSIGN_OR_RETURN(const Output wide, AddScaled("Dequantize", now, scale));
    graph_.Replace(old, wide);
    bytes_[wide] = now;
    return absl::OkStatus();
  }
  absl::StatusOr<Output> AddScaled(const char* op, const Output& x, float scale) {
    ASSIGN_OR_RETURN(
        Node * node,
        graph_.Add({.op = op, .inputs = {x}, .attrs = {{"scale", static_cast<double>(scale)}}},
                   *x.node));
    return node->out();
  }

  ProgramGraph& graph_;
  // A union of sets: what becomes bytes, and the next one of its group, itself for the last.
  std::map<Output, Output> scale_group_;
  // By the last of the group.
  std::map<Output, double> range_;
  // The bytes of floats.
  std::map<Output, Output> bytes_;
  int changed_ = 0;
};

}  // namespace

absl::StatusOr<int> QuantizeConvolutions(ProgramGraph& graph) {
  return ConvolutionQuantizer(graph).Run();
}

}  // namespace viv
