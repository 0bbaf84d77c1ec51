// Calls of oneDNN.
#include "core/kernels/cpu/onednn.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/thread_annotations.h"

namespace viv {
namespace {

constexpr size_t kMaxArgs = 8;

// On a CPU a stream is no more than the way to its engine: one serves all threads.
const dnnl::stream& Stream() {
  static const auto* const stream = new dnnl::stream(OnednnEngine());
  return *stream;
}

// The C interface: no maps, no exceptions.
class Memories {
 public:
  Memories() = default;
  Memories(const Memories&) = delete;
  Memories& operator=(const Memories&) = delete;
  ~Memories() {
    for (size_t i = 0; i < count_; ++i) dnnl_memory_destroy(args_[i].memory);
  }

  dnnl_status_t Add(const OnednnArg& arg) {
    args_[count_].arg = arg.name;
    const dnnl_status_t status = dnnl_memory_create(
        &args_[count_].memory, &arg.desc.data, OnednnEngine().get(), const_cast<void*>(arg.data));
    count_ += status == dnnl_success;
    return status;
  }
  int count() const { return static_cast<int>(count_); }
  const dnnl_exec_arg_t* args() const { return args_; }

 private:
  dnnl_exec_arg_t args_[kMaxArgs];
  size_t count_ = 0;
};

}  // namespace

const dnnl::engine& OnednnEngine() {
  static const auto* const engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

uint64_t FormOf(const dnnl::memory::desc& desc) {
  static Mutex mutex;
  static auto* const known = new std::vector<dnnl::memory::desc>();
  MutexLock lock(mutex);
  const size_t at = std::find(known->begin(), known->end(), desc) - known->begin();
  if (at == known->size()) known->push_back(desc);
  return at + 1;
}

absl::Status RunPrimitive(const dnnl::primitive& primitive, std::initializer_list<OnednnArg> args) {
  Memories memories;
  dnnl_status_t status = args.size() <= kMaxArgs ? dnnl_success : dnnl_invalid_arguments;
  for (const OnednnArg& arg : args) {
    if (status == dnnl_success) status = memories.Add(arg);
  }
  if (status == dnnl_success) {
    status =
        dnnl_primitive_execute(primitive.get(), Stream().get(), memories.count(), memories.args());
  }
  if (status == dnnl_success) return absl::OkStatus();
  return status == dnnl_out_of_memory
             ? absl::ResourceExhaustedError("oneDNN: out of memory")
             : absl::InternalError(absl::StrCat("oneDNN: a primitive failed with code ", status));
}

}  // namespace viv
