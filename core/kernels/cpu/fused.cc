// Fused: the loops of the element-wise kernels that it stands for, on blocks that stay in the
// cache. The arithmetic is theirs, so the bits are too.
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/kernels/cpu/block_reader.h"
#include "core/kernels/cpu/elementwise.h"

namespace viv {
namespace {

// A register holds one value of a block: measured, 512 floats are the best compromise between the
// calls and the cache. All that a program can need lie on the stack, in different cache lines.
constexpr int64_t kRegisterBytes = 2048;
constexpr int64_t kRegisterStride = kRegisterBytes + 320;
constexpr int kMaxRegisters = 24;

// Where a value is found. Results come after the inputs.
struct Value {
  enum class Place { kInput, kRegister, kOutput };
  Place place = Place::kInput;
  DType dtype = DType::kInvalid;
  int input = -1;
  int reg = -1;
  // 0: one number for all elements.
  int64_t step = 1;
};

struct Instruction {
  const ElementwiseKernel* loop;
  std::vector<int> operands;
  int result;
};

// Makes the kernel that computes `op` on its own, for its loop.
absl::StatusOr<std::unique_ptr<Kernel>> MakeLoop(const KernelInit& init, const std::string& op,
                                                 const std::vector<DType>& operands, DType result) {
  ASSIGN_OR_RETURN(
      const KernelDef* const def,
      KernelRegistry::Global().Find(op, "cpu", {{"T", operands.back()}, {"dtype", result}}));
  const std::vector<Shape> inputs(operands.size(), Shape({1}));
  const std::vector<DType> outputs = {result};
  const std::vector<PartialShape> output_shapes = {Shape({1})};
  const AttrMap attrs({{"dtype", result}});
  ASSIGN_OR_RETURN(std::unique_ptr<Kernel> kernel,
                   def->factory({.node_name = init.node_name,
                                 .attrs = attrs,
                                 .input_types = operands,
                                 .output_types = outputs,
                                 .input_shapes = inputs,
                                 .output_shapes = output_shapes,
                                 .constant_input = [](int) -> const Tensor* { return nullptr; }}));
  const auto* loop = dynamic_cast<const ElementwiseKernel*>(kernel.get());
  if (loop == nullptr || loop->operands() != operands || loop->result() != result) {
    return absl::InvalidArgumentError(absl::StrCat("op '", op, "' cannot be fused as it is here"));
  }
  return kernel;
}

class FusedKernel : public Kernel {
 public:
  static absl::StatusOr<std::unique_ptr<Kernel>> Make(const KernelInit& init) {
    auto kernel = std::make_unique<FusedKernel>();
    RETURN_IF_ERROR(kernel->Build(init));
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

  absl::Status Compute(const KernelContext& c) const override {
    ParallelFor(elements_, grain_, [&](int64_t begin, int64_t end) {
      alignas(64) char registers[kMaxRegisters * kRegisterStride];
      for (int64_t at = begin; at < end; at += block_) {
        Block(c, at, std::min(block_, end - at), registers);
      }
    });
    return absl::OkStatus();
  }

 private:
  absl::Status Build(const KernelInit& init);
  void AddInputs(const KernelInit& init, const Shape& shape);
  // Chooses registers: one is free again after the last instruction that reads it.
  absl::Status ChooseRegisters();
  void Block(const KernelContext& c, int64_t at, int64_t n, char* registers) const;

  // The kernels whose loops the instructions run.
  std::vector<std::unique_ptr<Kernel>> kernels_;
  std::vector<Instruction> instructions_;
  std::vector<Value> values_;
  // Those inputs that are neither whole nor single numbers, copied into registers.
  std::vector<std::pair<int, BlockReader>> broadcast_;
  int64_t elements_ = 0;
  int64_t block_ = 0;
  int64_t grain_ = 0;
};

void FusedKernel::AddInputs(const KernelInit& init, const Shape& shape) {
  for (size_t i = 0; i < init.input_shapes.size(); ++i) {
    const Shape& input = init.input_shapes[i];
    Value value{.dtype = init.input_types[i], .input = static_cast<int>(i)};
    if (input.num_elements() == 1) {
      value.step = 0;
    } else if (input.num_elements() != elements_) {
      value.place = Value::Place::kRegister;
      broadcast_.emplace_back(value.input, BlockReader(shape, input, DTypeSize(value.dtype)));
    }
    values_.push_back(value);
  }
}

absl::Status FusedKernel::Build(const KernelInit& init) {
  const Shape shape = init.output_shapes[0].ToShape();
  elements_ = shape.num_elements();
  AddInputs(init, shape);
  const std::vector<int64_t>& operands = init.attrs.Ints("operands");
  double cost = 0;
  size_t next = 0;
  for (size_t i = 0; i < init.attrs.Ints("arity").size(); ++i) {
    Instruction instruction;
    Value result{
        .place = Value::Place::kRegister, .dtype = init.attrs.Types("types")[i], .step = 0};
    std::vector<DType> types;
    for (int64_t n = 0; n < init.attrs.Ints("arity")[i]; ++n) {
      const Value& operand = values_[operands[next]];
      instruction.operands.push_back(static_cast<int>(operands[next++]));
      types.push_back(operand.dtype);
      result.step = std::max(result.step, operand.step);
    }
    ASSIGN_OR_RETURN(std::unique_ptr<Kernel> kernel,
                     MakeLoop(init, init.attrs.Strings("ops")[i], types, result.dtype));
    instruction.loop = static_cast<const ElementwiseKernel*>(kernel.get());
    instruction.result = static_cast<int>(values_.size());
    cost += 1.0 / static_cast<double>(instruction.loop->grain());
    kernels_.push_back(std::move(kernel));
    instructions_.push_back(std::move(instruction));
    values_.push_back(result);
  }
  values_.back().place = Value::Place::kOutput;
  size_t widest = 1;
  for (const Value& value : values_) widest = std::max(widest, DTypeSize(value.dtype));
  block_ = kRegisterBytes / static_cast<int64_t>(widest);
  grain_ = std::max(block_, static_cast<int64_t>(1 / cost));
  return ChooseRegisters();
}

absl::Status FusedKernel::ChooseRegisters() {
  std::vector<int> last_use(values_.size(), -1);
  for (size_t i = 0; i < instructions_.size(); ++i) {
    for (const int v : instructions_[i].operands) last_use[v] = static_cast<int>(i);
  }
  std::vector<int> free;
  int used = 0;
  const auto take = [&](Value& value) {
    if (value.place != Value::Place::kRegister) return;
    value.reg = free.empty() ? used++ : free.back();
    if (!free.empty()) free.pop_back();
  };
  for (const auto& [input, reader] : broadcast_) take(values_[input]);
  for (size_t i = 0; i < instructions_.size(); ++i) {
    Value& result = values_[instructions_[i].result];
    std::set<int> ended;
    for (const int v : instructions_[i].operands) {
      if (last_use[v] == static_cast<int>(i) && values_[v].reg >= 0) ended.insert(v);
    }
    // The result takes over an operand's register where it is of the same type.
    const auto same = std::find_if(ended.begin(), ended.end(), [&](int v) {
      return values_[v].dtype == result.dtype && values_[v].step == result.step;
    });
    if (result.place == Value::Place::kRegister && same != ended.end()) {
      result.reg = values_[*same].reg;
      ended.erase(same);
    } else {
      take(result);
    }
    for (const int v : ended) free.push_back(values_[v].reg);
  }
  return used <= kMaxRegisters
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat("the program needs ", used, " registers"));
}

void FusedKernel::Block(const KernelContext& c, int64_t at, int64_t n, char* registers) const {
  const auto address = [&](const Value& value) -> void* {
    if (value.place == Value::Place::kRegister) return registers + value.reg * kRegisterStride;
    const Tensor& tensor =
        value.place == Value::Place::kOutput ? c.output(0) : c.input(value.input);
    const int64_t offset = at * value.step * static_cast<int64_t>(DTypeSize(value.dtype));
    return const_cast<char*>(static_cast<const char*>(tensor.raw())) + offset;
  };
  for (const auto& [input, reader] : broadcast_) {
    reader.Read(c.input(input).raw(), at, n, address(values_[input]));
  }
  for (const Instruction& instruction : instructions_) {
    RowOperand operands[3];
    size_t count = 0;
    for (const int v : instruction.operands) {
      operands[count++] = {address(values_[v]), values_[v].step};
    }
    const Value& result = values_[instruction.result];
    instruction.loop->ComputeRow(absl::MakeConstSpan(operands, count), address(result),
                                 result.step == 0 ? 1 : n);
  }
}

// The output may take over any input: a block of it is written after the last instruction has read
// that block, by that instruction.
const KernelRegistration kFused(
    {.op = "Fused",
     .device = "cpu",
     .factory = &FusedKernel::Make,
     .in_place = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}}});

}  // namespace
}  // namespace viv
