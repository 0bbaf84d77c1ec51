// Groups that stay together, hints, then the free choices.
#include "core/runtime/placer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "core/device/kernel.h"
#include "core/runtime/slot_table.h"

namespace viv {
namespace {

class Placer {
 public:
  Placer(const std::vector<Node*>& order, const PlacementOptions& options)
      : order_(order), options_(options), parent_(order.size()) {
    std::iota(parent_.begin(), parent_.end(), 0);
    for (size_t i = 0; i < order.size(); ++i) index_[order[i]] = static_cast<int>(i);
  }

  absl::StatusOr<std::map<const Node*, int>> Run();

 private:
  // Nodes that stay together are a group, named by one of them.
  int Group(int i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  int GroupOf(const Node* node) { return Group(index_.at(node)); }
  void JoinVariables();
  absl::Status FollowHint(const Node& node);
  // Keeps the devices that have a kernel, if any.
  void NeedKernel(const Node& node);
  void FollowInputs();
  void Schedule();
  std::vector<double> UpwardRanks() const;
  // When `node` could be done on `device`.
  double Finish(const Node& node, int device, const std::vector<double>& device_free);
  bool Decided(int group) const { return candidates_.at(group).size() == 1; }

  const std::vector<Node*>& order_;
  const PlacementOptions& options_;
  std::map<const Node*, int> index_;
  std::vector<int> parent_;
  std::map<int, std::vector<int>> candidates_;  // by group: indices of devices
  std::map<const Node*, double> finish_;
};

void Placer::JoinVariables() {
  for (const Node* node : order_) {
    for (const Output& input : node->inputs()) {
      if (input.dtype() == kResource) parent_[GroupOf(node)] = GroupOf(input.node);
    }
  }
  std::vector<int> all(options_.devices.size());
  std::iota(all.begin(), all.end(), 0);
  for (const Node* node : order_) candidates_[GroupOf(node)] = all;
}

absl::Status Placer::FollowHint(const Node& node) {
  absl::StatusOr<DeviceName> hint = DeviceName::Parse(node.device());
  if (!hint.ok()) return Annotate(hint.status(), node.Describe());
  std::vector<int>& candidates = candidates_[GroupOf(&node)];
  std::vector<int> fitting;
  for (const int device : candidates) {
    if (hint->Fits(options_.devices[device])) fitting.push_back(device);
  }
  if (!fitting.empty()) {
    candidates = std::move(fitting);
  } else if (options_.hard) {
    return absl::InvalidArgumentError(
        absl::StrCat(node.Describe(), " is to be on '", node.device(), "', but it can only be on ",
                     absl::StrJoin(candidates, " or ", [this](std::string* out, int device) {
                       absl::StrAppend(out, options_.devices[device].ToString());
                     })));
  }
  return absl::OkStatus();
}

void Placer::NeedKernel(const Node& node) {
  if (IsSource(node)) return;
  std::vector<int>& candidates = candidates_[GroupOf(&node)];
  std::vector<int> able;
  for (const int device : candidates) {
    const std::string& type = options_.devices[device].type;
    if (KernelRegistry::Global().Find(node.op_name(), type, BoundTypes(node)).ok()) {
      able.push_back(device);
    }
  }
  // Where there is none, the executor says so better.
  if (!able.empty()) candidates = std::move(able);
}

void Placer::FollowInputs() {
  for (const Node* node : order_) {
    const int group = GroupOf(node);
    if (Decided(group)) continue;
    std::map<int, double> bytes;
    for (const Output& input : node->inputs()) {
      const bool everywhere = IsSource(*input.node) && input.node->op_name() != "ReadVariable";
      if (everywhere || input.dtype() == kResource) continue;
      const int64_t elements = std::max<int64_t>(1, input.shape().num_elements());
      bytes[candidates_[GroupOf(input.node)][0]] +=
          static_cast<double>(elements) * static_cast<double>(DTypeSize(input.dtype()));
    }
    int best = candidates_[group][0];
    for (const int device : candidates_[group]) {
      if (bytes[device] > bytes[best]) best = device;
    }
    candidates_[group] = {best};
  }
}

std::vector<double> Placer::UpwardRanks() const {
  std::vector<double> ranks(order_.size(), 0);
  for (int i = static_cast<int>(order_.size()) - 1; i >= 0; --i) {
    const Node& node = *order_[i];
    ranks[i] += options_.costs->Seconds(node);
    for (const Output& input : node.inputs()) {
      const double transfer = CostModel::TransferSeconds(options_.costs->OutputBytes(*input.node));
      double& before = ranks[index_.at(input.node)];
      before = std::max(before, ranks[i] + (IsSource(*input.node) ? 0 : transfer));
    }
    for (const Node* control : node.control_inputs()) {
      double& before = ranks[index_.at(control)];
      before = std::max(before, ranks[i]);
    }
  }
  return ranks;
}

double Placer::Finish(const Node& node, int device, const std::vector<double>& device_free) {
  double start = device_free[device];
  for (const Output& input : node.inputs()) {
    const Node& from = *input.node;
    const bool everywhere = IsSource(from) && from.op_name() != "ReadVariable";
    const bool here = everywhere || candidates_[GroupOf(&from)][0] == device;
    const double bytes = options_.costs->OutputBytes(from);
    start = std::max(start, finish_[&from] + (here ? 0 : CostModel::TransferSeconds(bytes)));
  }
  return start + options_.costs->Seconds(node);
}

void Placer::Schedule() {
  const std::vector<double> ranks = UpwardRanks();
  std::vector<int> by_rank(order_.size());
  std::iota(by_rank.begin(), by_rank.end(), 0);
  // A node's rank is at least that of what follows it, so inputs come first.
  std::stable_sort(by_rank.begin(), by_rank.end(),
                   [&ranks](int a, int b) { return ranks[a] > ranks[b]; });
  std::vector<double> device_free(options_.devices.size(), 0);
  for (const int i : by_rank) {
    const Node& node = *order_[i];
    std::vector<int>& candidates = candidates_[Group(i)];
    // A variable itself takes no time: its first read or update decides.
    if (node.op_name() == "Variable") continue;
    int best = candidates[0];
    double earliest = Finish(node, best, device_free);
    for (const int device : candidates) {
      const double finish = Finish(node, device, device_free);
      if (finish < earliest) {
        best = device;
        earliest = finish;
      }
    }
    candidates = {best};
    finish_[&node] = earliest;
    if (!IsSource(node)) device_free[best] = earliest;
  }
}

absl::StatusOr<std::map<const Node*, int>> Placer::Run() {
  JoinVariables();
  for (const bool variables : {true, false}) {
    for (const Node* node : order_) {
      if ((node->op_name() == "Variable") != variables) continue;
      RETURN_IF_ERROR(FollowHint(*node));
    }
  }
  for (const Node* node : order_) NeedKernel(*node);
  if (options_.costs != nullptr && options_.devices.size() > 1) {
    Schedule();
  } else {
    FollowInputs();
  }
  std::map<const Node*, int> placed;
  for (Node* node : order_) {
    const int device = candidates_[GroupOf(node)][0];
    node->set_device(options_.devices[device].ToString());
    placed[node] = device;
  }
  return placed;
}

}  // namespace

absl::StatusOr<std::map<const Node*, int>> Place(const std::vector<Node*>& order,
                                                 const PlacementOptions& options) {
  return Placer(order, options).Run();
}

}  // namespace viv
