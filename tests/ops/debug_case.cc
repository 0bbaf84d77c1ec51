// CheckNumerics passes its input on. (Print: tests/core/debug_test.cc.)
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

const Oracle kSame = [](const OpCall& call) { return std::vector<Array>{call[0]}; };

const OpCaseRegistration kCheckNumerics({
    .op = "CheckNumerics",
    .oracle = kSame,
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 17})}}, {"one", {Uniform({1})}}, {"empty", {Uniform({0, 3})}}},
    .bad = {{"nan", {Given({1, 2}, {0, NAN})}, "nan at [0, 1]"},
            {"infinity", {Given({2}, {INFINITY, 1})}, "inf at [0]"}},
});

}  // namespace
}  // namespace viv
