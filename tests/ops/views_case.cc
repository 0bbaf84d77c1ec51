// Identity, StopGradient, OfShape, Reshape, ShapeOf, SizeOf: for every type, strings too.
#include "op_case.h"

namespace viv {
namespace {

const std::vector<OpCase> kShapes = {{"odd", {Uniform({3, 17}, 0, 2)}},
                                     {"one", {Uniform({1}, 0, 2)}},
                                     {"scalar", {Uniform({}, 0, 2)}},
                                     {"empty", {Uniform({3, 0}, 0, 2)}}};

std::vector<Array> Same(const OpCall& call) { return {call[0]}; }

const OpCaseRegistration kViews({
    {.op = "Identity", .oracle = Same, .gradient = GradientKind::kTwice, .cases = kShapes},
    {.op = "Delay",
     .oracle = Same,
     .gradient = GradientKind::kTwice,
     .gradient_inputs = {0},
     .cases = {{"odd", {Uniform({3, 17}), Uniform({2})}},
               {"one", {Uniform({1}), Uniform({})}},
               {"none", {Uniform({0, 3}), Uniform({1})}}}},
    {.op = "StopGradient", .oracle = Same, .gradient = GradientKind::kZero, .cases = kShapes},
    {.op = "ShapeOf",
     .oracle =
         [](const OpCall& call) {
           Array shape({call[0].shape.rank()});
           for (int i = 0; i < call[0].shape.rank(); ++i) shape({i}) = call[0].dim(i);
           return std::vector<Array>{shape};
         },
     .gradient = GradientKind::kZero,
     .cases = kShapes},
    {.op = "SizeOf",
     .oracle =
         [](const OpCall& call) {
           return std::vector<Array>{
               Array(Shape(), static_cast<double>(call[0].shape.num_elements()))};
         },
     .gradient = GradientKind::kZero,
     .cases = kShapes},
});

OpInput Like(const Shape& shape) { return {.shape = shape, .type = kInt32}; }

const OpCaseRegistration kOfShape({
    .op = "OfShape",
    .oracle = Same,
    .gradient = GradientKind::kTwice,
    .gradient_inputs = {0},
    .cases = {{"odd", {Uniform({3, 17}, 0, 2), Like({3, 17})}},
              {"one", {Uniform({1}, 0, 2), Like({1})}},
              {"empty", {Uniform({3, 0}, 0, 2), Like({3, 0})}}},
    .bad = {{"extent", {Uniform({2}, 0, 2), Like({1})}, "the shape is [2], not [1]"},
            {"rank", {Uniform({2}, 0, 2), Like({2, 1})}, "the shape is"}},
});

// At most one extent is -1; the rest decides it.
const OpCaseRegistration kReshape({
    .op = "Reshape",
    .oracle =
        [](const OpCall& call) {
          std::vector<int64_t> extents(call[1].values.begin(), call[1].values.end());
          int64_t known = 1;
          for (const int64_t e : extents) known *= e < 0 ? 1 : e;
          for (int64_t& e : extents) {
            if (e < 0) e = known == 0 ? 0 : call[0].shape.num_elements() / known;
          }
          Array y{Shape(extents)};
          y.values = call[0].values;
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 34}, 0, 2), GivenShape({17, 6})}},
              {"open", {Uniform({4, 6}, 0, 2), GivenShape({2, -1, 3})}},
              {"flat", {Uniform({4, 17}, 0, 2), GivenShape({-1})}},
              {"one", {Uniform({1}, 0, 2), GivenShape({1, 1})}},
              {"to a scalar", {Uniform({1, 1}, 0, 2), GivenShape({})}},
              {"empty", {Uniform({0, 3}, 0, 2), GivenShape({3, 0, 2})}},
              {"open and empty", {Uniform({0, 3}, 0, 2), GivenShape({-1, 3})}}},
    .bad = {{"elements", {Uniform({2, 3}, 0, 2), GivenShape({4})}, "cannot give"},
            {"two open", {Uniform({2, 3}, 0, 2), GivenShape({-1, -1})}, "more than one extent"}},
});

}  // namespace
}  // namespace viv
