// Lstm, a layer over padded sequences (the formulas stand in rnn.h), and LstmGrad, back-propagation
// through time from the residuals: the activated gates, 0 past an example's length, and the cells.
// In bfloat16 cells, weights and their gradients stay float: what is added up over steps is.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/recurrent_shape.h"
#include "core/ops/rnn.h"

namespace viv {
namespace {

absl::Status LstmShape(ShapeContext& c) {
  ASSIGN_OR_RETURN(const RecurrentExtents e, CheckLayer(c, 4, 4, 6));
  const int64_t gates = Times(4, e.units);
  RETURN_IF_ERROR(CheckInput(c, 1, {e.batch, e.units}, "the initial h"));
  RETURN_IF_ERROR(CheckInput(c, 2, {e.batch, e.units}, "the initial c"));
  RETURN_IF_ERROR(CheckInput(c, 3, {c.input(0).dim(2), gates}, "the input weights"));
  RETURN_IF_ERROR(CheckInput(c, 5, {gates}, "the bias"));
  c.set_output(0, {e.steps, e.batch, e.units});
  for (const int i : {1, 2}) c.set_output(i, {e.batch, e.units});
  c.set_output(3, {e.steps, e.batch, gates});
  c.set_output(4, {e.steps, e.batch, e.units});
  return absl::OkStatus();
}

absl::Status LstmGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  if (c.has_grad(3) || c.has_grad(4)) {
    return absl::UnimplementedError("no gradient flows through the residuals: use the outputs");
  }
  std::vector<Output> inputs = {c.output(0), c.input(1),  c.input(2),
                                c.input(4),  c.output(3), c.output(4)};
  for (int i = 0; i < 3; ++i) {
    inputs.push_back(c.has_grad(i) ? c.grad(i) : ZerosLike(b, c.output(i)));
  }
  if (c.num_inputs() > 6) inputs.push_back(c.input(6));
  const std::vector<Output> grads =
      BuilderRef(b).AddMany("LstmGrad", inputs, {{"reverse", c.attrs().Bool("reverse")}}, 5);
  for (const int i : {1, 2, 4, 5}) c.SetGrad(i, grads[i < 3 ? i : i - 1]);
  const int64_t columns = c.input(3).shape().dim(1), features = c.input(3).shape().dim(0);
  if (columns < 0 || features < 0) {
    return absl::UnimplementedError("the extents of the input weights are unknown: declare them");
  }
  const Output flat = Reshape(b, grads[0], {-1, columns});
  if (c.needed(0)) {
    c.SetGrad(
        0, Reshape(b, MatMul(b, flat, c.input(3), {.transpose_b = true}), ShapeOf(b, c.input(0))));
  }
  if (c.needed(3)) {
    const PartialShape& x = c.input(0).shape();
    const int64_t rows = x.dim(0) < 0 || x.dim(1) < 0 ? -1 : x.dim(0) * x.dim(1);
    c.SetGrad(3, MatMul(b, Reshape(b, c.input(0), {rows, features}), flat, {.transpose_a = true}));
  }
  return absl::OkStatus();
}

const OpRegistration kLstm({
    .name = "Lstm",
    .doc = "A layer of long short-term memory over padded sequences.",
    .inputs = {{"x", "T"},
               {"h", "T"},
               {"c", "wide T"},
               {"input_weights", "wide T"},
               {"recurrent_weights", "wide T"},
               {"bias", "wide T"},
               {.name = "lengths", .type = kInt32, .arity = Arity::kMany}},
    .outputs = {{"outputs", "T"},
                {"last_h", "T"},
                {"last_c", "wide T"},
                {"gates", "T"},
                {"cells", "wide T"}},
    .attrs = {{"reverse", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = LstmShape,
    .gradient = LstmGradient,
});

const OpRegistration kLstmGrad({
    .name = "LstmGrad",
    .doc = "The gradients of Lstm: of the pre-activations, the state, Wh and the bias.",
    .inputs = {{"outputs", "T"},
               {"h", "T"},
               {"c", "wide T"},
               {"recurrent_weights", "wide T"},
               {"gates", "T"},
               {"cells", "wide T"},
               {"d_outputs", "T"},
               {"d_last_h", "T"},
               {"d_last_c", "wide T"},
               {.name = "lengths", .type = kInt32, .arity = Arity::kMany}},
    .outputs = {{"d_gates", "T"},
                {"d_h", "T"},
                {"d_c", "wide T"},
                {"d_recurrent_weights", "wide T"},
                {"d_bias", "wide T"}},
    .attrs = {{"reverse", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const RecurrentExtents e, CheckLayer(c, 3, 4, 9));
      const PartialShape state{e.batch, e.units}, all{e.steps, e.batch, e.units};
      for (const int i : {1, 2, 7, 8}) RETURN_IF_ERROR(CheckInput(c, i, state, "a state"));
      for (const int i : {0, 5, 6}) RETURN_IF_ERROR(CheckInput(c, i, all, "outputs or cells"));
      const PartialShape gates{e.steps, e.batch, Times(4, e.units)};
      RETURN_IF_ERROR(CheckInput(c, 4, gates, "the gates"));
      c.set_output(0, gates);
      for (const int i : {1, 2}) c.set_output(i, state);
      c.set_output(3, {e.units, Times(4, e.units)});
      c.set_output(4, {Times(4, e.units)});
      return absl::OkStatus();
    },
});

}  // namespace

LstmResult Lstm(BuilderRef b, Output x, Output lengths, LstmState initial, const LstmWeights& w,
                LstmOptions options) {
  if (!x.valid() || !w.recurrent.valid()) return {};
  const int64_t units = w.recurrent.shape().dim(0);
  if (!initial.h.valid()) initial.h = ZeroRows(b, x, 1, units);
  if (!initial.c.valid()) initial.c = ZeroRows(b, x, 1, units);
  std::vector<Output> inputs = {x, initial.h, initial.c, w.input, w.recurrent, w.bias};
  if (lengths.valid()) inputs.push_back(lengths);
  const std::vector<Output> y = b.AddMany("Lstm", inputs, {{"reverse", options.reverse}}, 5);
  return {y[0], {y[1], y[2]}};
}

BiLstmResult BiLstm(BuilderRef b, Output x, Output lengths, const LstmWeights& forward,
                    const LstmWeights& backward) {
  const LstmResult there = Lstm(b, x, lengths, {}, forward);
  const LstmResult back = Lstm(b, x, lengths, {}, backward, {.reverse = true});
  return {Concat(b, {there.outputs, back.outputs}, 2), there.last, back.last};
}

}  // namespace viv
