// The single ops of random graphs: each method makes a node or a few from values of a pool.
#ifndef VIV_TESTS_CORE_RANDOM_OPS_H_
#define VIV_TESTS_CORE_RANDOM_OPS_H_

#include <algorithm>
#include <vector>

#include "core/base/random.h"
#include "core/graph/builder.h"

namespace viv {

using Extents = std::vector<int64_t>;

// An output and what is known of its value.
struct Item {
  Output out;
  Extents dims;
  double bound = 1;

  DType dtype() const { return out.dtype(); }
  int rank() const { return static_cast<int>(dims.size()); }
};
using Pool = std::vector<Item>;

int64_t Count(const Extents& dims);
inline Shape ToShape(const Extents& dims) { return Shape(absl::MakeConstSpan(dims)); }

class RandomOps {
 public:
  using B = const GraphBuilder&;
  static constexpr int64_t kMaxElements = 64;
  // Integers are kept below this.
  static constexpr int64_t kModulus = 11;

  // `smooth`: what is made changes smoothly with the numbers of the pool.
  RandomOps(uint64_t seed, bool smooth) : random_(seed), smooth_(smooth) {}

  int64_t Below(int64_t n) { return static_cast<int64_t>(random_.Below(n)); }
  bool Chance(double p) { return random_.Uniform() < p; }
  template <typename T>
  T OneOf(const std::vector<T>& values) {
    return values[Below(static_cast<int64_t>(values.size()))];
  }

  Extents RandomExtents();
  Tensor RandomTensor(DType dtype, const Extents& dims);
  Item Constant(B b, DType dtype, const Extents& dims);
  Item Pick(B b, const Pool& pool, DType dtype);
  Item PickAny(B b, const Pool& pool) {
    return Pick(b, pool, OneOf<DType>({kDouble, kDouble, kDouble, kInt32, kInt64, kBool}));
  }
  // x, or its tanh where it may be large: what grows is squashed before it grows on.
  Item Small(B b, const Item& x);
  // A scalar that depends on x.
  Item Scalar(B b, const Item& x);
  // A value of these extents that depends on x.
  Item Fit(B b, const Item& x, const Extents& dims);
  // Some op.
  Item Any(B b, const Pool& pool);

 private:
  // Another operand for x: one that broadcasts with it, to `dims`.
  Item Partner(B b, const Pool& pool, const Item& x, DType dtype, Extents& dims);
  Item Unary(B b, const Pool& pool);
  Item Binary(B b, const Pool& pool);
  Item Integers(B b, const Pool& pool);
  Item Truth(B b, const Pool& pool);
  Item Choice(B b, const Pool& pool);
  Item Reduction(B b, const Pool& pool);
  Item Reshaped(B b, const Pool& pool);
  Item Joined(B b, const Pool& pool);
  Item Part(B b, const Pool& pool);
  Item Product(B b, const Pool& pool);
  Item Number(B b, const Pool& pool);
  Item ShapeValue(B b, const Pool& pool);

  RandomStream random_;
  const bool smooth_;
};

}  // namespace viv

#endif  // VIV_TESTS_CORE_RANDOM_OPS_H_
