// Cond: y = p ? f(captures of f) : g(captures of g). Only one of the functions runs.
//
// Inputs are the predicate, what `then` captures and what `otherwise` captures. The lists
// then_outputs and otherwise_outputs say which output a result of the function is: what only one of
// them computes (it saves it for its gradient) is zero where the other one runs, and entries beyond
// the node's outputs are not computed. The gradient in what a branch captures is a Cond again.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/cond_gradient.h"
#include "core/ops/control.h"

namespace viv {
namespace {

// Extents that both know and agree on.
PartialShape Common(const PartialShape& a, const PartialShape& b) {
  if (!a.known_rank() || a.rank() != b.rank()) return PartialShape();
  PartialShape common = a;
  for (int i = 0; i < a.rank(); ++i) {
    if (a.dim(i) != b.dim(i)) common.set_dim(i, PartialShape::kUnknown);
  }
  return common;
}

absl::Status CheckOutputs(const std::string& attr, const std::vector<int64_t>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i] < 0 || (i > 0 && outputs[i] <= outputs[i - 1])) {
      return absl::InvalidArgumentError(
          absl::StrCat("attribute '", attr, "' does not rise from 0 on"));
    }
  }
  return absl::OkStatus();
}

// The shapes of all outputs where one of the functions runs; `made`: whether it computes them.
absl::Status BranchShapes(const ShapeContext& c, const std::string& function, int first_input,
                          int num_inputs, std::vector<PartialShape>& shapes,
                          std::vector<bool>& made) {
  const std::string attr = function + "_outputs";
  const std::vector<int64_t>& outputs = c.attrs().Ints(attr);
  RETURN_IF_ERROR(CheckOutputs(attr, outputs));
  std::vector<DType> types;
  for (const int64_t output : outputs) {
    if (output < c.num_outputs()) types.push_back(c.output_type(static_cast<int>(output)));
  }
  const auto arguments = c.inputs().subspan(first_input, num_inputs);
  absl::StatusOr<std::vector<PartialShape>> results =
      c.FunctionShapes(function, arguments, first_input, types);
  if (!results.ok()) {
    const std::vector<PartialShape> unknown(arguments.size());
    if (!c.FunctionShapes(function, unknown, first_input, types).ok()) return results.status();
    results = std::vector<PartialShape>(types.size());
  }
  shapes.resize(c.num_outputs());
  made.resize(c.num_outputs(), false);
  for (size_t r = 0; r < types.size(); ++r) {
    shapes[outputs[r]] = (*results)[r];
    made[outputs[r]] = true;
  }
  return absl::OkStatus();
}

// What both functions agree on is known. A function that cannot take these shapes may be the one
// that does not run: then nothing is known of its results.
absl::Status CondShape(ShapeContext& c) {
  if (c.input(0).known_rank() && c.input(0).rank() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the predicate has shape ", c.input(0).ToString(), " and must be a scalar"));
  }
  const int64_t then_inputs = c.attrs().Int("then_inputs");
  if (then_inputs < 0 || then_inputs > c.num_inputs() - 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(then_inputs, " inputs for 'then' among ", c.num_inputs() - 1));
  }
  const int first = 1 + static_cast<int>(then_inputs);
  std::vector<PartialShape> then, otherwise;
  std::vector<bool> by_then, by_otherwise;
  RETURN_IF_ERROR(BranchShapes(c, "then", 1, first - 1, then, by_then));
  RETURN_IF_ERROR(
      BranchShapes(c, "otherwise", first, c.num_inputs() - first, otherwise, by_otherwise));
  for (int i = 0; i < c.num_outputs(); ++i) {
    if (!by_then[i] && !by_otherwise[i]) {
      return absl::InvalidArgumentError(absl::StrCat("neither function computes output ", i));
    }
    c.set_output(i, !by_then[i]        ? otherwise[i]
                    : !by_otherwise[i] ? then[i]
                                       : Common(then[i], otherwise[i]));
  }
  return absl::OkStatus();
}

const OpRegistration kCond({
    .name = "Cond",
    .doc = "Runs one of two functions.",
    .inputs = {{"predicate", kBool}, {.name = "values", .type = "any", .arity = Arity::kMany}},
    .outputs = {{.name = "results", .type = "any", .arity = Arity::kMany, .count = "types"}},
    .attrs = {{"then", AttrType::kString},
              {"otherwise", AttrType::kString},
              {"then_inputs", AttrType::kInt},
              {"then_outputs", AttrType::kInts},
              {"otherwise_outputs", AttrType::kInts},
              {"types", AttrType::kTypes}},
    .shape = CondShape,
    .gradient = CondGradient,
    .dynamic_output = true,
});

}  // namespace

Outputs Cond(BuilderRef b, Output predicate, const BranchBody& then, const BranchBody& otherwise) {
  const auto build = [&b](const char* name, const BranchBody& body) {
    return BuildFunction(b, name, {},
                         [&body](const GraphBuilder& inner, const std::vector<Output>&) {
                           const Outputs results = body(inner);
                           return std::vector<Output>(results.begin(), results.end());
                         });
  };
  const BuiltFunction yes = build("then", then), no = build("otherwise", otherwise);
  if (!b.builder().ok()) return {};
  if (yes.result_types.size() != no.result_types.size()) {
    b.SetError(absl::InvalidArgumentError(
        absl::StrCat("Cond: 'then' returns ", yes.result_types.size(),
                     " results, but 'otherwise' returns ", no.result_types.size())));
    return {};
  }
  std::vector<Output> inputs = {predicate};
  inputs.insert(inputs.end(), yes.captures.begin(), yes.captures.end());
  inputs.insert(inputs.end(), no.captures.begin(), no.captures.end());
  std::vector<int64_t> outputs;
  for (size_t i = 0; i < yes.result_types.size(); ++i) {
    outputs.push_back(static_cast<int64_t>(i));
    if (yes.result_types[i] == no.result_types[i]) continue;
    b.SetError(absl::InvalidArgumentError(
        absl::StrCat("Cond: result ", i, " is ", DTypeName(yes.result_types[i]), " in 'then', but ",
                     DTypeName(no.result_types[i]), " in 'otherwise'")));
    return {};
  }
  return b.AddMany("Cond", inputs,
                   {{"then", yes.name},
                    {"otherwise", no.name},
                    {"then_inputs", static_cast<int64_t>(yes.captures.size())},
                    {"then_outputs", outputs},
                    {"otherwise_outputs", outputs},
                    {"types", yes.result_types}},
                   static_cast<int>(outputs.size()));
}

}  // namespace viv
