// Convolutions by oneDNN.
#include "core/kernels/cpu/onednn_convolution.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/guard.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/elementwise_rows.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/thread_buffer.h"

namespace viv {
namespace {

using Memory = dnnl::memory;
using Type = Memory::data_type;
using Tag = Memory::format_tag;

constexpr auto kDirect = dnnl::algorithm::convolution_direct;
constexpr auto kWinograd = dnnl::algorithm::convolution_winograd;

thread_local ThreadBuffer variant_buffer;

size_t LineUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

// A number for each form in which a filter is packed, the same for equal ones.
uint64_t FormOf(const Memory::desc& desc) {
  static Mutex mutex;
  static auto* const known = new std::vector<Memory::desc>();
  MutexLock lock(mutex);
  const size_t at = std::find(known->begin(), known->end(), desc) - known->begin();
  if (at == known->size()) known->push_back(desc);
  return at + 1;
}

// Scratch memory comes from the caller.
dnnl::primitive_attr Attributes(bool relu) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops after;
    after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    attr.set_post_ops(after);
  }
  return attr;
}

// Converts the elements of a tensor on all threads, by one of the row functions.
template <typename From, typename To>
void ConvertRows(void (*row)(const From*, To*, int64_t), const void* from, void* to, int64_t n) {
  ParallelFor(n, 65536, [&](int64_t begin, int64_t end) {
    row(static_cast<const From*>(from) + begin, static_cast<To*>(to) + begin, end - begin);
  });
}
int64_t ElementsOf(const Memory::desc& floats) { return floats.get_size() / sizeof(float); }

// The version of a filter that is scaled by these factors: another one for other factors (FNV-1a),
// so that what is packed takes the place of what was packed for the factors before.
ValueVersion Scaled(ValueVersion filter, const float* factors, int64_t n) {
  uint64_t hash = 0xcbf29ce484222325 ^ filter.version;
  for (int64_t i = 0; i < n; ++i) {
    uint32_t bits;
    std::memcpy(&bits, factors + i, sizeof(bits));
    hash = (hash ^ bits) * 0x100000001b3;
  }
  filter.version = hash;
  return filter;
}

// Whether Winograd's convolution is faster than the direct one, its changes of layout included:
// with enough channels, and enough tiles of 4 x 4 to spread over what transforming a filter costs
// (measured for the shapes of GoogLeNet).
bool WinogradPays(const ConvGeometry& g) {
  const auto fits = [](const WindowAxis& axis) {
    return axis.size == 3 && axis.stride == 1 && axis.dilation == 1;
  };
  if (!fits(g.height) || !fits(g.width) || g.groups != 1 || std::min(g.c, g.k) < 32) return false;
  return g.n * ((g.height.count + 3) / 4) * ((g.width.count + 3) / 4) >= 48;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OnednnConvolution>> OnednnConvolution::Create(
    const ConvGeometry& geometry, ConvResult result, DType dtype, ConvAlgorithm algorithm,
    ConvEpilogue epilogue) {
  std::unique_ptr<OnednnConvolution> made(new OnednnConvolution(geometry, result, epilogue));
  bool fast = false;
  const bool asked = algorithm == ConvAlgorithm::kWinograd;
  const bool by_rule = algorithm == ConvAlgorithm::kByRule && WinogradPays(geometry);
  if (dtype == kFloat && (asked || by_rule)) {
    ASSIGN_OR_RETURN(fast, made->TryToMake(Type::f32, kWinograd));
  }
  if (asked && !fast) {
    return absl::NotFoundError("oneDNN has no Winograd convolution for this shape");
  }
  if (dtype == kBFloat16) {
    ASSIGN_OR_RETURN(fast, made->TryToMake(Type::bf16, kDirect));
    made->widened_ = !fast;
  }
  // In float the reference implementation is better than nothing.
  if (!fast) RETURN_IF_ERROR(made->TryToMake(Type::f32, kDirect).status());
  if (!made->primitive_) return absl::InternalError("oneDNN cannot compute this convolution");
  RETURN_IF_ERROR(RunGuarded("oneDNN", [&] { made->MakeReorders(); }));
  made->PlanScratch();
  return made;
}

void OnednnConvolution::Describe(Type type, bool any_layout) {
  const ConvGeometry& g = geometry_;
  const int64_t depth = g.c / g.groups, kernels = g.k / g.groups;
  const Type filter = result_ == ConvResult::kFilter ? Type::f32 : type;
  const Memory::dims x = {g.n, g.c, g.height.extent, g.width.extent};
  const Memory::dims y = {g.n, g.k, g.height.count, g.width.count};
  plain_x_ = {x, type, Tag::nhwc};
  plain_y_ = {y, type, Tag::nhwc};
  x_ = any_layout ? Memory::desc(x, type, Tag::any) : plain_x_;
  y_ = any_layout ? Memory::desc(y, type, Tag::any) : plain_y_;
  Memory::dims dims = {kernels, depth, g.height.size, g.width.size};
  if (g.groups > 1) dims.insert(dims.begin(), g.groups);
  plain_filter_ = {dims, Type::f32, g.groups > 1 ? Tag::hwigo : Tag::hwio};
  filter_ = {dims, filter, Tag::any};
  // Without elements: none.
  shift_ = epilogue_.shift ? Memory::desc({g.k}, Type::f32, Tag::x) : Memory::desc();
}

absl::StatusOr<bool> OnednnConvolution::TryToMake(Type type, dnnl::algorithm algorithm) {
  Describe(type, algorithm == kWinograd);
  primitive_ = dnnl::primitive();
  const WindowAxis& h = geometry_.height;
  const WindowAxis& w = geometry_.width;
  const Memory::dims strides = {h.stride, w.stride}, before = {h.before, w.before};
  const Memory::dims dilations = {h.dilation - 1, w.dilation - 1};
  const Memory::dims after = {h.after, w.after};
  const dnnl::primitive_attr attr = Attributes(epilogue_.relu);
  const auto take = [this](const auto& desc, dnnl::primitive primitive, const Memory::desc& x,
                           const Memory::desc& filter, const Memory::desc& y) {
    implementation_ = desc.impl_info_str();
    scratchpad_ = desc.scratchpad_desc();
    x_ = x;
    filter_ = filter;
    y_ = y;
    primitive_ = std::move(primitive);
  };
  const auto make = [&] {
    using Forward = dnnl::convolution_forward;
    // For inference alone Winograd wants filters that are slow to make, and 4 times as large.
    const bool only_output = result_ == ConvResult::kOutput && algorithm != kWinograd;
    const auto kind =
        only_output ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
    // Of the type of x also where the filter that is computed is float.
    const Memory::desc filter(filter_.dims(), type, Tag::any);
    const Forward::desc forward(kind, algorithm, x_, filter, shift_, y_, strides, dilations, before,
                                after);
    const Forward::primitive_desc hint(forward, attr, OnednnEngine());
    if (result_ == ConvResult::kOutput) {
      return take(hint, Forward(hint), hint.src_desc(), hint.weights_desc(), hint.dst_desc());
    }
    if (result_ == ConvResult::kInput) {
      using Backward = dnnl::convolution_backward_data;
      const Backward::primitive_desc desc(
          Backward::desc(algorithm, x_, filter_, y_, strides, dilations, before, after), attr,
          OnednnEngine(), hint);
      return take(desc, Backward(desc), desc.diff_src_desc(), desc.weights_desc(),
                  desc.diff_dst_desc());
    }
    using Backward = dnnl::convolution_backward_weights;
    const Backward::primitive_desc desc(
        Backward::desc(algorithm, x_, filter_, y_, strides, dilations, before, after), attr,
        OnednnEngine(), hint);
    return take(desc, Backward(desc), desc.src_desc(), desc.diff_weights_desc(),
                desc.diff_dst_desc());
  };
  const absl::Status status = RunGuarded("oneDNN", [&]() -> absl::Status {
    try {
      make();
    } catch (const dnnl::error& e) {
      if (e.status != dnnl_unimplemented) throw;
      implementation_ = "ref";
    }
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(status);
  return !absl::StrContains(implementation_, "ref");
}

OnednnConvolution::Reorder OnednnConvolution::MakeReorder(const Memory::desc& outside,
                                                          const Memory::desc& inside,
                                                          bool is_result) {
  if (outside == inside) return {};
  const dnnl::primitive_attr attr = Attributes(/*relu=*/false);
  const Memory::desc &from = is_result ? inside : outside, &to = is_result ? outside : inside;
  const dnnl::reorder::primitive_desc desc(OnednnEngine(), from, OnednnEngine(), to, attr);
  return {dnnl::reorder(desc), from, to, desc.scratchpad_desc()};
}

void OnednnConvolution::MakeReorders() {
  x_reorder_ = MakeReorder(plain_x_, x_, result_ == ConvResult::kInput);
  y_reorder_ = MakeReorder(plain_y_, y_, result_ == ConvResult::kOutput);
  filter_reorder_ = MakeReorder(plain_filter_, filter_, result_ == ConvResult::kFilter);
  form_ = FormOf(filter_);
}

void OnednnConvolution::PlanScratch() {
  const auto place = [this](size_t bytes) {
    const size_t at = scratch_bytes_;
    scratch_bytes_ += LineUp(bytes);
    return at;
  };
  filter_at_ = place(filter_reorder_ || epilogue_.factor ? filter_.get_size() : 0);
  scaled_at_ = place(epilogue_.factor ? plain_filter_.get_size() : 0);
  size_t pad = scratchpad_.get_size();
  for (const Reorder* reorder : {&x_reorder_, &y_reorder_, &filter_reorder_}) {
    if (*reorder) pad = std::max(pad, reorder->scratchpad.get_size());
  }
  scratchpad_at_ = place(pad);
  x_at_ = place(widened_ || x_reorder_ ? x_.get_size() : 0);
  y_at_ = place(widened_ || y_reorder_ ? y_.get_size() : 0);
}

absl::Status OnednnConvolution::RunReorder(const Reorder& reorder, const void* from, const void* to,
                                           char* scratch) const {
  return RunPrimitive(reorder.primitive,
                      {{DNNL_ARG_FROM, reorder.from, from},
                       {DNNL_ARG_TO, reorder.to, to},
                       {DNNL_ARG_SCRATCHPAD, reorder.scratchpad, scratch + scratchpad_at_}});
}

absl::Status OnednnConvolution::Pack(const ConvOperands& operands, void* to, char* scratch) const {
  if (!epilogue_.factor) return RunReorder(filter_reorder_, operands.filter, to, scratch);
  float* const scaled = reinterpret_cast<float*>(filter_reorder_ ? scratch + scaled_at_ : to);
  const float* const filter = static_cast<const float*>(operands.filter);
  const int64_t k = geometry_.k, rows = ElementsOf(plain_filter_) / k;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < k; ++j) scaled[i * k + j] = filter[i * k + j] * operands.factor[j];
  }
  return filter_reorder_ ? RunReorder(filter_reorder_, scaled, to, scratch) : absl::OkStatus();
}

absl::StatusOr<const void*> OnednnConvolution::PackedFilter(
    const ConvOperands& operands, char* scratch, std::shared_ptr<const void>& kept) const {
  if (!filter_reorder_ && !epilogue_.factor) return operands.filter;
  const auto pack = [&](void* to) { return Pack(operands, to, scratch); };
  // Beside the form without factors.
  constexpr uint64_t kScaled = uint64_t{1} << 63;
  const ValueVersion version = epilogue_.factor
                                   ? Scaled(operands.filter_version, operands.factor, geometry_.k)
                                   : operands.filter_version;
  kept = PackingCache::Global().Find(version, operands.filter,
                                     epilogue_.factor ? form_ | kScaled : form_, filter_.get_size(),
                                     pack);
  if (kept != nullptr) return kept.get();
  RETURN_IF_ERROR(pack(scratch + filter_at_));
  return scratch + filter_at_;
}

absl::Status OnednnConvolution::Execute(const void* x, const void* filter, const void* y,
                                        const float* shift, char* scratch) const {
  constexpr int kNames[][3] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                               {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                               {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
  const int* names = kNames[static_cast<int>(result_)];
  const OnednnArg image = {names[0], x_, x}, weights = {names[1], filter_, filter},
                  convolved = {names[2], y_, y},
                  pad = {DNNL_ARG_SCRATCHPAD, scratchpad_, scratch + scratchpad_at_};
  if (!epilogue_.shift) return RunPrimitive(primitive_, {image, weights, convolved, pad});
  const OnednnArg bias = {DNNL_ARG_BIAS, shift_, shift};
  return RunPrimitive(primitive_, {image, weights, convolved, pad, bias});
}

absl::StatusOr<const void*> OnednnConvolution::Prepare(const void* image, const Reorder& reorder,
                                                       bool is_result, char* at,
                                                       char* scratch) const {
  if (!widened_ && !reorder) return image;
  if (is_result) return at;
  if (reorder) {
    RETURN_IF_ERROR(RunReorder(reorder, image, at, scratch));
  } else {
    ConvertRows(VIV_CALL_ISA(WidenBFloat16Row), image, at,
                ElementsOf(at == scratch + x_at_ ? x_ : y_));
  }
  return at;
}

absl::Status OnednnConvolution::Deliver(const void* image, const void* result,
                                        const Reorder& reorder, char* scratch) const {
  if (reorder) return RunReorder(reorder, image, result, scratch);
  if (widened_) {
    ConvertRows(VIV_CALL_ISA(NarrowBFloat16Row), image, const_cast<void*>(result),
                ElementsOf(result_ == ConvResult::kOutput ? y_ : x_));
  }
  return absl::OkStatus();
}

absl::Status OnednnConvolution::Run(const ConvOperands& operands, void* scratch_memory) const {
  char* const scratch = static_cast<char*>(scratch_memory);
  ASSIGN_OR_RETURN(const void* x, Prepare(operands.x, x_reorder_, result_ == ConvResult::kInput,
                                          scratch + x_at_, scratch));
  ASSIGN_OR_RETURN(const void* y, Prepare(operands.y, y_reorder_, result_ == ConvResult::kOutput,
                                          scratch + y_at_, scratch));
  if (result_ == ConvResult::kFilter) {
    if (!filter_reorder_) return Execute(x, operands.filter, y, nullptr, scratch);
    RETURN_IF_ERROR(Execute(x, scratch + filter_at_, y, nullptr, scratch));
    return RunReorder(filter_reorder_, scratch + filter_at_, operands.filter, scratch);
  }
  std::shared_ptr<const void> kept;
  ASSIGN_OR_RETURN(const void* filter, PackedFilter(operands, scratch, kept));
  RETURN_IF_ERROR(Execute(x, filter, y, operands.shift, scratch));
  return result_ == ConvResult::kOutput ? Deliver(y, operands.y, y_reorder_, scratch)
                                        : Deliver(x, operands.x, x_reorder_, scratch);
}

absl::StatusOr<std::unique_ptr<ConvVariants>> ConvVariants::Create(const ConvGeometry& geometry,
                                                                   ConvResult result, DType dtype,
                                                                   ConvEpilogue epilogue) {
  std::unique_ptr<ConvVariants> made(new ConvVariants(geometry, result, dtype, epilogue));
  ASSIGN_OR_RETURN(const OnednnConvolution* first, made->ForThisThread());
  made->scratch_bytes_ = first->scratch_bytes();
  return made;
}

absl::StatusOr<const OnednnConvolution*> ConvVariants::ForThisThread() const {
  // What base/parallel.h told OpenMP: 1 in a serial region.
  const int threads = omp_get_max_threads();
  MutexLock lock(mutex_);
  std::unique_ptr<OnednnConvolution>& variant = by_threads_[threads];
  if (variant == nullptr) {
    ASSIGN_OR_RETURN(variant, OnednnConvolution::Create(geometry_, result_, dtype_,
                                                        ConvAlgorithm::kByRule, epilogue_));
  }
  return variant.get();
}

absl::Status ConvVariants::Run(const ConvOperands& operands, void* scratch) const {
  ASSIGN_OR_RETURN(const OnednnConvolution* variant, ForThisThread());
  // The plan has set apart what the first variant needs.
  if (variant->scratch_bytes() > scratch_bytes_) {
    ASSIGN_OR_RETURN(scratch, variant_buffer.Get(variant->scratch_bytes()));
  }
  return variant->Run(operands, scratch);
}

}  // namespace viv
