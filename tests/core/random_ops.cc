// Each op with the extents and the bound of its result.
#include "random_ops.h"

#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

// False where the shapes do not go together.
bool Broadcast(const Extents& a, const Extents& b, Extents& y) {
  const size_t rank = std::max(a.size(), b.size());
  y.assign(rank, 1);
  for (const Extents* x : {&a, &b}) {
    for (size_t k = 0; k < x->size(); ++k) {
      int64_t& extent = y[rank - x->size() + k];
      const int64_t other = (*x)[k];
      if (other == 1) continue;
      if (extent != 1 && extent != other) return false;
      extent = other;
    }
  }
  return Count(y) <= RandomOps::kMaxElements;
}

}  // namespace

int64_t Count(const Extents& dims) {
  int64_t n = 1;
  for (const int64_t extent : dims) n *= extent;
  return n;
}

Extents RandomOps::RandomExtents() {
  Extents dims(OneOf<int64_t>({0, 1, 1, 2, 2, 3}));
  for (int64_t& extent : dims) extent = OneOf<int64_t>({0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4});
  return dims;
}

Tensor RandomOps::RandomTensor(DType dtype, const Extents& dims) {
  const Shape shape = ToShape(dims);
  const int64_t n = Count(dims);
  if (dtype == kDouble) {
    std::vector<double> values(n, static_cast<double>(Below(2)));
    // Sometimes all zeros or ones, for which the passes have rules.
    if (Chance(0.75)) {
      for (double& v : values) v = 4 * random_.Uniform() - 2;
    }
    return Tensor::Of<double>(shape, values);
  }
  std::vector<int64_t> values(n);
  for (int64_t& v : values) v = Below(dtype == kBool ? 2 : kModulus);
  if (dtype == kInt64) return Tensor::Of<int64_t>(shape, values);
  if (dtype == kInt32) {
    return Tensor::Of<int32_t>(shape, std::vector<int32_t>(values.begin(), values.end()));
  }
  Tensor truth = *Tensor::Make(kBool, shape);
  for (int64_t i = 0; i < n; ++i) truth.mutable_data<bool>()[i] = values[i] != 0;
  return truth;
}

Item RandomOps::Constant(B b, DType dtype, const Extents& dims) {
  const double bound = dtype == kDouble ? 2 : kModulus;
  return {Const(b, RandomTensor(dtype, dims)), dims, bound};
}

Item RandomOps::Pick(B b, const Pool& pool, DType dtype) {
  Pool fitting;
  for (const Item& item : pool) {
    if (item.dtype() == dtype) fitting.push_back(item);
  }
  if (fitting.empty() || Chance(0.05)) return Constant(b, dtype, RandomExtents());
  // The later ones more often, so that graphs grow deep.
  return fitting[std::max(Below(fitting.size()), Below(fitting.size()))];
}

Item RandomOps::Partner(B b, const Pool& pool, const Item& x, DType dtype, Extents& dims) {
  for (int i = 0; i < 4; ++i) {
    const Item y = Pick(b, pool, dtype);
    if (Broadcast(x.dims, y.dims, dims)) return y;
  }
  Extents from = x.dims;
  for (int64_t& extent : from) {
    if (Chance(0.3)) extent = 1;
  }
  while (!from.empty() && Chance(0.3)) from.erase(from.begin());
  dims = x.dims;
  return Constant(b, dtype, from);
}

Item RandomOps::Small(B b, const Item& x) {
  constexpr double kMaxBound = 8;
  if (x.dtype() != kDouble || x.bound <= kMaxBound) return x;
  return {Tanh(b, x.out), x.dims, 1};
}

Item RandomOps::Scalar(B b, const Item& x) {
  if (x.dtype() == kBool) {
    const Output count = Sum(b, Cast(b, x.out, kInt32));
    return {Greater(b, count, Const<int32_t>(b, static_cast<int32_t>(Below(3)))), {}, 1};
  }
  const Output sum = Sum(b, x.out);
  if (x.dtype() == kDouble) return {sum, {}, x.bound * static_cast<double>(Count(x.dims))};
  return {Mod(b, sum, ScalarLike(b, kModulus, x.dtype())), {}, kModulus};
}

Item RandomOps::Fit(B b, const Item& x, const Extents& dims) {
  if (x.dims == dims) return x;
  const Item scalar = Scalar(b, x);
  return {BroadcastTo(b, scalar.out, Const(b, Tensor::Vector<int64_t>(dims))), dims, scalar.bound};
}

Item RandomOps::Unary(B b, const Pool& pool) {
  const Item x = Small(b, Pick(b, pool, kDouble));
  switch (Below(smooth_ ? 4 : 6)) {
    case 0:
      return {Neg(b, x.out), x.dims, x.bound};
    case 1:
      return {Square(b, x.out), x.dims, x.bound * x.bound};
    case 2:
      return {Tanh(b, x.out), x.dims, 1};
    case 3:
      return {Identity(b, x.out), x.dims, x.bound};
    case 4:
      return {Abs(b, x.out), x.dims, x.bound};
    default:
      return {StopGradient(b, x.out), x.dims, x.bound};
  }
}

Item RandomOps::Binary(B b, const Pool& pool) {
  const Item x = Small(b, Pick(b, pool, kDouble));
  Extents dims;
  const Item y = Small(b, Partner(b, pool, x, kDouble, dims));
  switch (Below(smooth_ ? 4 : 6)) {
    case 0:
      return {Add(b, x.out, y.out), dims, x.bound + y.bound};
    case 1:
      return {Sub(b, x.out, y.out), dims, x.bound + y.bound};
    case 2:
    case 3:
      return {Mul(b, x.out, y.out), dims, x.bound * y.bound};
    case 4:
      return {Maximum(b, x.out, y.out), dims, std::max(x.bound, y.bound)};
    default:
      return {Minimum(b, x.out, y.out), dims, std::max(x.bound, y.bound)};
  }
}

Item RandomOps::Integers(B b, const Pool& pool) {
  const DType dtype = OneOf<DType>({kInt32, kInt64});
  const Item x = Pick(b, pool, dtype);
  Extents dims;
  const Item y = Partner(b, pool, x, dtype, dims);
  const int64_t op = Below(4);
  const Output z = op == 0   ? Add(b, x.out, y.out)
                   : op == 1 ? Sub(b, x.out, y.out)
                   : op == 2 ? Mul(b, x.out, y.out)
                             : Maximum(b, x.out, y.out);
  return {Mod(b, z, ScalarLike(b, kModulus, dtype)), dims, kModulus};
}

Item RandomOps::Truth(B b, const Pool& pool) {
  Extents dims;
  if (Chance(0.3)) {
    const Item x = Pick(b, pool, kBool), y = Partner(b, pool, x, kBool, dims);
    const int64_t op = Below(3);
    if (op == 0) return {Not(b, x.out), x.dims, 1};
    return {op == 1 ? And(b, x.out, y.out) : Or(b, x.out, y.out), dims, 1};
  }
  // Numbers are compared with others that they do not meet by chance.
  const bool numbers = !smooth_ && Chance(0.5);
  const Item x = Pick(b, pool, numbers ? kDouble : OneOf<DType>({kInt32, kInt64}));
  const Item y = numbers ? Item{Const<double>(b, 2.0 * random_.Uniform() - 1.0123456789), {}, 1}
                         : Partner(b, pool, x, x.dtype(), dims);
  if (numbers) dims = x.dims;
  const int64_t op = Below(4);
  const Output z = op == 0   ? Less(b, x.out, y.out)
                   : op == 1 ? LessEqual(b, x.out, y.out)
                   : op == 2 ? Greater(b, x.out, y.out)
                             : Equal(b, x.out, y.out);
  return {z, dims, 1};
}

Item RandomOps::Choice(B b, const Pool& pool) {
  const Item condition = Pick(b, pool, kBool);
  Extents dims, all;
  const Item x = Partner(b, pool, condition, OneOf<DType>({kDouble, kDouble, kInt32, kBool}), dims);
  const Item y = Partner(b, pool, {x.out, dims}, x.dtype(), all);
  return {Select(b, condition.out, x.out, y.out), all, std::max(x.bound, y.bound)};
}

Item RandomOps::Reduction(B b, const Pool& pool) {
  const Item x = Pick(b, pool, kDouble);
  if (x.rank() > 0 && Chance(0.3)) {
    const int64_t axis = Below(x.rank());
    const CumSumOptions options{.exclusive = Chance(0.5), .reverse = Chance(0.5)};
    return {CumSum(b, x.out, axis, options), x.dims,
            x.bound * static_cast<double>(std::max<int64_t>(1, x.dims[axis]))};
  }
  const bool keep = Chance(0.5);
  Extents axes, dims;
  for (int k = 0; k < x.rank(); ++k) {
    if (Chance(0.5)) axes.push_back(k);
  }
  for (int k = 0; k < x.rank(); ++k) {
    const bool reduced = axes.empty() || std::count(axes.begin(), axes.end(), k) > 0;
    if (!reduced) dims.push_back(x.dims[k]);
    if (reduced && keep) dims.push_back(1);
  }
  return {Sum(b, x.out, axes, keep), dims, x.bound * static_cast<double>(Count(x.dims) + 1)};
}

Item RandomOps::Reshaped(B b, const Pool& pool) {
  const Item x = PickAny(b, pool);
  const int64_t n = Count(x.dims);
  Item y = x;
  switch (Below(6)) {
    case 0: {
      Extents perm;
      for (int k = 0; k < x.rank(); ++k) perm.push_back(k);
      random_.Shuffle(perm);
      for (int k = 0; k < x.rank(); ++k) y.dims[k] = x.dims[perm[k]];
      y.out = Transpose(b, x.out, perm);
      return y;
    }
    case 1: {
      const int64_t axis = Below(x.rank() + 1);
      y.dims.insert(y.dims.begin() + axis, 1);
      y.out = ExpandDims(b, x.out, axis);
      return y;
    }
    case 2: {
      const auto one = std::find(y.dims.begin(), y.dims.end(), 1);
      if (one == y.dims.end()) break;
      y.out = Squeeze(b, x.out, {one - y.dims.begin()});
      y.dims.erase(one);
      return y;
    }
    case 3:
      // To the shape of another value.
      for (const Item& like : pool) {
        if (Count(like.dims) != n || like.dims == x.dims) continue;
        return {Reshape(b, x.out, ShapeOf(b, like.out)), like.dims, x.bound};
      }
      break;
    case 4: {
      Extents all;
      const Item like = OneOf(pool);
      if (!Broadcast(x.dims, like.dims, all) || all != like.dims) break;
      return {BroadcastTo(b, x.out, ShapeOf(b, like.out)), like.dims, x.bound};
    }
    default:
      break;
  }
  y.dims = n % 2 == 0 && n > 0 ? Extents{2, n / 2} : Extents{n, 1};
  Extents asked = y.dims;
  if (n > 0 && Chance(0.5)) asked[Below(2)] = -1;
  y.out = Reshape(b, x.out, asked);
  return y;
}

Item RandomOps::Joined(B b, const Pool& pool) {
  const Item x = PickAny(b, pool);
  if (x.rank() == 0) return x;
  const int64_t axis = Below(x.rank());
  Extents dims = x.dims;
  dims[axis] = Below(3);
  const Item more = Constant(b, x.dtype(), dims);
  std::vector<Output> parts = {x.out, more.out};
  if (Chance(0.3)) parts.push_back(x.out);
  dims[axis] += x.dims[axis] * (static_cast<int64_t>(parts.size()) - 1);
  if (Count(dims) > kMaxElements) return x;
  return {Concat(b, parts, axis), dims, std::max(x.bound, more.bound)};
}

Item RandomOps::Part(B b, const Pool& pool) {
  Item x = PickAny(b, pool);
  if (x.rank() == 0) return x;
  if (x.dims[0] > 0 && Chance(0.4)) {
    Extents dims = RandomExtents();
    dims.resize(std::min<size_t>(dims.size(), 1));
    std::vector<int32_t> rows(Count(dims));
    for (int32_t& row : rows) row = static_cast<int32_t>(Below(x.dims[0]));
    const Output indices = Const(b, Tensor::Of<int32_t>(ToShape(dims), rows));
    dims.insert(dims.end(), x.dims.begin() + 1, x.dims.end());
    return {Gather(b, x.out, indices), dims, x.bound};
  }
  const int64_t axis = Below(x.rank()), begin = Below(x.dims[axis] + 1);
  const int64_t end = begin + Below(x.dims[axis] - begin + 1);
  x.out = SliceAxis(b, x.out, axis, begin, end);
  x.dims[axis] = end - begin;
  return x;
}

Item RandomOps::Product(B b, const Pool& pool) {
  const Item x = Small(b, Pick(b, pool, kDouble));
  if (x.rank() != 2) return x;
  const Item y = Constant(b, kDouble, {x.dims[1], OneOf<int64_t>({0, 1, 2, 3})});
  return {MatMul(b, x.out, y.out),
          {x.dims[0], y.dims[1]},
          x.bound * y.bound * static_cast<double>(x.dims[1] + 1)};
}

Item RandomOps::Number(B b, const Pool& pool) {
  const Item x = Pick(b, pool, OneOf<DType>({kInt32, kInt64, kBool}));
  return {Cast(b, x.out, kDouble), x.dims, x.bound};
}

Item RandomOps::ShapeValue(B b, const Pool& pool) {
  const Item x = PickAny(b, pool);
  if (Chance(0.3)) return {OfShape(b, x.out, x.out), x.dims, x.bound};
  if (Chance(0.5)) return {SizeOf(b, x.out), {}, kMaxElements};
  return {ShapeOf(b, x.out), {x.rank()}, kMaxElements};
}

Item RandomOps::Any(B b, const Pool& pool) {
  using Method = Item (RandomOps::*)(B, const Pool&);
  static const std::vector<Method> kMethods = {
      &RandomOps::Unary,     &RandomOps::Unary,    &RandomOps::Binary,    &RandomOps::Binary,
      &RandomOps::Integers,  &RandomOps::Truth,    &RandomOps::Choice,    &RandomOps::Joined,
      &RandomOps::Reduction, &RandomOps::Reshaped, &RandomOps::Reshaped,  &RandomOps::Part,
      &RandomOps::Product,   &RandomOps::Number,   &RandomOps::ShapeValue};
  return (this->*OneOf(kMethods))(b, pool);
}

}  // namespace viv
