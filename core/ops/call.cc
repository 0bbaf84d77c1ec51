// Call: y = f(x, captures). The gradient calls a function too:
//   (dx, dcaptures) = gradient of f at x for dy, over what the call saved in further outputs.
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"
#include "core/ops/branch_gradient.h"
#include "core/ops/control.h"

namespace viv {
namespace {

absl::Status CallShape(ShapeContext& c) {
  ASSIGN_OR_RETURN(const std::vector<PartialShape> results,
                   c.FunctionShapes("function", c.inputs(), 0, c.output_types()));
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, results[i]);
  return absl::OkStatus();
}

absl::Status CallGradient(GradientContext& c) {
  Branch branch{.function = "function", .num_inputs = c.num_inputs()};
  for (int i = 0; i < c.node().num_outputs(); ++i) branch.outputs.push_back(i);
  ASSIGN_OR_RETURN(BranchGradient gradient, BranchGradient::Create(c, std::move(branch)));
  std::vector<int> targets;
  std::vector<DType> types;
  for (int i = 0; i < c.num_inputs(); ++i) {
    if (!gradient.Flows(i)) continue;
    gradient.AddResult(i);
    targets.push_back(i);
    types.push_back(c.input(i).dtype());
  }
  if (targets.empty()) return absl::OkStatus();
  SharedOutputs saved;
  RETURN_IF_ERROR(gradient.Finish(saved));
  const std::vector<Output> results =
      BuilderRef(c.builder())
          .AddMany("Call", gradient.inputs(), {{"function", gradient.backward()}, {"types", types}},
                   static_cast<int>(types.size()));
  for (size_t k = 0; k < targets.size(); ++k) c.SetGrad(targets[k], results[k]);
  return absl::OkStatus();
}

const OpRegistration kCall({
    .name = "Call",
    .doc = "Runs a function.",
    .inputs = {{.name = "values", .type = "any", .arity = Arity::kMany}},
    .outputs = {{.name = "results", .type = "any", .arity = Arity::kMany, .count = "types"}},
    // The key tells the random numbers of one call from those of others.
    .attrs = {{"function", AttrType::kString}, {"types", AttrType::kTypes}, {"key", AttrValue("")}},
    .shape = CallShape,
    .gradient = CallGradient,
    .dynamic_output = true,
});

}  // namespace

Outputs Call(BuilderRef b, const BuiltFunction& function, const std::vector<Output>& inputs) {
  std::vector<Output> all = inputs;
  all.insert(all.end(), function.captures.begin(), function.captures.end());
  const std::vector<Output> results =
      b.AddMany("Call", all, {{"function", function.name}, {"types", function.result_types}},
                static_cast<int>(function.result_types.size()));
  if (!b.builder().ok()) return {};
  if (!results.empty()) {
    Node& node = *results[0].node;
    node.set_attr("key", absl::StrCat(b.builder().function_name(), ":", node.name()));
  }
  return results;
}

}  // namespace viv
