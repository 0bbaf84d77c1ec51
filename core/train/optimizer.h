// Optimizers: from a loss to the target that updates all trainable variables.
//
//   Output step = Adam{.learning_rate = 1e-3f, .clip_norm = 1}.Minimize(b, loss);
//
// Their state lives in variables "optimizer/<variable>/<slot>" and "optimizer/updates", so that it
// is part of every checkpoint.
#ifndef VIV_CORE_TRAIN_OPTIMIZER_H_
#define VIV_CORE_TRAIN_OPTIMIZER_H_

#include <functional>

#include "core/ops/state.h"
#include "core/train/schedule.h"

namespace viv {

// What one update is made of.
struct OptimizerStep {
  // The target that updates the variables.
  Output update;
  // Only where gradients are accumulated: the target that adds a batch's gradients to those that
  // wait. `update` adds its own batch's, uses the mean and empties the store.
  Output accumulate;
  // Float scalars: the learning rate, and the norm of all gradients together before clipping.
  Output rate;
  Output gradient_norm;
  // Only with a loss scale: whether this run's gradients are finite, so that it updates (bool), and
  // the scale (float).
  Output finite;
  Output loss_scale;
};

// Gradients that are computed in 16 bits may overflow, or vanish where they are small: half does,
// bfloat16, with the exponents of float, does not. The loss is multiplied by a scale before it is
// differentiated, the gradients are divided by it, and an update whose gradients are not finite is
// skipped (Micikevicius et al., "Mixed precision training", 2018).
struct LossScale {
  // Powers of 2 lose no bits. 0: no scale, and no update is skipped.
  float initial = 0;
  // After so many updates in a row the scale doubles; after one that was skipped it halves. 0: it
  // stays.
  int64_t grow_after = 2000;
};

// What all optimizers do before they differ.
struct OptimizerOptions {
  // Scales the gradients so that their norm, taken together, is at most this; 0: never (Pascanu et
  // al. 2013).
  float clip_norm = 0;
  LossScale loss_scale;
  // Batches of gradients to an update: `accumulate` is run for all but the last.
  int accumulate = 1;
  // The gradient of a table that is only gathered from consists of the rows that a batch names.
  // Sgd without momentum and Adagrad touch those alone, which changes nothing. The other rules
  // would move all rows; lazy, they leave the rows that a batch does not name as they are, their
  // means and squares too (as TensorFlow's LazyAdam does). Accumulated gradients are dense.
  bool lazy_rows = true;
  // Averages of the variables (as UpdateAverages), moved in each update, early ones faster: the
  // decay of update t is at most (1 + t) / (10 + t). 0: none. A Trainer scores and keeps them.
  float average_decay = 0;
  // Which of the trainable variables are updated; all where empty. Others get no gradient either.
  std::function<bool(const Variable&)> trains;
};

// v -= rate g, or with momentum u = momentum u + g; v -= rate u (nesterov: g + momentum u). With
// weight_decay, to g is added weight_decay * v where v is a matrix or more: not for biases and the
// scales of norms, which it would only slow down.
struct Sgd {
  Schedule learning_rate = 0.1f;
  float momentum = 0;
  bool nesterov = false;
  float weight_decay = 0;
  OptimizerOptions options = {};

  OptimizerStep Step(BuilderRef b, Output loss) const;
  Output Minimize(BuilderRef b, Output loss) const { return Step(b, loss).update; }
};

// Duchi et al. 2011: s += g^2; v -= rate g / (sqrt(s) + epsilon).
struct Adagrad {
  Schedule learning_rate = 0.01f;
  float epsilon = 1e-10f;
  OptimizerOptions options = {};

  OptimizerStep Step(BuilderRef b, Output loss) const;
  Output Minimize(BuilderRef b, Output loss) const { return Step(b, loss).update; }
};

// Tieleman and Hinton 2012: s = decay s + (1 - decay) g^2; v -= rate g / (sqrt(s) + epsilon).
struct RmsProp {
  Schedule learning_rate = 1e-3f;
  float decay = 0.9f;
  float epsilon = 1e-8f;
  OptimizerOptions options = {};

  OptimizerStep Step(BuilderRef b, Output loss) const;
  Output Minimize(BuilderRef b, Output loss) const { return Step(b, loss).update; }
};

// Kingma and Ba 2015; with weight_decay Loshchilov and Hutter's AdamW (2019): v also loses
// rate * weight_decay * v.
struct Adam {
  Schedule learning_rate = 1e-3f;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0;
  OptimizerOptions options = {};

  OptimizerStep Step(BuilderRef b, Output loss) const;
  Output Minimize(BuilderRef b, Output loss) const { return Step(b, loss).update; }
};

// A target that moves an average of each trainable variable towards its value, a = decay a +
// (1 - decay) v, as it was before the run's update. The averages are variables "average/<variable>"
// that begin with the variable's first value.
Output UpdateAverages(BuilderRef b, float decay);

}  // namespace viv

#endif  // VIV_CORE_TRAIN_OPTIMIZER_H_
