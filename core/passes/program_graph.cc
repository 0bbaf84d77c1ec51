// Copies the needed part of a graph and keeps track of who uses what while it is rewritten.
#include "core/passes/program_graph.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/topological_order.h"

namespace viv {
namespace {

// The nodes that compute `fetches` from `feeds`.
std::set<const Node*> Reachable(const std::set<Output>& fed, const std::vector<Output>& fetches) {
  std::set<const Node*> wanted;
  std::vector<const Node*> stack;
  const auto visit = [&](const Node* node) {
    if (wanted.insert(node).second) stack.push_back(node);
  };
  for (const Output& fetch : fetches) {
    if (fed.count(fetch) == 0) visit(fetch.node);
  }
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Output& input : node->inputs()) {
      if (fed.count(input) == 0) visit(input.node);
    }
    for (const Node* control : node->control_inputs()) visit(control);
  }
  return wanted;
}

// The outputs that the nodes of `wanted` and the fetches use; nodes that others follow as
// Output::kControl.
std::set<Output> Used(const std::set<const Node*>& wanted, const std::vector<Output>& fetches) {
  std::set<Output> used(fetches.begin(), fetches.end());
  for (const Node* node : wanted) {
    used.insert(node->inputs().begin(), node->inputs().end());
    for (Node* control : node->control_inputs()) used.emplace(control, Output::kControl);
  }
  return used;
}

// Calls, branches and loops compute as many results of their functions as attribute "types" lists:
// takes those off the end that nobody uses, such as what is saved for a gradient that does not run.
// A node that others follow is to run whole: it may hold a check.
void DropUnusedResults(Node& node, const std::set<Output>& used, AttrMap& attrs) {
  const std::vector<OutputDef>& outputs = node.op().outputs;
  if (outputs.size() != 1 || outputs[0].count != "types") return;
  if (used.count(Output(&node, Output::kControl)) > 0) return;
  const size_t carries =
      node.op().FindAttr("carries") != nullptr ? static_cast<size_t>(attrs.Int("carries")) : 0;
  std::vector<DType> types = attrs.Types("types");
  while (types.size() > carries && used.count(node.out(static_cast<int>(types.size()) - 1)) == 0) {
    types.pop_back();
  }
  attrs.Set("types", std::move(types));
}

bool IsPureFunction(const FunctionLibrary& library, const std::string& name,
                    std::set<std::string>& seen);

bool IsPureNode(const Node& node, std::set<std::string>& seen) {
  // The arguments of a function are given to it.
  if (node.op_name() == "Argument") return true;
  if (!node.op().pure()) return false;
  const FunctionLibrary& library = node.graph().library();
  for (const auto& [name, value] : node.attrs()) {
    if (const std::string* text = value.get<std::string>()) {
      if (!IsPureFunction(library, *text, seen)) return false;
    } else if (const auto* texts = value.get<std::vector<std::string>>()) {
      for (const std::string& one : *texts) {
        if (!IsPureFunction(library, one, seen)) return false;
      }
    }
  }
  return true;
}

// True also where `name` is no function.
bool IsPureFunction(const FunctionLibrary& library, const std::string& name,
                    std::set<std::string>& seen) {
  const Function* function = library.Find(name);
  if (function == nullptr || !seen.insert(name).second) return true;
  const auto& nodes = function->body().nodes();
  return std::all_of(nodes.begin(), nodes.end(),
                     [&seen](const auto& node) { return IsPureNode(*node, seen); });
}

}  // namespace

bool IsPure(const Node& node) {
  std::set<std::string> seen;
  return node.op_name() != "Argument" && IsPureNode(node, seen);
}

const Tensor* ConstantOf(const Output& output) {
  const Node& node = *output.node;
  return node.op_name() == "Const" ? &node.attrs().TensorAttr("value") : nullptr;
}

absl::StatusOr<std::unique_ptr<ProgramGraph>> ProgramGraph::Create(
    const Graph& source, const std::vector<Output>& feeds, const std::vector<Output>& fetches) {
  std::unique_ptr<ProgramGraph> program(new ProgramGraph(source.shared_library()));
  RETURN_IF_ERROR(program->Copy(source, feeds, fetches));
  return program;
}

absl::Status ProgramGraph::Copy(const Graph& source, const std::vector<Output>& feeds,
                                const std::vector<Output>& fetches) {
  const std::set<Output> fed(feeds.begin(), feeds.end());
  const std::set<const Node*> wanted = Reachable(fed, fetches);
  const std::set<Output> used = Used(wanted, fetches);
  std::map<Output, Output> copy_of;
  std::map<const Node*, Node*> node_copy;
  for (const Output& feed : feeds) {
    const Node& from = *feed.node;
    NodeSpec spec{.op = "Placeholder",
                  .name = from.name(),
                  .attrs = {{"dtype", feed.dtype()}, {"shape", feed.shape()}},
                  .device = from.device(),
                  .site = from.site()};
    const bool is_placeholder = from.op_name() == "Placeholder" || from.op_name() == "Argument";
    // A node that runs all the same, for another output, keeps its name.
    for (int i = 0; !is_placeholder && source.FindNode(spec.name) != nullptr; ++i) {
      spec.name =
          absl::StrCat(from.name(), "/fed_", feed.index, i == 0 ? "" : absl::StrCat("_", i));
    }
    ASSIGN_OR_RETURN(Node * copy, graph_.AddNode(std::move(spec)));
    Index(copy);
    feeds_.push_back(copy->out());
    copy_of[feed] = copy->out();
    if (is_placeholder) node_copy[&from] = copy;
  }
  ASSIGN_OR_RETURN(const std::vector<Node*> order, source.TopologicalOrder());
  for (Node* node : order) {
    if (wanted.count(node) == 0 || node_copy.count(node) > 0) continue;
    NodeSpec spec{.op = node->op_name(),
                  .name = node->name(),
                  .attrs = node->attrs(),
                  .device = node->device(),
                  .site = node->site()};
    DropUnusedResults(*node, used, spec.attrs);
    for (const Output& input : node->inputs()) spec.inputs.push_back(copy_of.at(input));
    for (Node* control : node->control_inputs()) {
      spec.control_inputs.push_back(node_copy.at(control));
    }
    ASSIGN_OR_RETURN(Node * copy, graph_.AddNode(std::move(spec)));
    Index(copy);
    node_copy[node] = copy;
    for (int i = 0; i < copy->num_outputs(); ++i) {
      copy->set_output_shape(i, node->output_shape(i));
      copy_of.emplace(node->out(i), copy->out(i));
    }
  }
  for (const Output& fetch : fetches) {
    if (fetch.index == Output::kControl) {
      fetches_.emplace_back(node_copy.at(fetch.node), Output::kControl);
      ++followers_[fetches_.back().node];
    } else {
      fetches_.push_back(copy_of.at(fetch));
    }
  }
  return absl::OkStatus();
}

bool ProgramGraph::IsFeed(const Node* node) const {
  return std::any_of(feeds_.begin(), feeds_.end(),
                     [node](const Output& feed) { return feed.node == node; });
}

void ProgramGraph::Index(Node* node) {
  for (int i = 0; i < node->num_inputs(); ++i) uses_[node->input(i).node].push_back({node, i});
  for (Node* control : node->control_inputs()) ++followers_[control];
  rank_.emplace(node, static_cast<int64_t>(rank_.size()));
}

void ProgramGraph::Forget(const Use& use) {
  std::vector<Use>& uses = uses_[use.node->input(use.input).node];
  const auto it = std::find_if(uses.begin(), uses.end(), [&use](const Use& other) {
    return other.node == use.node && other.input == use.input;
  });
  *it = uses.back();
  uses.pop_back();
}

absl::StatusOr<std::vector<Node*>> ProgramGraph::Order() const {
  return TopologicalOrder(graph_, [this](const Node* a, const Node* b) {
    return std::make_pair(rank_.at(a), a->id()) < std::make_pair(rank_.at(b), b->id());
  });
}

absl::StatusOr<Node*> ProgramGraph::Add(NodeSpec spec, const Node& like) {
  if (spec.name.empty()) spec.name = like.name();
  if (spec.device.empty()) spec.device = like.device();
  if (spec.site.file.empty()) spec.site = like.site();
  ASSIGN_OR_RETURN(Node * node, graph_.AddNode(std::move(spec)));
  Index(node);
  rank_[node] = rank_.at(&like);
  return node;
}

absl::StatusOr<Output> ProgramGraph::AddConstant(Tensor value, const Node& like) {
  const DType dtype = value.dtype();
  ASSIGN_OR_RETURN(
      Node * node,
      Add({.op = "Const", .attrs = {{"value", std::move(value)}, {"dtype", dtype}}}, like));
  return node->out();
}

void ProgramGraph::Replace(Output from, Output to) {
  const std::vector<Use> uses = UsesOf(from.node);
  for (const Use& use : uses) {
    if (use.node->input(use.input) == from) ReplaceInput(use.node, use.input, to);
  }
  std::replace(fetches_.begin(), fetches_.end(), from, to);
}

void ProgramGraph::ReplaceInput(Node* node, int i, Output to) {
  Forget({node, i});
  node->ReplaceInput(i, to);
  uses_[to.node].push_back({node, i});
}

int ProgramGraph::CountUses(Output output) const {
  int count = static_cast<int>(std::count(fetches_.begin(), fetches_.end(), output));
  for (const Use& use : UsesOf(output.node)) count += use.node->input(use.input) == output;
  return count;
}

const std::vector<ProgramGraph::Use>& ProgramGraph::UsesOf(const Node* node) const {
  static const std::vector<Use> kNone;
  const auto it = uses_.find(node);
  return it == uses_.end() ? kNone : it->second;
}

bool ProgramGraph::Detached(const Node& node) const {
  const auto it = followers_.find(&node);
  const bool followed = it != followers_.end() && it->second > 0;
  return !followed && node.control_inputs().empty();
}

bool ProgramGraph::Replaceable(const Node& node) const { return Detached(node) && IsPure(node); }

void ProgramGraph::Prune() {
  std::vector<bool> keep(graph_.nodes().size(), false);
  std::vector<const Node*> stack;
  const auto visit = [&](const Node* node) {
    if (keep[node->id()]) return;
    keep[node->id()] = true;
    stack.push_back(node);
  };
  for (const Output& feed : feeds_) visit(feed.node);
  for (const Output& fetch : fetches_) visit(fetch.node);
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Output& input : node->inputs()) visit(input.node);
    for (const Node* control : node->control_inputs()) visit(control);
  }
  for (const auto& node : graph_.nodes()) {
    if (keep[node->id()]) continue;
    for (int i = 0; i < node->num_inputs(); ++i) Forget({node.get(), i});
    for (const Node* control : node->control_inputs()) --followers_[control];
  }
  for (const auto& node : graph_.nodes()) {
    if (keep[node->id()]) continue;
    uses_.erase(node.get());
    followers_.erase(node.get());
    rank_.erase(node.get());
  }
  graph_.KeepOnly(keep);
}

}  // namespace viv
