// Einsum: sums of products by labelled axes. Each pair of operands becomes one batched product:
// labels of both that live on are the batch, labels of both that die are the inner extent.
#include <string>

#include "absl/strings/str_cat.h"
#include "core/ops/array.h"
#include "core/ops/einsum_equation.h"
#include "core/ops/math.h"
#include "core/ops/shape_vector.h"

namespace viv {
namespace {

// A tensor whose axes are labelled, one letter each.
struct Labelled {
  Output value;
  std::string labels;
};

bool Has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

// Without the labels that nobody needs any more.
Labelled SumOut(BuilderRef b, const Labelled& x, const std::string& needed) {
  std::vector<int64_t> axes;
  Labelled y{x.value, ""};
  for (size_t i = 0; i < x.labels.size(); ++i) {
    if (Has(needed, x.labels[i])) {
      y.labels += x.labels[i];
    } else {
      axes.push_back(static_cast<int64_t>(i));
    }
  }
  if (!axes.empty()) y.value = Sum(b, x.value, axes);
  return y;
}

Output InOrder(BuilderRef b, const Labelled& x, const std::string& order) {
  if (x.labels == order) return x.value;
  std::vector<int64_t> perm;
  for (const char label : order) perm.push_back(static_cast<int64_t>(x.labels.find(label)));
  return Transpose(b, x.value, perm);
}

// x with its axes merged into one for each group of labels.
Output Grouped(BuilderRef b, const Labelled& x, const std::vector<std::string>& groups) {
  ShapeVector shape;
  for (const std::string& group : groups) {
    Extent merged(int64_t{1});
    for (const char label : group) {
      const Extent extent(x.value, static_cast<int>(x.labels.find(label)));
      if (group.size() == 1) {
        merged = extent;
      } else if (merged.value() >= 0 && extent.value() >= 0) {
        merged = Extent(merged.value() * extent.value());
      } else {
        merged = Extent(Mul(b, Reshape(b, merged.AsVector(b), std::vector<int64_t>()),
                            Reshape(b, extent.AsVector(b), std::vector<int64_t>())));
      }
    }
    shape.push_back(merged);
  }
  return ReshapeTo(b, InOrder(b, x, absl::StrCat(groups[0], groups[1], groups[2])), shape);
}

Labelled Product(BuilderRef b, const Labelled& x, const Labelled& y, const std::string& needed) {
  std::string batch, inner, left, right;
  for (const char l : x.labels) {
    (!Has(y.labels, l) ? left : Has(needed, l) ? batch : inner) += l;
  }
  for (const char l : y.labels) {
    if (!Has(x.labels, l)) right += l;
  }
  const Output z =
      MatMul(b, Grouped(b, x, {batch, left, inner}), Grouped(b, y, {batch, inner, right}));
  Labelled result{z, absl::StrCat(batch, left, right)};
  ShapeVector shape;
  for (const char l : result.labels) {
    const Labelled& from = Has(x.labels, l) ? x : y;
    shape.push_back(Extent(from.value, static_cast<int>(from.labels.find(l))));
  }
  result.value = ReshapeTo(b, z, shape);
  return result;
}

}  // namespace

Output Einsum(BuilderRef b, const std::string& text, const std::vector<Output>& operands) {
  std::vector<PartialShape> shapes;
  for (const Output& operand : operands) {
    if (!operand.valid()) return {};
    shapes.push_back(operand.shape());
  }
  const absl::StatusOr<EinsumEquation> equation = ParseEinsum(text, shapes);
  if (!equation.ok()) {
    b.SetError(equation.status());
    return {};
  }
  Labelled result{operands[0], equation->operands[0]};
  for (size_t i = 0; i < operands.size(); ++i) {
    // What the operands to come and the result still need.
    std::string needed = equation->result;
    for (size_t k = i + 1; k < operands.size(); ++k) needed += equation->operands[k];
    if (i > 0) {
      const Labelled next{operands[i], equation->operands[i]};
      result = Product(b, result, SumOut(b, next, needed + result.labels), needed);
    }
    result = SumOut(b, result, needed);
    if (!result.value.valid()) return {};
  }
  return InOrder(b, result, equation->result);
}

}  // namespace viv
