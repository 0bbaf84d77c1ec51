// All optimizers share gradients, clipping, accumulation and the count of updates (BuildStep); each
// adds its rule for one variable.
#include "core/train/optimizer.h"

#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
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
  Output gradient;
  Output rate;
  Output update;  // the number of this update, from 1
};
using Rule = std::function<Output(BuilderRef b, const Variable& v, const RuleInputs& in)>;

Output GlobalNorm(BuilderRef b, const std::vector<Output>& gradients) {
  Output total = Const(b, 0.0f);
  for (const Output& g : gradients) total = Add(b, total, Sum(b, Square(b, g)));
  return Sqrt(b, total);
}

// The factor that brings a norm down to `most`: most / max(norm, most).
Output ClipFactor(BuilderRef b, Output norm, float most) {
  const Output limit = Const(b, most);
  return Div(b, limit, Add(b, limit, Relu(b, Sub(b, norm, limit))));
}

// Replaces each gradient by the mean over those that wait and itself, and returns the target that
// lets it wait instead. Targets that empty the store go to `emptied`.
Output Accumulate(BuilderRef b, const std::vector<Variable>& variables, int count,
                  std::vector<Output>& gradients, std::vector<Output>& emptied) {
  std::vector<Output> added;
  const Output share = Const(b, 1.0f / static_cast<float>(count));
  for (size_t i = 0; i < gradients.size(); ++i) {
    const Variable store = Slot(b, variables[i], "accumulated");
    added.push_back(AssignAdd(b, store, gradients[i]));
    gradients[i] = Mul(b, Add(b, store.Read(), gradients[i]), share);
    emptied.push_back(Assign(b, store, ZerosLike(b, store.Read())));
  }
  return Group(b, added);
}

OptimizerStep BuildStep(BuilderRef ref, Output loss, const Schedule& schedule,
                        const OptimizerOptions& options, const Rule& rule) {
  const GraphBuilder& b = ref.builder();
  if (!loss.valid()) return {};
  const std::vector<Variable> variables = Variables(b.graph(), /*trainable_only=*/true);
  std::vector<Output> reads;
  for (const Variable& v : variables) reads.push_back(v.Read());
  absl::StatusOr<std::vector<Output>> dense = DenseGradients(b, {loss}, reads);
  if (!dense.ok()) {
    ref.SetError(dense.status());
    return {};
  }
  std::vector<Output> gradients = *std::move(dense);
  OptimizerStep result;
  std::vector<Output> targets;
  if (options.accumulate > 1) {
    result.accumulate = Accumulate(b, variables, options.accumulate, gradients, targets);
  }
  result.gradient_norm = GlobalNorm(b, gradients);
  if (options.clip_norm > 0) {
    const Output factor = ClipFactor(b, result.gradient_norm, options.clip_norm);
    for (Output& g : gradients) g = Mul(b, g, factor);
  }
  const Variable updates(b, "optimizer/updates", Const(b, int64_t{0}), {.trainable = false});
  const Output update = Cast(b, Add(b, updates.Read(), Const(b, int64_t{1})), kFloat);
  result.rate = schedule.Build(b, update);
  for (size_t i = 0; i < variables.size(); ++i) {
    targets.push_back(rule(b, variables[i], {gradients[i], result.rate, update}));
  }
  targets.push_back(AssignAdd(b, updates, Const(b, int64_t{1})));
  result.update = Group(b, targets);
  return result;
}

// v -= rate * gradient / (sqrt(squares) + epsilon), and the slot takes the new squares.
Output ApplyScaled(BuilderRef b, const Variable& v, const Variable& slot, Output squares,
                   float epsilon, const RuleInputs& in) {
  const Output scaled = Div(b, in.gradient, Add(b, Sqrt(b, squares), Const(b, epsilon)));
  return Group(b, {ApplySgd(b, v, scaled, in.rate), Assign(b, slot, squares)});
}

}  // namespace

OptimizerStep Sgd::Step(BuilderRef ref, Output loss) const {
  return BuildStep(ref, loss, learning_rate, options,
                   [this](BuilderRef b, const Variable& v, const RuleInputs& in) {
                     if (momentum == 0) return ApplySgd(b, v, in.gradient, in.rate);
                     const Variable u = Slot(b, v, "momentum");
                     const Output factor = Const(b, momentum);
                     const Output moved = Add(b, Mul(b, u.Read(), factor), in.gradient);
                     const Output step =
                         nesterov ? Add(b, in.gradient, Mul(b, moved, factor)) : moved;
                     return Group(b, {ApplySgd(b, v, step, in.rate), Assign(b, u, moved)});
                   });
}

OptimizerStep Adagrad::Step(BuilderRef ref, Output loss) const {
  return BuildStep(ref, loss, learning_rate, options,
                   [this](BuilderRef b, const Variable& v, const RuleInputs& in) {
                     const Variable s = Slot(b, v, "squares");
                     const Output squares = Add(b, s.Read(), Square(b, in.gradient));
                     return ApplyScaled(b, v, s, squares, epsilon, in);
                   });
}

OptimizerStep RmsProp::Step(BuilderRef ref, Output loss) const {
  return BuildStep(ref, loss, learning_rate, options,
                   [this](BuilderRef b, const Variable& v, const RuleInputs& in) {
                     const Variable s = Slot(b, v, "squares");
                     const Output squares =
                         Add(b, Mul(b, s.Read(), Const(b, decay)),
                             Mul(b, Square(b, in.gradient), Const(b, 1 - decay)));
                     return ApplyScaled(b, v, s, squares, epsilon, in);
                   });
}

OptimizerStep Adam::Step(BuilderRef ref, Output loss) const {
  const AdamOptions adam = {
      .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .weight_decay = weight_decay};
  return BuildStep(ref, loss, learning_rate, options,
                   [&adam](BuilderRef b, const Variable& v, const RuleInputs& in) {
                     const Variable m = Slot(b, v, "mean"), s = Slot(b, v, "squares");
                     return ApplyAdam(b, v, m, s, in.gradient, in.rate, in.update, adam);
                   });
}

Output UpdateAverages(BuilderRef ref, float decay) {
  const GraphBuilder& b = ref.builder();
  std::vector<Output> targets;
  for (const Variable& v : Variables(b.graph(), /*trainable_only=*/true)) {
    const Variable average(b, absl::StrCat("average/", v.name()), v.initial(),
                           {.trainable = false});
    const Output way = Sub(b, v.Read(), average.Read());
    targets.push_back(AssignAdd(b, average, Mul(b, way, Const(b, 1 - decay))));
  }
  return Group(b, targets);
}

}  // namespace viv
