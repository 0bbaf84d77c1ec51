// Comparisons and logic, element by element with broadcasting. Nothing can be differentiated
// through a truth value.
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/array.h"
#include "core/ops/math.h"

namespace viv {
namespace {

OpDef Comparison(const char* name, const char* doc, const std::vector<DType>& types) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}, {"y", "T"}},
          .outputs = {{"z", kBool}},
          .types = {{"T", types}},
          .shape = BroadcastShape,
          .gradient = NotDifferentiable()};
}
OpDef Logic(const char* name, const char* doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}, {"y", "T"}},
          .outputs = {{"z", kBool}},
          .types = {{"T", {kBool}}},
          .shape = BroadcastShape,
          .gradient = NotDifferentiable()};
}
OpDef Classification(const char* name, const char* doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"x", "T"}},
          .outputs = {{"y", kBool}},
          .types = {{"T", kFloatingTypes}},
          .shape = UnchangedShape,
          .gradient = NotDifferentiable()};
}

const OpRegistration kEqual(Comparison("Equal", "x == y", kAllTypes));
const OpRegistration kNotEqual(Comparison("NotEqual", "x != y", kAllTypes));
const OpRegistration kLess(Comparison("Less", "x < y", kNumericTypes));
const OpRegistration kLessEqual(Comparison("LessEqual", "x <= y", kNumericTypes));
const OpRegistration kGreater(Comparison("Greater", "x > y", kNumericTypes));
const OpRegistration kGreaterEqual(Comparison("GreaterEqual", "x >= y", kNumericTypes));
const OpRegistration kAnd(Logic("And", "x and y"));
const OpRegistration kOr(Logic("Or", "x or y"));
const OpRegistration kIsNan(Classification("IsNan", "Whether x is no number."));
const OpRegistration kIsFinite(Classification("IsFinite",
                                              "Whether x is neither NaN nor infinite."));

const OpRegistration kNot({
    .name = "Not",
    .doc = "not x",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", kBool}},
    .types = {{"T", {kBool}}},
    .shape = UnchangedShape,
    .gradient = NotDifferentiable(),
});

}  // namespace

Output Equal(BuilderRef b, Output x, Output y) { return b.Add("Equal", {x, y}); }
Output NotEqual(BuilderRef b, Output x, Output y) { return b.Add("NotEqual", {x, y}); }
Output Less(BuilderRef b, Output x, Output y) { return b.Add("Less", {x, y}); }
Output LessEqual(BuilderRef b, Output x, Output y) { return b.Add("LessEqual", {x, y}); }
Output Greater(BuilderRef b, Output x, Output y) { return b.Add("Greater", {x, y}); }
Output GreaterEqual(BuilderRef b, Output x, Output y) { return b.Add("GreaterEqual", {x, y}); }
Output And(BuilderRef b, Output x, Output y) { return b.Add("And", {x, y}); }
Output Or(BuilderRef b, Output x, Output y) { return b.Add("Or", {x, y}); }
Output Not(BuilderRef b, Output x) { return b.Add("Not", {x}); }
Output IsNan(BuilderRef b, Output x) { return b.Add("IsNan", {x}); }
Output IsFinite(BuilderRef b, Output x) { return b.Add("IsFinite", {x}); }

}  // namespace viv
