// Scan, a loop of known length: (carries, outputs[t]) = body(carries, sequences[t], captures).
//
// Inputs are the carries, the sequences and what the body captures; outputs the last carries and
// the stacked outputs. The node may have fewer outputs than the body results: then the last ones
// are not computed. Every extent of a carry stays what it was.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/carry_shape.h"
#include "core/ops/control.h"
#include "core/ops/loop_gradient.h"

namespace viv {
namespace {

// The number of steps, or -1.
absl::StatusOr<int64_t> Steps(absl::Span<const PartialShape> sequences, int64_t length) {
  if (sequences.empty() && length < 0) {
    return absl::InvalidArgumentError("without sequences, the length must be given");
  }
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (!sequences[i].known_rank()) continue;
    if (sequences[i].rank() == 0) {
      return absl::InvalidArgumentError(absl::StrCat("sequence ", i, " is a scalar"));
    }
    const int64_t rows = sequences[i].dim(0);
    if (rows >= 0 && length >= 0 && rows != length) {
      return absl::InvalidArgumentError(
          absl::StrCat("sequence ", i, " has ", rows, " rows, not ", length));
    }
    length = std::max(length, rows);
  }
  return length;
}

PartialShape RowOf(const PartialShape& sequence) {
  return sequence.known_rank() ? PartialShape(sequence.dims().subspan(1)) : PartialShape();
}

absl::Status ScanShape(ShapeContext& c) {
  const int64_t carries = c.attrs().Int("carries"), sequences = c.attrs().Int("sequences");
  if (carries < 0 || sequences < 0 || carries > c.num_inputs() || carries > c.num_outputs() ||
      sequences > c.num_inputs() - carries) {
    return absl::InvalidArgumentError(absl::StrCat(carries, " carries and ", sequences,
                                                   " sequences among ", c.num_inputs(),
                                                   " inputs and ", c.num_outputs(), " outputs"));
  }
  ASSIGN_OR_RETURN(const int64_t steps,
                   Steps(c.inputs().subspan(carries, sequences), c.attrs().Int("length")));
  std::vector<PartialShape> arguments(c.inputs().begin(), c.inputs().end());
  for (int64_t i = carries; i < carries + sequences; ++i) arguments[i] = RowOf(arguments[i]);
  ASSIGN_OR_RETURN(const std::vector<PartialShape> results,
                   c.FunctionShapes("body", arguments, 0, c.output_types()));
  for (int i = 0; i < c.num_outputs(); ++i) {
    if (i < carries) {
      ASSIGN_OR_RETURN(const PartialShape carry,
                       CarryShape(c, i, results[i], absl::StrCat("carry ", i)));
      c.set_output(i, carry);
    } else if (results[i].known_rank()) {
      PartialShape stacked = {steps};
      for (const int64_t extent : results[i].dims()) stacked.Append(extent);
      c.set_output(i, stacked);
    }
  }
  return absl::OkStatus();
}

absl::Status ScanGradient(GradientContext& c) {
  const AttrMap& attrs = c.attrs();
  LoopLayout layout{.carries = static_cast<int>(attrs.Int("carries")),
                    .sequences = static_cast<int>(attrs.Int("sequences")),
                    .reverse = attrs.Bool("reverse"),
                    .steps = attrs.Int("length")};
  if (layout.sequences > 0) {
    layout.rows = c.input(layout.carries);
    layout.steps = layout.rows.shape().dim(0);
  }
  return LoopGradient(c, layout);
}

const OpRegistration kScan({
    .name = "Scan",
    .doc = "Runs a function over the rows of sequences, handing values from step to step.",
    .inputs = {{.name = "values", .type = "any", .arity = Arity::kMany}},
    .outputs = {{.name = "results", .type = "any", .arity = Arity::kMany, .count = "types"}},
    .attrs = {{"body", AttrType::kString},
              {"carries", AttrType::kInt},
              {"sequences", AttrType::kInt},
              {"types", AttrType::kTypes},
              {"length", AttrValue(-1)},
              {"reverse", AttrValue(false)}},
    .shape = ScanShape,
    .gradient = ScanGradient,
    .dynamic_output = true,
});

}  // namespace

ScanValues Scan(BuilderRef b, const std::vector<Output>& initial,
                const std::vector<Output>& sequences, const ScanBody& body, ScanOptions options) {
  std::vector<ArgumentSpec> arguments;
  std::vector<Output> inputs = initial;
  inputs.insert(inputs.end(), sequences.begin(), sequences.end());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool row = i >= initial.size();
    if (!inputs[i].valid() || inputs[i].index < 0 || (row && inputs[i].shape().rank() == 0)) {
      b.SetError(absl::InvalidArgumentError(
          absl::StrCat("Scan: ", row ? "sequence " : "carry ", row ? i - initial.size() : i,
                       inputs[i].valid() ? " is a scalar or no value" : " is missing")));
      return {};
    }
    arguments.push_back({inputs[i].dtype(), row ? RowOf(inputs[i].shape()) : inputs[i].shape()});
  }
  const size_t carries = initial.size();
  const auto step = [&](const GraphBuilder& inner, const std::vector<Output>& values) {
    const ScanValues next =
        body(inner, std::vector<Output>(values.begin(), values.begin() + carries),
             std::vector<Output>(values.begin() + carries, values.end()));
    if (next.carries.size() != carries) {
      b.SetError(absl::InvalidArgumentError(absl::StrCat(
          "Scan: there are ", carries, " carries, but the body returns ", next.carries.size())));
    }
    std::vector<Output> results(next.carries.begin(), next.carries.end());
    results.insert(results.end(), next.outputs.begin(), next.outputs.end());
    return results;
  };
  const BuiltFunction built = BuildFunction(b, "scan", arguments, step);
  inputs.insert(inputs.end(), built.captures.begin(), built.captures.end());
  const std::vector<Output> outputs =
      b.AddMany("Scan", inputs,
                {{"body", built.name},
                 {"carries", static_cast<int64_t>(carries)},
                 {"sequences", static_cast<int64_t>(sequences.size())},
                 {"types", built.result_types},
                 {"length", options.length},
                 {"reverse", options.reverse}},
                static_cast<int>(built.result_types.size()));
  if (!b.builder().ok()) return {};
  return {std::vector<Output>(outputs.begin(), outputs.begin() + carries),
          std::vector<Output>(outputs.begin() + carries, outputs.end())};
}

}  // namespace viv
