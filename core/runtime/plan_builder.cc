// Makes launch plans: concrete shapes, folding of values known by shape, kernels, memory.
#include <algorithm>
#include <climits>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/passes/program_graph.h"
#include "core/runtime/evaluate.h"
#include "core/runtime/launch_plan.h"
#include "core/runtime/memory_planner.h"

namespace viv {
namespace {

bool AllKnown(const std::vector<PartialShape>& shapes) {
  return std::all_of(shapes.begin(), shapes.end(),
                     [](const PartialShape& s) { return s.fully_defined(); });
}

// Whether the kernel makes the outputs. Where all their shapes are known, the plan does.
bool IsDynamic(const OrderedNode& node, const std::vector<PartialShape>& outputs) {
  return node.node->op().dynamic_output && !AllKnown(outputs);
}

}  // namespace

class PlanBuilder {
 public:
  PlanBuilder(const SlotTable& table, int begin, absl::Span<const Tensor> values,
              const CallableFactory& callables)
      : table_(table),
        values_(values),
        callables_(callables),
        plan_(std::make_shared<LaunchPlan>()) {
    plan_->begin_ = begin;
    plan_->end_ = begin;
    for (int slot : table.Needed(begin)) plan_->key_.emplace_back(slot, values[slot].shape());
  }

  absl::Status AddNodes(int limit);
  std::shared_ptr<LaunchPlan> Finish();

 private:
  // Up to this many elements, what follows from shapes and constants is computed while planning.
  static constexpr int64_t kMaxFolded = 256;

  int TensorOf(int slot);
  const Tensor* KnownValue(int slot, bool guard);
  // Sets shapes; false where the stretch ends before this node.
  absl::StatusOr<bool> Shapes(const OrderedNode& node, std::vector<PartialShape>& outputs);
  absl::StatusOr<std::unique_ptr<Kernel>> MakeKernelOf(const OrderedNode& node,
                                                       const std::vector<PartialShape>& outputs);
  absl::StatusOr<bool> Fold(const OrderedNode& node, const std::vector<PartialShape>& outputs);
  absl::Status AddStep(const OrderedNode& node, const std::vector<PartialShape>& outputs);
  int AddTensor(int slot, PlanTensor::Place place, const Shape& shape);
  int Root(int tensor) const {
    while (plan_->tensors_[tensor].place == PlanTensor::Place::kView) {
      tensor = plan_->tensors_[tensor].parent;
    }
    return tensor;
  }
  // Makes an output take over an input's memory where the kernel allows it.
  int ReusedInput(const OrderedNode& node, int output, const Shape& shape) const;
  void PlaceBlocks();
  // What Executor::Bind sets for each run.
  void ListBound();
  // The last node that uses the tensor's memory; INT_MAX where it outlives the plan.
  int LastUse(int slot) const;

  const SlotTable& table_;
  absl::Span<const Tensor> values_;
  const CallableFactory& callables_;
  std::shared_ptr<LaunchPlan> plan_;
  std::map<int, int> tensor_of_;    // by slot
  std::map<int, Tensor> folded_;    // by slot
  std::map<int, Shape> shape_of_;   // by slot, of this plan
  std::map<int, int> shares_with_;  // by plan tensor: the one whose block it uses
  std::vector<int> step_position_;  // by step: of its node
  std::map<int, int> made_by_;      // by plan tensor: step
  // A value from before the plan was asked for of which only the shape is there.
  bool lacks_value_ = false;
};

int PlanBuilder::LastUse(int slot) const {
  return table_.slots()[slot].fetched ? INT_MAX : table_.slots()[slot].last_node;
}

int PlanBuilder::AddTensor(int slot, PlanTensor::Place place, const Shape& shape) {
  PlanTensor tensor;
  tensor.place = place;
  tensor.slot = slot;
  tensor.dtype = table_.slots()[slot].dtype;
  tensor.shape = shape;
  plan_->tensors_.push_back(std::move(tensor));
  return tensor_of_[slot] = static_cast<int>(plan_->tensors_.size()) - 1;
}

int PlanBuilder::TensorOf(int slot) {
  if (const auto it = tensor_of_.find(slot); it != tensor_of_.end()) return it->second;
  const Slot& info = table_.slots()[slot];
  if (info.kind == Slot::Kind::kConstant) {
    const Tensor& value = table_.constants()[info.index];
    const int tensor = AddTensor(slot, PlanTensor::Place::kConstant, value.shape());
    plan_->tensors_[tensor].constant = value;
    return tensor;
  }
  const bool handle = info.kind == Slot::Kind::kHandle;
  return AddTensor(slot, PlanTensor::Place::kImport, handle ? Shape() : values_[slot].shape());
}

const Tensor* PlanBuilder::KnownValue(int slot, bool guard) {
  if (const auto it = folded_.find(slot); it != folded_.end()) return &it->second;
  const Slot& info = table_.slots()[slot];
  if (info.kind == Slot::Kind::kConstant) return &table_.constants()[info.index];
  if (!guard || shape_of_.count(slot) > 0) return nullptr;
  if (values_[slot].buffer() == nullptr) {
    lacks_value_ = true;
    return nullptr;
  }
  // The value of a feed or of an earlier stretch: the plan holds for this value only.
  absl::StatusOr<Tensor> copy = values_[slot].Clone();
  if (copy.ok()) plan_->guards_.emplace_back(slot, *std::move(copy));
  return &values_[slot];
}

absl::StatusOr<bool> PlanBuilder::Shapes(const OrderedNode& node,
                                         std::vector<PartialShape>& outputs) {
  std::vector<PartialShape> inputs;
  for (int slot : node.inputs) {
    const Slot& info = table_.slots()[slot];
    if (const auto it = shape_of_.find(slot); it != shape_of_.end()) {
      inputs.push_back(it->second);
    } else if (info.kind == Slot::Kind::kConstant) {
      inputs.push_back(table_.constants()[info.index].shape());
    } else {
      inputs.push_back(info.kind == Slot::Kind::kHandle ? info.shape
                                                        : PartialShape(values_[slot].shape()));
    }
  }
  ShapeContext context(*node.node, inputs, [&](int i) { return KnownValue(node.inputs[i], true); });
  context.set_function_shapes(FunctionShapesBy(callables_));
  RETURN_IF_ERROR(Annotate(
      node.node->op().shape(context),
      absl::StrCat(node.node->Describe(), " with inputs ",
                   absl::StrJoin(inputs, ", ", [](std::string* out, const PartialShape& s) {
                     absl::StrAppend(out, s.ToString());
                   }))));
  outputs = context.outputs();
  if (AllKnown(outputs) || node.node->op().dynamic_output) return true;
  // The next stretch will know the value, if there is progress; a plan that is made for its shapes
  // alone ends in any case.
  if (context.missed_value() && (plan_->end_ > plan_->begin_ || lacks_value_)) return false;
  return absl::InternalError(
      absl::StrCat(node.node->Describe(), ": the shape of an output cannot be determined"));
}

absl::StatusOr<std::unique_ptr<Kernel>> PlanBuilder::MakeKernelOf(
    const OrderedNode& node, const std::vector<PartialShape>& outputs) {
  std::vector<DType> input_types, output_types;
  std::vector<Shape> shapes;
  for (int slot : node.inputs) {
    input_types.push_back(table_.slots()[slot].dtype);
    shapes.push_back(plan_->tensors_[TensorOf(slot)].shape);
  }
  for (int slot : node.outputs) output_types.push_back(table_.slots()[slot].dtype);
  KernelInit init{.node_name = node.node->name(),
                  .attrs = node.node->attrs(),
                  .input_types = input_types,
                  .output_types = output_types,
                  .input_shapes = shapes,
                  .output_shapes = outputs,
                  .constant_input = [&](int i) { return KnownValue(node.inputs[i], false); },
                  .callable = callables_};
  absl::StatusOr<std::unique_ptr<Kernel>> kernel = CreateKernel(*node.kernel, init);
  if (!kernel.ok()) return Annotate(kernel.status(), node.node->Describe());
  return kernel;
}

absl::StatusOr<bool> PlanBuilder::Fold(const OrderedNode& node,
                                       const std::vector<PartialShape>& outputs) {
  const Node& n = *node.node;
  if (IsDynamic(node, outputs) || node.outputs.empty()) return false;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const DType dtype = n.output_type(static_cast<int>(i));
    if (dtype == kString || outputs[i].num_elements() > kMaxFolded) return false;
  }
  const bool by_shape = n.op_name() == "ShapeOf" || n.op_name() == "SizeOf";
  for (int slot : node.inputs) {
    if (!by_shape && KnownValue(slot, false) == nullptr) return false;
  }
  if (node.inputs.empty() || !IsPure(n)) return false;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    // These read no element of their input.
    inputs.push_back(by_shape ? Tensor(n.input(0).dtype(),
                                       plan_->tensors_[TensorOf(node.inputs[0])].shape, nullptr)
                              : *KnownValue(node.inputs[i], false));
  }
  ASSIGN_OR_RETURN(const std::vector<Tensor> results, EvaluateNode(n, inputs, callables_));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const int tensor = AddTensor(node.outputs[i], PlanTensor::Place::kConstant, results[i].shape());
    plan_->tensors_[tensor].constant = results[i];
    folded_[node.outputs[i]] = results[i];
  }
  return true;
}

int PlanBuilder::ReusedInput(const OrderedNode& node, int output, const Shape& shape) const {
  const int position = step_position_.back();
  for (const InPlace& pair : node.kernel->in_place) {
    if (pair.output != output || pair.input >= static_cast<int>(node.inputs.size())) continue;
    const int slot = node.inputs[pair.input];
    const int tensor = tensor_of_.at(slot);
    const PlanTensor& candidate = plan_->tensors_[tensor];
    // Views share memory in ways that last_node of one slot does not tell: leave them alone.
    if (candidate.place != PlanTensor::Place::kArena || !(candidate.shape == shape) ||
        candidate.dtype != table_.slots()[node.outputs[output]].dtype ||
        LastUse(slot) != position || shares_with_.count(-tensor - 1) > 0) {
      continue;
    }
    if (std::count(node.inputs.begin(), node.inputs.end(), slot) == 1) return tensor;
  }
  return -1;
}

absl::Status PlanBuilder::AddStep(const OrderedNode& node,
                                  const std::vector<PartialShape>& outputs) {
  PlanStep step;
  step.node = node.node;
  for (int slot : node.inputs) {
    step.inputs.push_back(TensorOf(slot));
    const Slot& info = table_.slots()[slot];
    step.variables.push_back(info.kind == Slot::Kind::kHandle ? info.index : -1);
  }
  if (node.kernel->alias) {
    const int view = AddTensor(node.outputs[0], PlanTensor::Place::kView, outputs[0].ToShape());
    plan_->tensors_[view].parent = step.inputs[0];
    shares_with_[-Root(view) - 1] = 1;  // has views
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Kernel> kernel, MakeKernelOf(node, outputs));
  step_position_.push_back(static_cast<int>(&node - table_.nodes().data()));
  const bool dynamic = IsDynamic(node, outputs);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const int slot = node.outputs[i];
    const bool owned = table_.slots()[slot].dtype == kString || table_.slots()[slot].fetched;
    const Shape shape = dynamic ? Shape() : outputs[i].ToShape();
    const int reused = dynamic || owned ? -1 : ReusedInput(node, static_cast<int>(i), shape);
    const int tensor = AddTensor(slot,
                                 dynamic ? PlanTensor::Place::kDynamic
                                 : owned ? PlanTensor::Place::kOwned
                                         : PlanTensor::Place::kArena,
                                 shape);
    if (reused >= 0) shares_with_[tensor] = reused;
    made_by_[tensor] = static_cast<int>(plan_->steps_.size());
    step.outputs.push_back(tensor);
  }
  plan_->steps_.push_back(std::move(step));
  plan_->kernels_.push_back(std::move(kernel));
  return absl::OkStatus();
}

absl::Status PlanBuilder::AddNodes(int limit) {
  while (plan_->end_ < limit) {
    const OrderedNode& node = table_.nodes()[plan_->end_];
    std::vector<PartialShape> outputs;
    ASSIGN_OR_RETURN(const bool possible, Shapes(node, outputs));
    if (!possible) return absl::OkStatus();
    for (const PartialShape& shape : outputs) {
      if (const absl::Status valid = shape.Validate(); !valid.ok()) {
        return Annotate(valid, node.node->Describe());
      }
    }
    ++plan_->end_;
    ASSIGN_OR_RETURN(const bool folded, Fold(node, outputs));
    if (!folded) RETURN_IF_ERROR(AddStep(node, outputs));
    const bool dynamic = IsDynamic(node, outputs);
    for (size_t i = 0; !dynamic && i < outputs.size(); ++i) {
      shape_of_[node.outputs[i]] = outputs[i].ToShape();
    }
    if (dynamic) return absl::OkStatus();
  }
  return absl::OkStatus();
}

void PlanBuilder::PlaceBlocks() {
  const int num_steps = static_cast<int>(plan_->steps_.size());
  std::vector<MemoryBlock> blocks;
  std::map<int, size_t> block_of;
  // The last step at or before which all uses of a slot lie.
  const auto last_step = [&](int slot) {
    const int use = LastUse(slot);
    if (use >= plan_->end_) return num_steps;
    const auto it = std::upper_bound(step_position_.begin(), step_position_.end(), use);
    return static_cast<int>(it - step_position_.begin()) - 1;
  };
  const int num_tensors = static_cast<int>(plan_->tensors_.size());
  for (int t = 0; t < num_tensors; ++t) {
    const PlanTensor& tensor = plan_->tensors_[t];
    const int root = Root(t);
    if (plan_->tensors_[root].place != PlanTensor::Place::kArena) continue;
    if (tensor.place == PlanTensor::Place::kArena) {
      if (const auto it = shares_with_.find(t); it != shares_with_.end()) {
        block_of[t] = block_of[it->second];
      } else {
        MemoryBlock block;
        block.bytes = tensor.shape.num_elements() * DTypeSize(tensor.dtype);
        block.first = made_by_[t];
        block.last = block.first;
        block_of[t] = blocks.size();
        blocks.push_back(block);
      }
    }
    MemoryBlock& block = blocks[block_of[root]];
    block.last = std::max(block.last, last_step(tensor.slot));
  }
  const size_t first_scratch = blocks.size();
  for (int s = 0; s < num_steps; ++s) {
    blocks.push_back({.bytes = plan_->kernels_[s]->scratch_bytes(), .first = s, .last = s});
  }
  plan_->arena_bytes_ = PlanMemory(blocks);
  for (const auto& [tensor, block] : block_of)
    plan_->tensors_[tensor].offset = blocks[block].offset;
  for (int s = 0; s < num_steps; ++s) {
    plan_->steps_[s].scratch_offset = blocks[first_scratch + s].offset;
  }
}

void PlanBuilder::ListBound() {
  const int num_tensors = static_cast<int>(plan_->tensors_.size());
  for (int t = 0; t < num_tensors; ++t) {
    PlanTensor& tensor = plan_->tensors_[t];
    const PlanTensor::Place root = plan_->tensors_[Root(t)].place;
    if (root == PlanTensor::Place::kArena || root == PlanTensor::Place::kConstant) continue;
    plan_->bound_.push_back(t);
    const std::vector<int>& fetches = table_.fetches();
    const auto fetch = std::find(fetches.begin(), fetches.end(), tensor.slot);
    if (tensor.place == PlanTensor::Place::kOwned && fetch != fetches.end()) {
      tensor.fetch = static_cast<int>(fetch - fetches.begin());
    }
  }
  int input = 0;
  for (const PlanStep& step : plan_->steps_) {
    for (size_t i = 0; i < step.inputs.size(); ++i, ++input) {
      const int slot = plan_->tensors_[step.inputs[i]].slot;
      if (step.variables[i] >= 0) plan_->handle_inputs_.emplace_back(input, step.variables[i]);
      const Slot::Kind kind = table_.slots()[slot].kind;
      if (kind == Slot::Kind::kVariable || kind == Slot::Kind::kFeed) {
        plan_->versioned_inputs_.emplace_back(input, slot);
      }
    }
  }
}

std::shared_ptr<LaunchPlan> PlanBuilder::Finish() {
  PlaceBlocks();
  ListBound();
  for (size_t t = 0; t < plan_->tensors_.size(); ++t) {
    const Slot& slot = table_.slots()[plan_->tensors_[t].slot];
    const bool made_here = slot.kind == Slot::Kind::kComputed &&
                           plan_->tensors_[t].place != PlanTensor::Place::kImport;
    if (made_here && (slot.fetched || slot.last_node >= plan_->end_)) {
      plan_->exports_.push_back(static_cast<int>(t));
    }
  }
  return plan_;
}

absl::StatusOr<std::shared_ptr<LaunchPlan>> LaunchPlan::Create(const SlotTable& table, int begin,
                                                               int limit,
                                                               absl::Span<const Tensor> values,
                                                               const CallableFactory& callables) {
  PlanBuilder builder(table, begin, values, callables);
  RETURN_IF_ERROR(builder.AddNodes(limit));
  return builder.Finish();
}

}  // namespace viv
