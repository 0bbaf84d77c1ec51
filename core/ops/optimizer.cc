// The update rules of optimizers, each as two ops: Apply<rule> with a dense gradient, and
// Apply<rule>Rows with rows of one. The formulas are in optimizer.h. Inputs: the variable, the
// rule's state of the same shape, the gradient (rows: indices [N] and values [N, ...]), scalars.
#include "core/ops/optimizer.h"

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/graph/shape_context.h"

namespace viv {
namespace {

absl::Status Like(ShapeContext& c, int i, const PartialShape& wanted) {
  return Annotate(wanted.Merge(c.input(i)).status(), absl::StrCat("input ", i));
}

// `variables` lead; the rest behind the gradient are scalars.
ShapeFn DenseShape(int variables) {
  return [variables](ShapeContext& c) -> absl::Status {
    for (int i = 1; i < c.num_inputs(); ++i) {
      RETURN_IF_ERROR(Like(c, i, i <= variables ? c.input(0) : PartialShape::Scalar()));
    }
    return absl::OkStatus();
  };
}

ShapeFn RowsShape(int variables) {
  return [variables](ShapeContext& c) -> absl::Status {
    for (int i = 1; i < variables; ++i) RETURN_IF_ERROR(Like(c, i, c.input(0)));
    const PartialShape& indices = c.input(variables);
    RETURN_IF_ERROR(WithRank(c, variables, 1));
    if (PartialShape rows = c.input(0); rows.known_rank()) {
      if (rows.rank() == 0) return absl::InvalidArgumentError("a scalar has no rows");
      rows.set_dim(0, indices.known_rank() ? indices.dim(0) : -1);
      RETURN_IF_ERROR(Like(c, variables + 1, rows));
    }
    for (int i = variables + 2; i < c.num_inputs(); ++i) {
      RETURN_IF_ERROR(Like(c, i, PartialShape::Scalar()));
    }
    return absl::OkStatus();
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
  OpDef def = {.name = absl::StrCat("Apply", rule.name, rows ? "Rows" : ""),
               .doc = absl::StrCat("An update by ", rule.name, rows ? " of some rows." : "."),
               .inputs = {{"v", kResource}},
               .attrs = rule.attrs,
               .shape = rows ? RowsShape(variables) : DenseShape(variables),
               .gradient = NotDifferentiable(),
               .updates = variables};
  for (const std::string& name : rule.state) def.inputs.push_back({name, kResource});
  if (rows) {
    def.types = {{"I", kIndexTypes}};
    def.inputs.push_back({"indices", "I"});
  }
  def.inputs.push_back({rows ? "values" : "gradient", kFloat});
  for (const std::string& name : rule.scalars) def.inputs.push_back({name, kFloat});
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
             const Gradient& gradient, const std::vector<Output>& scalars, AttrMap attrs = {}) {
  if (gradient.sparse()) inputs.push_back(gradient.indices);
  inputs.push_back(gradient.sparse() ? gradient.values : gradient.dense);
  inputs.insert(inputs.end(), scalars.begin(), scalars.end());
  return b.AddTarget(absl::StrCat("Apply", rule, gradient.sparse() ? "Rows" : ""), inputs,
                     std::move(attrs));
}

}  // namespace

Output ApplySgd(BuilderRef b, const Variable& v, const Gradient& gradient, Output rate) {
  return Apply(b, "Sgd", {v.handle()}, gradient, {rate});
}
Output ApplySgd(BuilderRef b, const Variable& v, Output gradient, Output rate) {
  return ApplySgd(b, v, Gradient{.dense = gradient}, rate);
}
Output ApplyMomentum(BuilderRef b, const Variable& v, const Variable& u, const Gradient& gradient,
                     Output rate, float momentum, bool nesterov) {
  return Apply(b, "Momentum", {v.handle(), u.handle()}, gradient, {rate},
               {{"momentum", momentum}, {"nesterov", nesterov}});
}
Output ApplyAdagrad(BuilderRef b, const Variable& v, const Variable& s, const Gradient& gradient,
                    Output rate, float epsilon) {
  return Apply(b, "Adagrad", {v.handle(), s.handle()}, gradient, {rate}, {{"epsilon", epsilon}});
}
Output ApplyRmsProp(BuilderRef b, const Variable& v, const Variable& s, const Gradient& gradient,
                    Output rate, float decay, float epsilon) {
  return Apply(b, "RmsProp", {v.handle(), s.handle()}, gradient, {rate},
               {{"decay", decay}, {"epsilon", epsilon}});
}
Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                 const Gradient& gradient, Output rate, Output step, AdamOptions o) {
  return Apply(b, "Adam", {v.handle(), m.handle(), s.handle()}, gradient, {rate, step},
               {{"beta1", o.beta1},
                {"beta2", o.beta2},
                {"epsilon", o.epsilon},
                {"weight_decay", o.weight_decay}});
}
Output ApplyAdam(BuilderRef b, const Variable& v, const Variable& m, const Variable& s,
                 Output gradient, Output rate, Output step, AdamOptions options) {
  return ApplyAdam(b, v, m, s, Gradient{.dense = gradient}, rate, step, options);
}

}  // namespace viv
