// Convolutions by oneDNN.
#include "core/kernels/cpu/onednn_convolution.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/guard.h"
#include "core/base/parallel.h"
#include "core/base/status.h"
#include "core/kernels/cpu/elementwise_rows.h"
#include "core/kernels/cpu/line_up.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/plan_variants.h"

namespace viv {
namespace {

using Memory = dnnl::memory;
using Type = Memory::data_type;
using Tag = Memory::format_tag;

// Converts the elements of a tensor on all threads, by one of the row functions.
template <typename From, typename To>
void ConvertRows(void (*row)(const From*, To*, int64_t), const void* from, void* to, int64_t n) {
  ParallelFor(n, 65536, [&](int64_t begin, int64_t end) {
    row(static_cast<const From*>(from) + begin, static_cast<To*>(to) + begin, end - begin);
  });
}
int64_t ElementsOf(const Memory::desc& floats) { return floats.get_size() / sizeof(float); }

}  // namespace

absl::StatusOr<std::unique_ptr<OnednnConvolution>> OnednnConvolution::Create(
    const ConvGeometry& geometry, ConvResult result, DType dtype, ConvEpilogue epilogue) {
  std::unique_ptr<OnednnConvolution> made(new OnednnConvolution(geometry, result, epilogue));
  bool fast = false;
  if (dtype == kBFloat16) {
    ASSIGN_OR_RETURN(fast, made->TryToMake(Type::bf16));
    made->widened_ = !fast;
  }
  // In float the reference implementation is better than nothing.
  if (!fast) RETURN_IF_ERROR(made->TryToMake(Type::f32).status());
  if (!made->primitive_) return absl::InternalError("oneDNN cannot compute this convolution");
  RETURN_IF_ERROR(RunGuarded("oneDNN", [&] { made->MakeReorder(); }));
  made->PlanScratch();
  return made;
}

void OnednnConvolution::Describe(Type type) {
  const ConvGeometry& g = geometry_;
  const int64_t depth = g.c / g.groups, kernels = g.k / g.groups;
  const Type filter = result_ == ConvResult::kFilter ? Type::f32 : type;
  x_ = {{g.n, g.c, g.height.extent, g.width.extent}, type, Tag::nhwc};
  y_ = {{g.n, g.k, g.height.count, g.width.count}, type, Tag::nhwc};
  Memory::dims dims = {kernels, depth, g.height.size, g.width.size};
  if (g.groups > 1) dims.insert(dims.begin(), g.groups);
  plain_filter_ = {dims, Type::f32, g.groups > 1 ? Tag::hwigo : Tag::hwio};
  filter_ = {dims, filter, Tag::any};
  if (epilogue_.shift) shift_ = {{g.k}, Type::f32, Tag::a};
}

absl::StatusOr<bool> OnednnConvolution::TryToMake(Type type) {
  Describe(type);
  primitive_ = dnnl::primitive();
  const WindowAxis& h = geometry_.height;
  const WindowAxis& w = geometry_.width;
  const Memory::dims strides = {h.stride, w.stride}, before = {h.before, w.before};
  const Memory::dims dilations = {h.dilation - 1, w.dilation - 1};
  const Memory::dims after = {h.after, w.after};
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (epilogue_.relu) {
    dnnl::post_ops after_sums;
    after_sums.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    attr.set_post_ops(after_sums);
  }
  const auto take = [this](const auto& desc, dnnl::primitive primitive,
                           const Memory::desc& filter) {
    implementation_ = desc.impl_info_str();
    scratchpad_ = desc.scratchpad_desc();
    filter_ = filter;
    primitive_ = std::move(primitive);
  };
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto make = [&] {
    using Forward = dnnl::convolution_forward;
    const auto kind = result_ == ConvResult::kOutput ? dnnl::prop_kind::forward_inference
                                                     : dnnl::prop_kind::forward_training;
    // Of the type of x also where the filter that is computed is float.
    const Memory::desc filter(filter_.dims(), type, Tag::any);
    const Forward::desc forward(kind, algorithm, x_, filter, shift_, y_, strides, dilations, before,
                                after);
    const Forward::primitive_desc hint(forward, attr, OnednnEngine());
    if (result_ == ConvResult::kOutput) return take(hint, Forward(hint), hint.weights_desc());
    if (result_ == ConvResult::kInput) {
      using Backward = dnnl::convolution_backward_data;
      const Backward::primitive_desc desc(
          Backward::desc(algorithm, x_, filter_, y_, strides, dilations, before, after), attr,
          OnednnEngine(), hint);
      return take(desc, Backward(desc), desc.weights_desc());
    }
    using Backward = dnnl::convolution_backward_weights;
    const Backward::primitive_desc desc(
        Backward::desc(algorithm, x_, filter_, y_, strides, dilations, before, after), attr,
        OnednnEngine(), hint);
    return take(desc, Backward(desc), desc.diff_weights_desc());
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

void OnednnConvolution::MakeReorder() {
  form_ = FormOf(filter_);
  if (filter_ == plain_filter_) return;
  const bool pack = result_ != ConvResult::kFilter;
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc desc(OnednnEngine(), pack ? plain_filter_ : filter_,
                                           OnednnEngine(), pack ? filter_ : plain_filter_, attr);
  reorder_ = dnnl::reorder(desc);
  reorder_scratchpad_ = desc.scratchpad_desc();
}

void OnednnConvolution::PlanScratch() {
  const auto place = [this](size_t bytes) {
    const size_t at = scratch_bytes_;
    scratch_bytes_ += LineUp(bytes);
    return at;
  };
  filter_at_ = place(reorder_ || epilogue_.factor ? filter_.get_size() : 0);
  folded_at_ = place(epilogue_.factor ? plain_filter_.get_size() : 0);
  size_t pad = scratchpad_.get_size();
  if (reorder_) pad = std::max(pad, reorder_scratchpad_.get_size());
  scratchpad_at_ = place(pad);
  x_at_ = place(widened_ ? x_.get_size() : 0);
  y_at_ = place(widened_ ? y_.get_size() : 0);
}

absl::Status OnednnConvolution::Reorder(const void* from, const void* to, char* scratch) const {
  const bool pack = result_ != ConvResult::kFilter;
  return RunPrimitive(reorder_,
                      {{DNNL_ARG_FROM, pack ? plain_filter_ : filter_, from},
                       {DNNL_ARG_TO, pack ? filter_ : plain_filter_, to},
                       {DNNL_ARG_SCRATCHPAD, reorder_scratchpad_, scratch + scratchpad_at_}});
}

absl::Status OnednnConvolution::Pack(const ConvOperands& operands, char* scratch, void* to) const {
  if (!epilogue_.factor) return Reorder(operands.filter, to, scratch);
  float* const folded = reinterpret_cast<float*>(scratch + folded_at_);
  const float* const filter = static_cast<const float*>(operands.filter);
  const int64_t k = geometry_.k;
  ParallelFor(ElementsOf(plain_filter_) / k, std::max<int64_t>(1, 65536 / k),
              [&](int64_t row, int64_t end) {
                for (int64_t i = row * k; i < end * k; ++i) {
                  folded[i] = filter[i] * operands.factor[i % k];
                }
              });
  if (reorder_) return Reorder(folded, to, scratch);
  std::memcpy(to, folded, plain_filter_.get_size());
  return absl::OkStatus();
}

absl::StatusOr<const void*> OnednnConvolution::PackedFilter(
    const ConvOperands& operands, char* scratch, std::shared_ptr<const void>& kept) const {
  if (!reorder_ && !epilogue_.factor) return operands.filter;
  const auto pack = [&](void* to) { return Pack(operands, scratch, to); };
  const size_t factors = epilogue_.factor ? geometry_.k : 0;
  kept = PackingCache::Global().Find(
      {operands.filter_version, operands.filter, form_, {operands.factor, factors}},
      filter_.get_size(), pack);
  if (kept != nullptr) return kept.get();
  RETURN_IF_ERROR(pack(scratch + filter_at_));
  return scratch + filter_at_;
}

absl::Status OnednnConvolution::Execute(const void* x, const void* filter, const void* shift,
                                        const void* y, char* scratch) const {
  constexpr int kNames[][3] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                               {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                               {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
  const int* names = kNames[static_cast<int>(result_)];
  const OnednnArg a = {names[0], x_, x}, b = {names[1], filter_, filter}, c = {names[2], y_, y},
                  pad = {DNNL_ARG_SCRATCHPAD, scratchpad_, scratch + scratchpad_at_};
  if (!epilogue_.shift) return RunPrimitive(primitive_, {a, b, c, pad});
  return RunPrimitive(primitive_, {a, b, c, pad, {DNNL_ARG_BIAS, shift_, shift}});
}

absl::Status OnednnConvolution::Run(const ConvOperands& operands, void* scratch_memory) const {
  char* const scratch = static_cast<char*>(scratch_memory);
  const void* x = operands.x;
  const void* y = operands.y;
  if (widened_) {
    x = scratch + x_at_;
    y = scratch + y_at_;
    const auto widen = VIV_CALL_ISA(WidenBFloat16Row);
    if (result_ != ConvResult::kInput) {
      ConvertRows(widen, operands.x, scratch + x_at_, ElementsOf(x_));
    }
    if (result_ != ConvResult::kOutput) {
      ConvertRows(widen, operands.y, scratch + y_at_, ElementsOf(y_));
    }
  }
  if (result_ == ConvResult::kFilter) {
    RETURN_IF_ERROR(
        Execute(x, reorder_ ? scratch + filter_at_ : operands.filter, nullptr, y, scratch));
    return reorder_ ? Reorder(scratch + filter_at_, operands.filter, scratch) : absl::OkStatus();
  }
  std::shared_ptr<const void> kept;
  ASSIGN_OR_RETURN(const void* filter, PackedFilter(operands, scratch, kept));
  RETURN_IF_ERROR(Execute(x, filter, operands.shift, y, scratch));
  if (!widened_) return absl::OkStatus();
  const auto narrow = VIV_CALL_ISA(NarrowBFloat16Row);
  if (result_ == ConvResult::kOutput) {
    ConvertRows(narrow, y, const_cast<void*>(operands.y), ElementsOf(y_));
  } else {
    ConvertRows(narrow, x, const_cast<void*>(operands.x), ElementsOf(x_));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ConvPlan>> MakeOnednnPlan(const ConvGeometry& geometry,
                                                         ConvResult result, DType dtype,
                                                         ConvEpilogue epilogue) {
  return PlanVariants::Create([=]() -> absl::StatusOr<std::unique_ptr<ConvPlan>> {
    return OnednnConvolution::Create(geometry, result, dtype, epilogue);
  });
}

}  // namespace viv
