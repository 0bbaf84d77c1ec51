// Kernels: what computes an op on a device. A kernel is made for one node and one set of concrete
// shapes, and may prepare for them (choose primitives, pack constants); it is then run many times,
// by several threads at once. Types and shapes were checked and outputs allocated before.
#ifndef VIV_CORE_DEVICE_KERNEL_H_
#define VIV_CORE_DEVICE_KERNEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/device/variable_state.h"
#include "core/tensor/attr.h"
#include "core/tensor/tensor.h"

namespace viv {

class Env;

// What belongs to a run: what random numbers are a function of, beside the node's name, and where
// kernels reach beyond it.
struct StepInfo {
  uint64_t seed = 0;
  uint64_t step = 0;
  // A hash of the indices of the loops around; 0 outside of loops.
  uint64_t loop_index = 0;
  // Global index of the first example of the batch, so that shards draw what the whole would.
  uint64_t first_example = 0;
  // Where Send and Receive meet; null in runs on one device.
  class Rendezvous* rendezvous = nullptr;
  // The file system of the session; null: Env::Default().
  Env* env = nullptr;
};

// Identifies the value of a variable, for caches of what is derived from it. id 0: not a variable.
struct ValueVersion {
  uint64_t id = 0;
  uint64_t version = 0;
};

// A series of calls of one function. Calls of the same shapes share what the first one prepared.
// For one thread at a time.
class CallableRun {
 public:
  virtual ~CallableRun() = default;
  // Runs the body. A result that is valid on entry has its final shape and is written in place (it
  // must not share memory with an argument); others are set, and may share memory with an argument.
  // `versions`: of the arguments; may be empty.
  virtual absl::Status Run(absl::Span<const Tensor> arguments,
                           absl::Span<const ValueVersion> versions, absl::Span<Tensor> results,
                           const StepInfo& step) = 0;
};

// A function of the graph, ready to be run by the kernels of Call, Cond, Scan and While. Safe for
// concurrent use.
class Callable {
 public:
  virtual ~Callable() = default;
  // Shapes of the results as far as they are known before the run, for arguments of these shapes.
  virtual absl::StatusOr<std::vector<PartialShape>> ResultShapes(
      absl::Span<const PartialShape> arguments) const = 0;
  // The callable outlives the run.
  virtual std::unique_ptr<CallableRun> Begin() const = 0;
};

// Makes the function of this name ready; of its results the first `num_results` are computed.
using CallableFactory = std::function<absl::StatusOr<std::shared_ptr<const Callable>>(
    const std::string& function, int num_results)>;

// What a kernel is made for. Valid during the call of the factory only; `attrs` and `node_name`
// live as long as the kernel.
struct KernelInit {
  const std::string& node_name;
  const AttrMap& attrs;
  absl::Span<const DType> input_types;
  absl::Span<const DType> output_types;
  // Concrete, but of dynamic_output ops' outputs.
  absl::Span<const Shape> input_shapes;
  absl::Span<const PartialShape> output_shapes;
  // The value of input i where it is a constant, else null.
  std::function<const Tensor*(int)> constant_input;
  // The functions that attributes name.
  CallableFactory callable;
};

// One run of a kernel. The executor prepares it; kernels use only the public part.
class KernelContext {
 public:
  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  int num_outputs() const { return static_cast<int>(outputs_.size()); }
  const Tensor& input(int i) const { return *inputs_[i]; }
  Tensor& output(int i) const { return *outputs_[i]; }
  template <typename T>
  const T* in(int i) const {
    return inputs_[i]->template data<T>();
  }
  template <typename T>
  T* out(int i = 0) const {
    return outputs_[i]->template mutable_data<T>();
  }

  // For ops with dynamic_output only: makes output i.
  absl::Status AllocateOutput(int i, const Shape& shape) const;
  // Or makes it share a tensor (which must not be temporary memory of the run: an input is fine).
  void SetOutput(int i, Tensor tensor) const { *outputs_[i] = std::move(tensor); }

  // Temporary memory of Kernel::scratch_bytes() bytes, aligned to Allocator::kAlignment.
  void* scratch() const { return scratch_; }
  // The variable behind a kResource input, for updates.
  VariableState& variable(int i) const { return *variables_[i]; }
  // Where input i is (a view of) a variable's value: which one.
  ValueVersion input_version(int i) const {
    return versions_.empty() ? ValueVersion() : versions_[i];
  }

  const StepInfo& step() const { return *step_; }

 private:
  friend class KernelContextBuilder;
  absl::Span<const Tensor* const> inputs_;
  absl::Span<Tensor* const> outputs_;
  absl::Span<VariableState* const> variables_;
  absl::Span<const ValueVersion> versions_;
  void* scratch_ = nullptr;
  const StepInfo* step_ = nullptr;
};

// Sets the private part; for executors and tests.
class KernelContextBuilder {
 public:
  static KernelContext Make(absl::Span<const Tensor* const> inputs,
                            absl::Span<Tensor* const> outputs,
                            absl::Span<VariableState* const> variables,
                            absl::Span<const ValueVersion> versions, void* scratch,
                            const StepInfo* step);
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // Safe for concurrent use: what changes lives in the context.
  virtual absl::Status Compute(const KernelContext& context) const = 0;
  // For updates of variables: all of Compute that can fail. The commit calls it for every update of
  // the run, in order, before Compute of any, so that the run changes everything or nothing. It
  // changes no value, checks the variables' types and shapes, and sees to the memory that is
  // written (VariableState::Prepare...). Scratch memory is not kept from here to Compute.
  virtual absl::Status PrepareUpdate(const KernelContext&) const { return absl::OkStatus(); }
  // Temporary memory that a run needs.
  virtual size_t scratch_bytes() const { return 0; }
};

using KernelFactory = std::function<absl::StatusOr<std::unique_ptr<Kernel>>(const KernelInit&)>;
// A kernel without preparation.
using ComputeFn = absl::Status (*)(const KernelContext&);

// Input whose memory an output may take over, when the input is not used afterwards.
struct InPlace {
  int input;
  int output;
};

struct KernelDef {
  std::string op;
  // "cpu", "cuda".
  std::string device;
  // Types by the op's type variables: a kernel for {{"T", kFloat}} runs nodes with T = float only.
  // Variables that are left out may be anything.
  std::vector<std::pair<std::string, DType>> types;
  KernelFactory factory;
  // The kernel reads element i of the input before it writes element i of the output.
  std::vector<InPlace> in_place;
  // Output 0 is input 0's memory under another shape: nothing runs.
  bool alias = false;
};

// All kernels of the process. Safe for concurrent use.
class KernelRegistry {
 public:
  static KernelRegistry& Global();
  absl::Status Register(KernelDef def);
  // The kernel for these values of the op's type variables; NotFound names what there is.
  absl::StatusOr<const KernelDef*> Find(
      const std::string& op, const std::string& device,
      const std::vector<std::pair<std::string, DType>>& types) const;
  // Everything, in no particular order.
  std::vector<const KernelDef*> All() const;

 private:
  struct State;
  KernelRegistry();
  State* state_;
};

// A static object of this type registers a kernel when the library is loaded.
class KernelRegistration {
 public:
  explicit KernelRegistration(KernelDef def);
  // A kernel without preparation.
  KernelRegistration(const std::string& op, const std::string& device,
                     const std::vector<std::pair<std::string, DType>>& types, ComputeFn compute,
                     std::vector<InPlace> in_place = {});
};

// The factory of a kernel class with a constructor Class(const KernelInit&).
template <typename K>
KernelFactory MakeKernel() {
  return [](const KernelInit& init) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    return std::unique_ptr<Kernel>(std::make_unique<K>(init));
  };
}
// The factory of a plain function.
KernelFactory MakeKernel(ComputeFn compute);

}  // namespace viv

#endif  // VIV_CORE_DEVICE_KERNEL_H_
