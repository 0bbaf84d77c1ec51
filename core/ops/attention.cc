// Attention over a padded memory, and its gradient. With W = softmax(Q K^T) over the valid
// positions (of causal attention, those up to the query's own) and the gradients dC of the context
// and dW of the weights:
//   dV = W^T dC;  dW += dC V^T;  dS = W (dW - sum(dW W));  dQ = dS K;  dK = dS^T Q.
// M.-T. Luong et al., "Effective approaches to attention-based neural machine translation", 2015;
// A. Vaswani et al., "Attention is all you need", 2017.
#include "core/base/status.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/rnn.h"

namespace viv {
namespace {

struct Shapes {
  PartialShape queries, keys, values, context, weights;
};

absl::Status MergeDim(int64_t& extent, int64_t other, const char* what) {
  if (extent < 0) extent = other;
  if (other < 0 || extent == other) return absl::OkStatus();
  return absl::InvalidArgumentError("extents " + std::to_string(extent) + " and " +
                                    std::to_string(other) + " of " + what + " differ");
}

// Of queries in one step several may share an example of the memory.
absl::Status CheckBatch(int64_t steps, int64_t batch, int64_t examples) {
  if (batch < 0 || examples < 0 || batch == examples) return absl::OkStatus();
  if ((steps == 1 || steps < 0) && examples > 0 && batch % examples == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("the batch is " + std::to_string(batch) + " for a memory of " +
                                    std::to_string(examples) +
                                    " examples: in one step it may be a multiple, else the same");
}

// From inputs 0 to 2, the queries, keys and values; checks the lengths where there are any.
absl::StatusOr<Shapes> CheckInputs(ShapeContext& c, int lengths) {
  for (int i = 0; i < 3; ++i) RETURN_IF_ERROR(WithRank(c, i, 3));
  const int64_t steps = c.input(0).dim(0), batch = c.input(0).dim(1);
  int64_t depth = c.input(0).dim(2), examples = c.input(1).dim(1);
  int64_t positions = c.input(1).dim(0);
  RETURN_IF_ERROR(MergeDim(examples, c.input(2).dim(1), "the memory's batch"));
  RETURN_IF_ERROR(CheckBatch(steps, batch, examples));
  RETURN_IF_ERROR(MergeDim(depth, c.input(1).dim(2), "queries and keys"));
  RETURN_IF_ERROR(MergeDim(positions, c.input(2).dim(0), "keys and values"));
  if (c.num_inputs() > lengths + 1) {
    return absl::InvalidArgumentError("takes at most one vector of lengths");
  }
  if (c.num_inputs() > lengths) {
    RETURN_IF_ERROR(
        Annotate(PartialShape({examples}).Merge(c.input(lengths)).status(), "the lengths"));
  }
  const int64_t width = c.input(2).dim(2);
  return Shapes{{steps, batch, depth},
                {positions, examples, depth},
                {positions, examples, width},
                {steps, batch, width},
                {steps, batch, positions}};
}

absl::Status AttentionGradient(GradientContext& c) {
  const GraphBuilder& b = c.builder();
  std::vector<Output> inputs = {c.input(0), c.input(1), c.input(2), c.output(1)};
  for (int i = 0; i < 2; ++i) {
    inputs.push_back(c.has_grad(i) ? c.grad(i) : ZerosLike(b, c.output(i)));
  }
  if (c.num_inputs() > 3) inputs.push_back(c.input(3));
  const std::vector<Output> grads = BuilderRef(b).AddMany("AttentionGrad", inputs, {}, 3);
  for (int i = 0; i < 3; ++i) c.SetGrad(i, grads[i]);
  return absl::OkStatus();
}

const OpRegistration kAttention({
    .name = "Attention",
    .doc = "softmax(queries keys^T) values for each example, over the valid positions.",
    .inputs = {{"queries", "T"},
               {"keys", "T"},
               {"values", "T"},
               {.name = "lengths", .type = kInt32, .arity = Arity::kMany}},
    .outputs = {{"context", "T"}, {"weights", "T"}},
    .attrs = {{"causal", AttrValue(false)}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const Shapes s, CheckInputs(c, 3));
      c.set_output(0, s.context);
      c.set_output(1, s.weights);
      return absl::OkStatus();
    },
    .gradient = AttentionGradient,
});

const OpRegistration kAttentionGrad({
    .name = "AttentionGrad",
    .doc = "The gradients of Attention in queries, keys and values.",
    .inputs = {{"queries", "T"},
               {"keys", "T"},
               {"values", "T"},
               {"weights", "T"},
               {"d_context", "T"},
               {"d_weights", "T"},
               {.name = "lengths", .type = kInt32, .arity = Arity::kMany}},
    .outputs = {{"d_queries", "T"}, {"d_keys", "T"}, {"d_values", "T"}},
    .types = {{"T", {kFloat, kDouble, kBFloat16}}},
    .shape = [](ShapeContext& c) -> absl::Status {
      ASSIGN_OR_RETURN(const Shapes s, CheckInputs(c, 6));
      RETURN_IF_ERROR(Annotate(s.weights.Merge(c.input(3)).status(), "the weights"));
      RETURN_IF_ERROR(Annotate(s.context.Merge(c.input(4)).status(), "d_context"));
      RETURN_IF_ERROR(Annotate(s.weights.Merge(c.input(5)).status(), "d_weights"));
      c.set_output(0, s.queries);
      c.set_output(1, s.keys);
      c.set_output(2, s.values);
      return absl::OkStatus();
    },
});

}  // namespace

AttentionResult Attention(BuilderRef b, Output queries, Output keys, Output values, Output lengths,
                          AttentionOptions options) {
  std::vector<Output> inputs = {queries, keys, values};
  if (lengths.valid()) inputs.push_back(lengths);
  const std::vector<Output> y = b.AddMany("Attention", inputs, {{"causal", options.causal}}, 2);
  return {y[0], y[1]};
}

}  // namespace viv
