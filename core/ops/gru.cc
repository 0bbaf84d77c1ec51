// Gru, a layer over padded sequences (the formulas stand in rnn.h), and GruGrad, back-propagation
// through time from the residuals: r, z, n and q = h Un + bias, 0 past an example's length.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/recurrent_shape.h"
#include "core/ops/rnn.h"

namespace viv {
namespace {

absl::Status GruShape(ShapeContext& c) {
  ASSIGN_OR_RETURN(const RecurrentExtents e, CheckLayer(c, 3, 3, 5));
  const PartialShape state{e.batch, e.units};
  RETURN_IF_ERROR(CheckInput(c, 1, state, "the initial h"));
  RETURN_IF_ERROR(CheckInput(c, 2, {c.input(0).dim(2), Times(3, e.units)}, "the input weights"));
  RETURN_IF_ERROR(CheckInput(c, 4, {Times(4, e.units)}, "the bias"));
  c.set_output(0, {e.steps, e.batch, e.units});
  c.set_output(1, state);
  c.set_output(2, {e.steps, e.batch, Times(4, e.units)});
  return absl::OkStatus();
}

absl::Status GruGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  if (c.has_grad(2)) {
    return absl::UnimplementedError("no gradient flows through the residuals: use the outputs");
  }
  std::vector<Output> inputs = {c.output(0), c.input(1), c.input(3), c.output(2)};
  for (int i = 0; i < 2; ++i) {
    inputs.push_back(c.has_grad(i) ? c.grad(i) : ZerosLike(b, c.output(i)));
  }
  if (c.num_inputs() > 5) inputs.push_back(c.input(5));
  const std::vector<Output> grads =
      BuilderRef(b).AddMany("GruGrad", inputs, {{"reverse", c.attrs().Bool("reverse")}}, 4);
  c.SetGrad(1, grads[1]);
  c.SetGrad(3, grads[2]);
  c.SetGrad(4, grads[3]);
  const int64_t features = c.input(2).shape().dim(0), columns = c.input(2).shape().dim(1);
  if (columns < 0 || features < 0) {
    return absl::UnimplementedError("the extents of the input weights are unknown: declare them");
  }
  if (!c.needed(0) && !c.needed(2)) return absl::OkStatus();
  // The input's product has the columns r, z and n.
  const Output of_input = Reshape(b, SliceAxis(b, grads[0], 2, 0, columns), {-1, columns});
  if (c.needed(0)) {
    c.SetGrad(0, Reshape(b, MatMul(b, of_input, c.input(2), {.transpose_b = true}),
                         ShapeOf(b, c.input(0))));
  }
  if (c.needed(2)) {
    const PartialShape& x = c.input(0).shape();
    const int64_t rows = x.dim(0) < 0 || x.dim(1) < 0 ? -1 : x.dim(0) * x.dim(1);
    c.SetGrad(2,
              MatMul(b, Reshape(b, c.input(0), {rows, features}), of_input, {.transpose_a = true}));
  }
  return absl::OkStatus();
}

const OpRegistration kGru({
    .name = "Gru",
    .doc = "A layer of gated recurrent units over padded sequences.",
    .inputs = {{"x", "T"},
               {"h", "T"},
               {"input_weights", "wide T"},
               {"recurrent_weights", "wide T"},
               {"bias", "wide T"},
               {.name = "lengths", .type = kInt32, .arity = Arity::kMany}},
    .outputs = {{"outputs", "T"}, {"last", "T"}, {"gates", "T"}},
    .attrs = {{"reverse", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = GruShape,
    .gradient = GruGradient,
});

const OpRegistration kGruGrad({
    .name = "GruGrad",
    .doc = "The gradients of Gru: of the gates, the state, the recurrent weights and the bias.",
    .inputs = {{"outputs", "T"},
               {"h", "T"},
               {"recurrent_weights", "wide T"},
               {"gates", "T"},
               {"d_outputs", "T"},
               {"d_last", "T"},
               {.name = "lengths", .type = kInt32, .arity = Arity::kMany}},
    .outputs =
        {{"d_gates", "T"}, {"d_h", "T"}, {"d_recurrent_weights", "wide T"}, {"d_bias", "wide T"}},
    .attrs = {{"reverse", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const RecurrentExtents e, CheckLayer(c, 2, 3, 6));
      const PartialShape state{e.batch, e.units}, all{e.steps, e.batch, e.units};
      const PartialShape gates{e.steps, e.batch, Times(4, e.units)};
      for (const int i : {1, 5}) RETURN_IF_ERROR(CheckInput(c, i, state, "a state"));
      for (const int i : {0, 4}) RETURN_IF_ERROR(CheckInput(c, i, all, "the outputs"));
      RETURN_IF_ERROR(CheckInput(c, 3, gates, "the gates"));
      c.set_output(0, gates);
      c.set_output(1, state);
      c.set_output(2, {e.units, Times(3, e.units)});
      c.set_output(3, {Times(4, e.units)});
      return absl::OkStatus();
    },
});

}  // namespace

GruResult Gru(BuilderRef b, Output x, Output lengths, Output initial, const GruWeights& w,
              GruOptions options) {
  if (!x.valid() || !w.recurrent.valid()) return {};
  if (!initial.valid()) initial = ZeroRows(b, x, 1, w.recurrent.shape().dim(0));
  std::vector<Output> inputs = {x, initial, w.input, w.recurrent, w.bias};
  if (lengths.valid()) inputs.push_back(lengths);
  const std::vector<Output> y = b.AddMany("Gru", inputs, {{"reverse", options.reverse}}, 3);
  return {y[0], y[1]};
}

}  // namespace viv
