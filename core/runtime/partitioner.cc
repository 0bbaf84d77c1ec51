// Send and Receive pairs along a common order.
#include "core/runtime/partitioner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/runtime/slot_table.h"

namespace viv {
namespace {

// Bound to their values on each device that uses them.
bool Everywhere(const Node& node) {
  const std::string& op = node.op_name();
  return op == "Const" || op == "Placeholder";
}

class Partitioner {
 public:
  Partitioner(ProgramGraph& graph, const std::map<const Node*, int>& placement)
      : graph_(graph), placement_(placement) {}

  absl::StatusOr<std::vector<Partition>> Run(const std::vector<Node*>& order);

 private:
  // An output, or a node as Output::kControl, and the device that wants it.
  using Transfer = std::pair<Output, int>;

  int DeviceOf(const Node* node) const { return placement_.at(node); }
  void FindTransfers(const std::vector<Node*>& order);
  absl::Status AddSends(Node* node);
  // Brings what the node waits for to its device.
  absl::Status AddReceives(Node* node);
  // The Receive of the transfer; a new one goes before `user`, near whom it stands.
  absl::StatusOr<Node*> Received(const Transfer& transfer, const Node& user);
  absl::StatusOr<Node*> NewReceive(const Transfer& transfer, const Node& user);
  bool IsFetched(const Node* node) const {
    const std::vector<Output>& fetches = graph_.fetches();
    return std::any_of(fetches.begin(), fetches.end(),
                       [node](const Output& fetch) { return fetch.node == node; });
  }
  // Which the executor reports.
  bool IsMissingFeed(const Node* node) const {
    return node->op_name() == "Placeholder" && !graph_.IsFeed(node);
  }
  // Puts a source into the device's list, once.
  void AddEverywhere(Node* node, int device) {
    if (replicated_.insert({node, device}).second) orders_[device].push_back(node);
  }
  static std::string Key(const Transfer& transfer) {
    return absl::StrCat(transfer.first.name(), "->", transfer.second);
  }

  ProgramGraph& graph_;
  const std::map<const Node*, int>& placement_;
  std::map<const Node*, std::set<Transfer>> transfers_;  // by the node that sends
  std::map<Transfer, Node*> received_;
  std::set<std::pair<const Node*, int>> replicated_;
  std::map<int, std::vector<Node*>> orders_;
};

void Partitioner::FindTransfers(const std::vector<Node*>& order) {
  for (const Node* node : order) {
    // What is everywhere waits for nothing.
    if (node->op_name() == "Group" || Everywhere(*node)) continue;
    const int device = DeviceOf(node);
    for (const Output& input : node->inputs()) {
      if (!Everywhere(*input.node) && DeviceOf(input.node) != device) {
        transfers_[input.node].insert({input, device});
      }
    }
    // Whether something is to follow an update is for the executors to refuse.
    for (Node* before : Predecessors(*node)) {
      if (!IsUpdate(*before) && DeviceOf(before) != device) {
        transfers_[before].insert({Output(before, Output::kControl), device});
      }
    }
  }
}

absl::Status Partitioner::AddSends(Node* node) {
  const int device = DeviceOf(node);
  for (const Transfer& transfer : transfers_[node]) {
    NodeSpec spec{.op = "Send",
                  .name = absl::StrCat(node->name(), "/send"),
                  .attrs = {{"key", Key(transfer)}}};
    if (transfer.first.index == Output::kControl) {
      ASSIGN_OR_RETURN(const Output token, graph_.AddConstant(Tensor::Scalar<bool>(true), *node));
      AddEverywhere(token.node, device);
      spec.inputs = {token};
      spec.control_inputs = {node};
    } else {
      spec.inputs = {transfer.first};
    }
    ASSIGN_OR_RETURN(Node * send, graph_.Add(std::move(spec), *node));
    orders_[device].push_back(send);
  }
  return absl::OkStatus();
}

absl::StatusOr<Node*> Partitioner::NewReceive(const Transfer& transfer, const Node& user) {
  const Output& value = transfer.first;
  const bool token = value.index == Output::kControl;
  return graph_.Add(
      {.op = "Receive",
       .name = absl::StrCat(value.node->name(), "/receive"),
       .attrs = {{"key", Key(transfer)}, {"dtype", token ? DType::kBool : value.dtype()}}},
      user);
}

absl::StatusOr<Node*> Partitioner::Received(const Transfer& transfer, const Node& user) {
  Node*& receive = received_[transfer];
  if (receive == nullptr) {
    ASSIGN_OR_RETURN(receive, NewReceive(transfer, user));
    orders_[transfer.second].push_back(receive);
  }
  return receive;
}

absl::Status Partitioner::AddReceives(Node* node) {
  const int device = DeviceOf(node);
  for (int i = 0; i < node->num_inputs(); ++i) {
    const Output input = node->input(i);
    if (Everywhere(*input.node)) {
      AddEverywhere(input.node, device);
    } else if (DeviceOf(input.node) != device) {
      ASSIGN_OR_RETURN(Node * receive, Received({input, device}, *node));
      graph_.ReplaceInput(node, i, receive->out());
    }
  }
  for (Node* before : Predecessors(*node)) {
    if (IsUpdate(*before) || DeviceOf(before) == device) continue;
    RETURN_IF_ERROR(Received({Output(before, Output::kControl), device}, *node).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Partition>> Partitioner::Run(const std::vector<Node*>& order) {
  FindTransfers(order);
  for (Node* node : order) {
    const int device = DeviceOf(node);
    if (node->op_name() == "Group") continue;
    if (Everywhere(*node)) {
      if (IsFetched(node) || IsMissingFeed(node)) AddEverywhere(node, device);
      continue;
    }
    RETURN_IF_ERROR(AddReceives(node));
    orders_[device].push_back(node);
    RETURN_IF_ERROR(AddSends(node));
  }
  std::vector<Partition> partitions;
  for (auto& [device, nodes] : orders_) partitions.push_back({device, std::move(nodes)});
  return partitions;
}

}  // namespace

absl::StatusOr<std::vector<Partition>> MakePartitions(ProgramGraph& graph,
                                                      const std::vector<Node*>& order,
                                                      const std::map<const Node*, int>& placement) {
  return Partitioner(graph, placement).Run(order);
}

}  // namespace viv
