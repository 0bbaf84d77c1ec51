// Schedules out of the arithmetic ops; max(x, 0) is Relu(x) and min(x, 1) is 1 - Relu(1 - x).
#include "core/train/schedule.h"

#include <algorithm>
#include <cmath>

#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {

Schedule Schedule::WarmUp(int64_t updates) const {
  Schedule result = *this;
  result.warm_up_ = updates;
  return result;
}

Schedule Schedule::HalveEvery(int64_t updates, int64_t begin) const {
  Schedule result = *this;
  result.fall_ = Fall::kHalve;
  result.begin_ = begin;
  result.length_ = std::max<int64_t>(updates, 1);
  return result;
}

Schedule Schedule::FallToZero(int64_t begin, int64_t end) const {
  Schedule result = *this;
  result.fall_ = Fall::kLine;
  result.begin_ = begin;
  result.length_ = std::max<int64_t>(end - begin, 1);
  return result;
}

Schedule Schedule::InverseSqrt(int64_t begin) const {
  Schedule result = *this;
  result.fall_ = Fall::kInverseSqrt;
  result.begin_ = std::max<int64_t>(begin, 1);
  return result;
}

Output Schedule::Build(BuilderRef b, Output update) const {
  const Output one = Const(b, 1.0f);
  Output rate = Const(b, rate_);
  if (warm_up_ > 0) {
    const Output share = Div(b, update, Const(b, static_cast<float>(warm_up_)));
    rate = Mul(b, rate, Sub(b, one, Relu(b, Sub(b, one, share))));
  }
  if (fall_ == Fall::kNone) return rate;
  const Output begin = Const(b, static_cast<float>(begin_));
  const Output after = Relu(b, Sub(b, update, begin));
  const Output length = Const(b, static_cast<float>(length_));
  switch (fall_) {
    case Fall::kHalve:
      return Mul(b, rate, Exp(b, Mul(b, Div(b, after, length), Const(b, -std::log(2.0f)))));
    case Fall::kLine:
      return Mul(b, rate, Relu(b, Sub(b, one, Div(b, after, length))));
    default:
      return Mul(b, rate, Sqrt(b, Div(b, begin, Add(b, begin, after))));
  }
}

}  // namespace viv
