// The update rules of optimizers, each as two ops: Apply<rule> with a dense gradient, and
// Apply<rule>Rows with rows of one. The formulas are in optimizer.h. Inputs: the variable, the
// rule's state of the same shape, the gradient (rows: indices [N] and values [N, ...]), scalars,
// and at most one boolean: false leaves all as it is.
#include "core/ops/optimizer.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

absl::Status Like(ShapeContext& c, int i, const PartialShape& wanted) {
  return Annotate(wanted.Merge(c.input(i)).status(), absl::StrCat("input ", i));
}

// Inputs from `i` on: `scalars` of them, then at most one more.
absl::Status CheckScalars(ShapeContext& c, int i, int scalars) {
  if (c.num_inputs() > i + scalars + 1) {
    return absl::InvalidArgumentError("takes at most one condition");
  }
  for (; i < c.num_inputs(); ++i) RETURN_IF_ERROR(Like(c, i, PartialShape::Scalar()));
  return absl::OkStatus();
}

// `variables` lead, then comes the gradient.
ShapeFn DenseShape(int variables, int scalars) {
  return [variables, scalars](ShapeContext& c) -> absl::Status {
    for (int i = 1; i <= variables; ++i) RETURN_IF_ERROR(Like(c, i, c.input(0)));
    return CheckScalars(c, variables + 1, scalars);
  };
}

ShapeFn RowsShape(int variables, int scalars) {
  return [variables, scalars](ShapeContext& c) -> absl::Status {
    for (int i = 1; i < variables; ++i) RETURN_IF_ERROR(Like(c, i, c.input(0)));
    const PartialShape& indices = c.input(variables);
    RETURN_IF_ERROR(WithRank(c, variables, 1));
    if (PartialShape rows = c.input(0); rows.known_rank()) {
      if (rows.rank() == 0) return absl::InvalidArgumentError("a scalar has no rows");
      rows.set_dim(0, indices.known_rank() ? indices.dim(0) : -1);
      RETURN_IF_ERROR(Like(c, variables + 1, rows));
    }
    return CheckScalars(c, variables + 2, scalars);
  };
}

struct RuleDef {
  std::string name;
  std::vector<std::string> state;
  std::vector<AttrDef> attrs;
  std::vector<std::string> scalars = {"rate"};
};

OpDef MakeOp(const RuleDef& rule, bool rows) {
  const int variables = 1 + static_cast<int>(rule.state.size());
  const int scalars = static_cast<int>(rule.scalars.size());
  OpDef def = {.name = absl::StrCat("Apply", rule.name, rows ? "Rows" : ""),
               .doc = absl::StrCat("An update by ", rule.name, rows ? " of some rows." : "."),
               .inputs = {{"v", kResource}},
               .attrs = rule.attrs,
               .shape = rows ? RowsShape(variables, scalars) : DenseShape(variables, scalars),
               .gradient = NotDifferentiable(),
               .updates = variables};
  for (const std::string& name : rule.state) def.inputs.push_back({name, kResource});
  if (rows) {
    def.types = {{"I", kIndexTypes}};
    def.inputs.push_back({"indices", "I"});
  }
  def.inputs.push_back({rows ? "values" : "gradient", kFloat});
  for (const std::string& name : rule.scalars) def.inputs.push_back({name, kFloat});
  def.inputs.push_back({.name = "only_if", .type = kBool, .arity = Arity::kMany});
  return def;
}

class RuleRegistration {
 public:
  explicit RuleRegistration(const RuleDef& rule)
      : dense_(MakeOp(rule, false)), rows_(MakeOp(rule, true)) {}

 private:
  OpRegistration dense_, rows_;
};

const RuleRegistration kSgd({.name = "Sgd"});
const RuleRegistration kMomentum({.name = "Momentum",
                                  .state = {"u"},
                                  .attrs = {{"momentum", AttrType::kFloat},
                                            {"nesterov", AttrValue(false)}}});
const RuleRegistration kAdagrad({.name = "Adagrad",
                                 .state = {"s"},
                                 .attrs = {{"epsilon", AttrValue(1e-10)}}});
const RuleRegistration kRmsProp({.name = "RmsProp",
                                 .state = {"s"},
                                 .attrs = {{"decay", AttrValue(0.9)},
                                           {"epsilon", AttrValue(1e-8)}}});
const RuleRegistration kAdam({.name = "Adam",
                              .state = {"m", "s"},
                              .attrs = {{"beta1", AttrValue(0.9)},
                                        {"beta2", AttrValue(0.999)},
                                        {"epsilon", AttrValue(1e-8)},
                                        {"weight_decay", AttrValue(0.0)}},
                              .scalars = {"rate", "step"}});

Output Apply(BuilderRef b, const std::string& rule, std::vector<Output> inputs,
             const Gradient& gradient, const std::vector<Output>& scalars, Output only_if,
             AttrMap attrs = {}) {
  if (gradient.sparse()) inputs.push_back(gradient.indices);
  inputs.push_back(gradient.sparse() ? gradient.values : gradient.dense);
  inputs.insert(inputs.end(), scalars.begin(), scalars.end());
  if (only_if.valid()) inputs.push_back(only_if);
  return b.AddTarget(absl::StrCat("Apply", rule, gradient.sparse() ? "Rows" : ""), inputs,
                     std::move(attrs));
}

}  // namespace

Output ApplySgd(BuilderRef b, const Variable& v, const Gradient& gradient, Output rate,
                Output only_if) {
  return Apply(b, "Sgd", {v.handle()}, gradient, {rate}, only_if);
}
Output ApplyMomentum(BuilderRef b, const Variable& v, const Variable& u, const Gradient& gradient,
                     Output rate, float momentum, bool nesterov, Output only_if) {
  return Apply(b, "Momentum", {v.handle(), u.handle()}, gradient, {rate}, only_if,
               {{"momentum", momentum}, {"nesterov", nesterov}});
}
Output ApplyAdagrad(BuilderRef b, const Variable& v, const Variable& s, const Gradient& gradient,
                    Output rate, float epsilon, Output only_if) {
  return Apply(b, "Adagrad", {v.handle(), s.handle()}, gradient, {rate}, only_if,
               {{"epsilon", epsilon}});
}
Output ApplyRmsProp(BuilderRef b, const Variable& v, const Variable& s, const Gradient& gradient,
                    Output rate, float decay, float epsilon, Output only_if) {
  return Apply(b, "RmsProp", {v.handle(), s.handle()}, gradient, {rate}, only_if,
               {{"decay", decay}, {"epsilon", epsilon}});
}
Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                 const Gradient& gradient, Output rate, Output step, AdamOptions o,
                 Output only_if) {
  return Apply(b, "Adam", {v.handle(), m.handle(), s.handle()}, gradient, {rate, step}, only_if,
               {{"beta1", o.beta1},
                {"beta2", o.beta2},
                {"epsilon", o.epsilon},
                {"weight_decay", o.weight_decay}});
}

}  // namespace viv
