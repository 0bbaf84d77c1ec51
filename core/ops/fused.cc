// Fused: several element-wise ops as one, block by block in the cache. A pass makes such nodes
// (core/passes/fuse_elementwise.cc), no builder function does.
//
// The program is a list of instructions. Value v is input v or, from the number of inputs on, the
// result of an instruction; the result of the last one is the output:
//   inputs x, y;  ops = {"Mul", "Tanh"}, arity = {2, 1}, operands = {0, 1, 2}:  tanh(x * y)
// All values are floating-point or boolean, and broadcast.
#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/elementwise.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

constexpr size_t kMaxInstructions = 16;
constexpr int kMaxInputs = 8;

bool Allowed(DType type) { return IsFloating(type) || type == kBool; }

absl::Status CheckProgram(const ShapeContext& c) {
  const size_t count = c.attrs().Strings("ops").size();
  const std::vector<int64_t>& arity = c.attrs().Ints("arity");
  const std::vector<DType>& types = c.attrs().Types("types");
  const std::vector<std::string>& nodes = c.attrs().Strings("nodes");
  if (count == 0 || count > kMaxInstructions || c.num_inputs() > kMaxInputs) {
    return absl::InvalidArgumentError(absl::StrCat(count, " instructions on ", c.num_inputs(),
                                                   " inputs, outside 1 to ", kMaxInstructions,
                                                   " on at most ", kMaxInputs));
  }
  if (arity.size() != count || types.size() != count || nodes.size() != count) {
    return absl::InvalidArgumentError("ops, arity, types and nodes differ in length");
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string& op = c.attrs().Strings("ops")[i];
    const OpDef* const def = OpRegistry::Global().Find(op);
    if (!IsElementwise(op) || def == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("'", op, "' is no element-wise op"));
    }
    if (arity[i] != static_cast<int64_t>(def->inputs.size())) {
      return absl::InvalidArgumentError(absl::StrCat(arity[i], " operands of '", op, "'"));
    }
  }
  const std::vector<int64_t>& operands = c.attrs().Ints("operands");
  if (std::accumulate(arity.begin(), arity.end(), size_t{0}) != operands.size()) {
    return absl::InvalidArgumentError("arity and operands do not fit");
  }
  for (int i = 0; i < c.num_inputs(); ++i) {
    if (!Allowed(c.input_type(i))) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", i, " is ", DTypeName(c.input_type(i))));
    }
  }
  if (!std::all_of(types.begin(), types.end(), &Allowed) || types.back() != c.output_type(0)) {
    return absl::InvalidArgumentError("the types of the results do not fit");
  }
  return absl::OkStatus();
}

absl::Status FusedShape(ShapeContext& c) {
  RETURN_IF_ERROR(CheckProgram(c));
  const std::vector<int64_t>& operands = c.attrs().Ints("operands");
  std::vector<PartialShape> values(c.inputs().begin(), c.inputs().end());
  size_t next = 0;
  for (size_t i = 0; i < c.attrs().Ints("arity").size(); ++i) {
    const std::string& op = c.attrs().Strings("ops")[i];
    PartialShape shape = PartialShape::Scalar();
    for (int64_t n = 0; n < c.attrs().Ints("arity")[i]; ++n) {
      const int64_t operand = operands[next++];
      if (operand < 0 || operand >= static_cast<int64_t>(values.size())) {
        return absl::InvalidArgumentError(absl::StrCat("there is no value ", operand));
      }
      const bool equal = op == "ReluGrad" && n > 0;
      absl::StatusOr<PartialShape> both =
          equal ? shape.Merge(values[operand]) : BroadcastShapes(shape, values[operand]);
      // The node that stood here before.
      if (!both.ok()) return Annotate(both.status(), c.attrs().Strings("nodes")[i]);
      shape = *std::move(both);
    }
    values.push_back(shape);
  }
  // The kernel walks all values along the result.
  for (const PartialShape& value : values) {
    ASSIGN_OR_RETURN(const PartialShape whole, BroadcastShapes(value, values.back()));
    RETURN_IF_ERROR(
        Annotate(whole.Merge(values.back()).status(), "a value is no part of the result"));
  }
  c.set_output(0, values.back());
  return absl::OkStatus();
}

const OpRegistration kFused({
    .name = "Fused",
    .doc = "Element-wise ops in a row, computed block by block.",
    .inputs = {{"inputs", "any", Arity::kMany}},
    .outputs = {{"y", "dtype"}},
    .attrs = {{"dtype", AttrType::kType},
              {"ops", AttrType::kStrings},
              {"arity", AttrType::kInts},
              {"operands", AttrType::kInts},
              {"types", AttrType::kTypes},
              // For messages: what each instruction was made of.
              {"nodes", AttrType::kStrings}},
    .types = {{"dtype", {kFloat, kDouble, kBFloat16, kHalf, kBool}}},
    .shape = FusedShape,
});

}  // namespace
}  // namespace viv
