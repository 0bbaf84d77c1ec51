// Convolutions in 8 bits: what becomes of the sums is a factor and a shift for each channel, which
// oneDNN applies before it rounds.
#include "core/kernels/cpu/int8_convolution.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/base/status.h"
#include "core/kernels/cpu/packing_cache.h"
#include "core/kernels/cpu/plan_variants.h"
#include "core/tensor/quantized.h"

namespace viv {
namespace {

using Memory = dnnl::memory;
using Type = Memory::data_type;
using Tag = Memory::format_tag;

// Rounds the columns of a matrix [rows, columns], each element of column j times factor[j] where
// there is one, to [-127, 127] times a scale of the column. A column with a NaN or an infinity gets
// a NaN for its scale.
void QuantizeColumns(const float* matrix, const float* factor, int64_t rows, int64_t columns,
                     int8_t* codes, float* scales) {
  const auto at = [=](int64_t i, int64_t j) {
    return factor == nullptr ? matrix[i * columns + j] : matrix[i * columns + j] * factor[j];
  };
  std::vector<float> top(columns, 0.0f), inverse(columns);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float magnitude = std::abs(at(i, j));
      // A NaN stays.
      if (!(magnitude <= top[j])) top[j] = magnitude;
    }
  }
  for (int64_t j = 0; j < columns; ++j) {
    const bool finite = std::isfinite(top[j]);
    scales[j] = finite ? top[j] / kGreatestByte : std::nanf("");
    inverse[j] = finite && top[j] > 1e-30f ? kGreatestByte / top[j] : 0;
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      codes[i * columns + j] =
          inverse[j] == 0 ? 0 : static_cast<int8_t>(std::lround(at(i, j) * inverse[j]));
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Int8Convolution>> Int8Convolution::Create(
    const ConvGeometry& geometry, const Int8Epilogue& epilogue) {
  std::unique_ptr<Int8Convolution> made(new Int8Convolution(geometry, epilogue));
  RETURN_IF_ERROR(RunGuarded("oneDNN", [&] { made->MakePrimitive(); }));
  made->PlanScratch();
  return made;
}

void Int8Convolution::MakePrimitive() {
  const ConvGeometry& g = geometry_;
  const WindowAxis &h = g.height, &w = g.width;
  const bool bytes = epilogue_.y_scale != 0;
  x_ = {{g.n, g.c, h.extent, w.extent}, Type::u8, Tag::nhwc};
  y_ = {{g.n, g.k, h.count, w.count}, bytes ? Type::u8 : Type::f32, Tag::nhwc};
  channels_ = {{1, g.k, 1, 1}, Type::f32, Tag::nhwc};
  Memory::dims dims = {g.k / g.groups, g.c / g.groups, h.size, w.size};
  if (g.groups > 1) dims.insert(dims.begin(), g.groups);
  plain_filter_ = {dims, Type::s8, g.groups > 1 ? Tag::hwigo : Tag::hwio};

  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops after;
  after.append_binary(dnnl::algorithm::binary_mul, channels_);
  after.append_binary(dnnl::algorithm::binary_add, channels_);
  if (bytes) {
    after.append_eltwise(1, dnnl::algorithm::eltwise_clip, 0, kGreatestByte);
  } else if (epilogue_.relu) {
    after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  }
  attr.set_post_ops(after);
  using Forward = dnnl::convolution_forward;
  const Memory::dims strides = {h.stride, w.stride}, before = {h.before, w.before},
                     dilations = {h.dilation - 1, w.dilation - 1}, behind = {h.after, w.after};
  const Forward::desc forward(dnnl::prop_kind::forward_inference,
                              dnnl::algorithm::convolution_direct, x_, {dims, Type::s8, Tag::any},
                              y_, strides, dilations, before, behind);
  const Forward::primitive_desc desc(forward, attr, OnednnEngine());
  implementation_ = desc.impl_info_str();
  scratchpad_ = desc.scratchpad_desc();
  filter_ = desc.weights_desc();
  primitive_ = Forward(desc);
  form_ = FormOf(filter_);
  if (filter_ == plain_filter_) return;
  dnnl::primitive_attr pack;
  pack.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc reorder(OnednnEngine(), plain_filter_, OnednnEngine(),
                                              filter_, pack);
  reorder_ = dnnl::reorder(reorder);
  reorder_scratchpad_ = reorder.scratchpad_desc();
}

void Int8Convolution::PlanScratch() {
  const auto place = [this](size_t bytes) {
    const size_t at = scratch_bytes_;
    scratch_bytes_ += LineUp(bytes);
    return at;
  };
  packed_at_ = place(PackedBytes());
  plain_at_ = place(reorder_ ? plain_filter_.get_size() : 0);
  scratchpad_at_ = place(
      std::max(scratchpad_.get_size(), reorder_ ? reorder_scratchpad_.get_size() : size_t{0}));
  factor_at_ = place(geometry_.k * sizeof(float));
  shift_at_ = place(geometry_.k * sizeof(float));
}

absl::Status Int8Convolution::Pack(const ConvOperands& operands, char* scratch, char* to) const {
  char* const plain = reorder_ ? scratch + plain_at_ : to;
  const int64_t k = geometry_.k, rows = static_cast<int64_t>(plain_filter_.get_size()) / k;
  QuantizeColumns(static_cast<const float*>(operands.filter), operands.factor, rows, k,
                  reinterpret_cast<int8_t*>(plain), reinterpret_cast<float*>(to + ScalesAt()));
  if (!reorder_) return absl::OkStatus();
  return RunPrimitive(reorder_,
                      {{DNNL_ARG_FROM, plain_filter_, plain},
                       {DNNL_ARG_TO, filter_, to},
                       {DNNL_ARG_SCRATCHPAD, reorder_scratchpad_, scratch + scratchpad_at_}});
}

absl::StatusOr<const char*> Int8Convolution::PackedFilter(const ConvOperands& operands,
                                                          char* scratch,
                                                          std::shared_ptr<const void>& kept) const {
  const size_t factors = epilogue_.factor ? geometry_.k : 0;
  kept = PackingCache::Global().Find(
      {operands.filter_version, operands.filter, form_, {operands.factor, factors}}, PackedBytes(),
      [&](void* to) { return Pack(operands, scratch, static_cast<char*>(to)); });
  if (kept != nullptr) return static_cast<const char*>(kept.get());
  RETURN_IF_ERROR(Pack(operands, scratch, scratch + packed_at_));
  return scratch + packed_at_;
}

absl::Status Int8Convolution::Run(const ConvOperands& operands, void* scratch_memory) const {
  char* const scratch = static_cast<char*>(scratch_memory);
  std::shared_ptr<const void> kept;
  ASSIGN_OR_RETURN(const char* filter, PackedFilter(operands, scratch, kept));
  const auto* const scales = reinterpret_cast<const float*>(filter + ScalesAt());
  auto* const factor = reinterpret_cast<float*>(scratch + factor_at_);
  auto* const shift = reinterpret_cast<float*>(scratch + shift_at_);
  const float y_scale = epilogue_.y_scale == 0 ? 1 : epilogue_.y_scale;
  for (int64_t i = 0; i < geometry_.k; ++i) {
    factor[i] = scales[i] * epilogue_.x_scale / y_scale;
    shift[i] = operands.shift[i] / y_scale;
  }
  constexpr auto after = [](int i) { return DNNL_ARG_ATTR_MULTIPLE_POST_OP(i) | DNNL_ARG_SRC_1; };
  return RunPrimitive(primitive_, {{DNNL_ARG_SRC, x_, operands.x},
                                   {DNNL_ARG_WEIGHTS, filter_, filter},
                                   {DNNL_ARG_DST, y_, operands.y},
                                   {after(0), channels_, factor},
                                   {after(1), channels_, shift},
                                   {DNNL_ARG_SCRATCHPAD, scratchpad_, scratch + scratchpad_at_}});
}

absl::StatusOr<std::unique_ptr<ConvPlan>> MakeInt8Plan(const ConvGeometry& geometry,
                                                       const Int8Epilogue& epilogue) {
  return PlanVariants::Create([=]() -> absl::StatusOr<std::unique_ptr<ConvPlan>> {
    return Int8Convolution::Create(geometry, epilogue);
  });
}

}  // namespace viv
