// All optimizers share gradients, clipping, accumulation and the count of updates (BuildStep); each
// adds its rule for one variable.
#include "core/train/optimizer.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/optimizer.h"

namespace viv {
namespace {

Variable Slot(BuilderRef b, const Variable& v, const std::string& slot) {
  return Variable(b, absl::StrCat("optimizer/", v.name(), "/", slot), ZerosLike(b, v.initial()),
                  {.trainable = false});
}

// One variable's rule. `update`, `rate`: float scalars.
struct RuleInputs {
  Gradient gradient;
  Output rate;
  Output update;   // the number of this update, from 1
  Output only_if;  // bool, or invalid: always
};
struct Rule {
  // Leaves a variable alone where its gradient is 0: then rows are as good as the whole.
  bool exact_for_rows;
  std::function<Output(BuilderRef b, const Variable& v, const RuleInputs& in)> apply;
};

// The part of a gradient that its norm and its scale are about.
Output& Values(Gradient& gradient) { return gradient.sparse() ? gradient.values : gradient.dense; }

// One for each variable.
absl::StatusOr<std::vector<Gradient>> GradientsOf(const GraphBuilder& b, Output loss,
                                                  const std::vector<Variable>& variables) {
  std::vector<Output> reads;
  for (const Variable& v : variables) reads.push_back(v.Read());
  ASSIGN_OR_RETURN(std::vector<Gradient> gradients, Gradients(b, {loss}, reads));
  for (size_t i = 0; i < reads.size(); ++i) {
    if (!gradients[i].valid()) gradients[i].dense = ZerosLike(b, reads[i]);
  }
  return gradients;
}

// A sparse gradient with each row once.
Gradient Combined(BuilderRef b, const Gradient& gradient, const Variable& v) {
  return CombineRows(b, gradient, ShapeOf(b, v.Read()));
}

Output GlobalNorm(BuilderRef b, std::vector<Gradient> gradients) {
  Output total = Const(b, 0.0f);
  for (Gradient& g : gradients) total = Add(b, total, Sum(b, Square(b, Values(g))));
  return Sqrt(b, total);
}

void Scale(BuilderRef b, Output factor, std::vector<Gradient>& gradients) {
  for (Gradient& g : gradients) Values(g) = Mul(b, Values(g), factor);
}

// The factor that brings a norm down to `most`: most / max(norm, most).
Output ClipFactor(BuilderRef b, Output norm, float most) {
  const Output limit = Const(b, most);
  return Div(b, limit, Add(b, limit, Relu(b, Sub(b, norm, limit))));
}

// Replaces each gradient by the mean over those that wait and itself, and returns the target that
// lets it wait instead. Targets that empty the store go to `emptied`. What waits is dense.
Output Accumulate(BuilderRef b, const std::vector<Variable>& variables, int count,
                  std::vector<Gradient>& gradients, std::vector<Output>& emptied) {
  std::vector<Output> added;
  const Output share = Const(b, 1.0f / static_cast<float>(count)), minus_one = Const(b, -1.0f);
  for (size_t i = 0; i < gradients.size(); ++i) {
    const Variable store = Slot(b, variables[i], "accumulated");
    Gradient& g = gradients[i];
    added.push_back(g.sparse() ? ApplySgd(b, store, Combined(b, g, store), minus_one)
                               : AssignAdd(b, store, g.dense));
    g = {.dense = Densify(b, g, store.Read())};
    g.dense = Mul(b, Add(b, store.Read(), g.dense), share);
    emptied.push_back(Assign(b, store, ZerosLike(b, store.Read())));
  }
  return Group(b, added);
}

// Sums the rows of a sparse gradient that come more than once, or makes it dense.
Gradient Prepared(BuilderRef b, const Gradient& gradient, const Variable& v, bool rows) {
  if (!gradient.sparse()) return gradient;
  return rows ? Combined(b, gradient, v) : Gradient{.dense = Densify(b, gradient, v.Read())};
}

// Those that are updated.
std::vector<Variable> TrainedVariables(const GraphBuilder& b, const OptimizerOptions& options) {
  std::vector<Variable> variables = Variables(b.graph(), /*trainable_only=*/true);
  if (options.trains) {
    const auto stays = [&options](const Variable& v) { return !options.trains(v); };
    variables.erase(std::remove_if(variables.begin(), variables.end(), stays), variables.end());
  }
  return variables;
}

// Moves each average by a share of its way to the variable's value.
Output MoveAverages(BuilderRef ref, const std::vector<Variable>& variables, Output share) {
  const GraphBuilder& b = ref.builder();
  std::vector<Output> targets;
  for (const Variable& v : variables) {
    const Variable average(b, absl::StrCat("average/", v.name()), v.initial(),
                           {.trainable = false});
    targets.push_back(ApplySgd(b, average, Sub(b, average.Read(), v.Read()), share));
  }
  return Group(b, targets);
}

// How far averages move in this update: 1 - decay, and further in early ones.
Output AverageShare(BuilderRef b, float decay, Output update) {
  const Output early = Div(b, Const(b, 9.0f), Add(b, Const(b, 10.0f), update));
  return Maximum(b, early, Const(b, 1 - decay));
}

// The scale of the loss: variables "optimizer/loss_scale" and "optimizer/finite_updates".
struct ScaledLoss {
  Variable scale, finite_updates;
};
ScaledLoss MakeScaledLoss(BuilderRef b, const LossScale& options) {
  return {Variable(b, "optimizer/loss_scale", Const(b, options.initial), {.trainable = false}),
          Variable(b, "optimizer/finite_updates", Const(b, int64_t{0}), {.trainable = false})};
}

// Doubles the scale after enough updates in a row, halves it after one that was skipped.
Output MoveScale(BuilderRef ref, const ScaledLoss& scaled, const LossScale& options,
                 Output finite) {
  const GraphBuilder& b = ref.builder();
  const Output count = Add(b, scaled.finite_updates.Read(), Const(b, int64_t{1}));
  const Output grow = And(b, finite, GreaterEqual(b, count, Const(b, options.grow_after)));
  const Output scale = scaled.scale.Read(), zero = Const(b, int64_t{0});
  const Output halved = Maximum(b, Mul(b, scale, Const(b, 0.5f)), Const(b, 0x1p-24f));
  const Output doubled = Mul(b, scale, Const(b, 2.0f));
  const Output kept = Select(b, grow, doubled, scale);
  return Group(
      b, {Assign(b, scaled.scale, Select(b, finite, kept, halved)),
          Assign(b, scaled.finite_updates, Select(b, And(b, finite, Not(b, grow)), count, zero))});
}

OptimizerStep BuildStep(BuilderRef ref, Output loss, const Schedule& schedule,
                        const OptimizerOptions& options, const Rule& rule) {
  const GraphBuilder& b = ref.builder();
  if (!loss.valid()) return {};
  const std::vector<Variable> variables = TrainedVariables(b, options);
  const bool scales = options.loss_scale.initial > 0;
  ScaledLoss scaled;
  if (scales) {
    scaled = MakeScaledLoss(b, options.loss_scale);
    loss = Mul(b, loss, scaled.scale.Read());
  }
  absl::StatusOr<std::vector<Gradient>> of_loss = GradientsOf(b, loss, variables);
  if (!of_loss.ok()) {
    ref.SetError(of_loss.status());
    return {};
  }
  std::vector<Gradient> gradients = *std::move(of_loss);
  OptimizerStep result;
  std::vector<Output> targets;
  if (options.accumulate > 1) {
    result.accumulate = Accumulate(b, variables, options.accumulate, gradients, targets);
  }
  const bool rows = options.lazy_rows || rule.exact_for_rows;
  for (size_t i = 0; i < gradients.size(); ++i) {
    gradients[i] = Prepared(b, gradients[i], variables[i], rows);
  }
  result.gradient_norm = GlobalNorm(b, gradients);
  Output factor;
  if (scales) {
    result.loss_scale = scaled.scale.Read();
    factor = Div(b, Const(b, 1.0f), result.loss_scale);
    result.finite = IsFinite(b, result.gradient_norm);
    result.gradient_norm = Mul(b, result.gradient_norm, factor);
    if (options.loss_scale.grow_after > 0) {
      targets.push_back(MoveScale(b, scaled, options.loss_scale, result.finite));
    }
  }
  if (options.clip_norm > 0) {
    const Output clip = ClipFactor(b, result.gradient_norm, options.clip_norm);
    factor = factor.valid() ? Mul(b, factor, clip) : clip;
  }
  if (factor.valid()) Scale(b, factor, gradients);
  const Variable updates(b, "optimizer/updates", Const(b, int64_t{0}), {.trainable = false});
  const Output update = Cast(b, Add(b, updates.Read(), Const(b, int64_t{1})), kFloat);
  result.rate = schedule.Build(b, update);
  for (size_t i = 0; i < variables.size(); ++i) {
    targets.push_back(
        rule.apply(b, variables[i], {gradients[i], result.rate, update, result.finite}));
  }
  const Output one = scales ? Cast(b, result.finite, kInt64) : Const(b, int64_t{1});
  targets.push_back(AssignAdd(b, updates, one));
  if (options.average_decay > 0) {
    Output share = AverageShare(b, options.average_decay, update);
    if (scales) share = Mul(b, share, Cast(b, result.finite, kFloat));
    targets.push_back(MoveAverages(b, variables, share));
  }
  result.update = Group(b, targets);
  return result;
}

}  // namespace

OptimizerStep Sgd::Step(BuilderRef ref, Output loss) const {
  const auto apply = [this](BuilderRef b, const Variable& v, const RuleInputs& in) {
    Gradient gradient = in.gradient;
    if (weight_decay > 0 && v.Read().valid() && v.Read().shape().rank() >= 2) {
      const Output decay = Mul(b, v.Read(), Const(b, weight_decay));
      gradient = {.dense = Add(b, Densify(b, gradient, v.Read()), decay)};
    }
    if (momentum == 0) return ApplySgd(b, v, gradient, in.rate, in.only_if);
    return ApplyMomentum(b, v, Slot(b, v, "momentum"), gradient, in.rate, momentum, nesterov,
                         in.only_if);
  };
  const bool exact_for_rows = momentum == 0 && weight_decay == 0;
  return BuildStep(ref, loss, learning_rate, options, {exact_for_rows, apply});
}

OptimizerStep Adagrad::Step(BuilderRef ref, Output loss) const {
  const auto apply = [this](BuilderRef b, const Variable& v, const RuleInputs& in) {
    return ApplyAdagrad(b, v, Slot(b, v, "squares"), in.gradient, in.rate, epsilon, in.only_if);
  };
  return BuildStep(ref, loss, learning_rate, options, {/*exact_for_rows=*/true, apply});
}

OptimizerStep RmsProp::Step(BuilderRef ref, Output loss) const {
  const auto apply = [this](BuilderRef b, const Variable& v, const RuleInputs& in) {
    return ApplyRmsProp(b, v, Slot(b, v, "squares"), in.gradient, in.rate, decay, epsilon,
                        in.only_if);
  };
  return BuildStep(ref, loss, learning_rate, options, {/*exact_for_rows=*/false, apply});
}

OptimizerStep Adam::Step(BuilderRef ref, Output loss) const {
  const AdamOptions adam = {
      .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .weight_decay = weight_decay};
  const auto apply = [&adam](BuilderRef b, const Variable& v, const RuleInputs& in) {
    const Variable m = Slot(b, v, "mean"), s = Slot(b, v, "squares");
    return ApplyAdam(b, v, m, s, in.gradient, in.rate, in.update, adam, in.only_if);
  };
  return BuildStep(ref, loss, learning_rate, options, {/*exact_for_rows=*/false, apply});
}

Output UpdateAverages(BuilderRef b, float decay) {
  return MoveAverages(b, Variables(b.builder().graph(), /*trainable_only=*/true),
                      Const(b, 1 - decay));
}

}  // namespace viv
