// Cast between all types of numbers and booleans: to an integer it truncates and clamps.
#include <algorithm>
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

const OpCaseRegistration kCast({
    .op = "Cast",
    .oracle =
        [](const OpCall& call) {
          const DType to = call.types.at("dtype");
          Array y = call[0];
          for (double& v : y.values) {
            if (IsInteger(to)) v = std::trunc(v);
            if (to == kUInt8 && IsFloating(call.types.at("T"))) v = std::max(v, 0.0);
            if (to == kUInt8 && v < 0) v += 256;
            if (to == kBool) v = v != 0 ? 1 : 0;
          }
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"odd", {Uniform({3, 17}, -9, 9)}},
              {"zeros and ones", {Given({4}, {0, 1, 1, 0})}},
              {"one", {Uniform({1})}},
              {"empty", {Uniform({0, 3})}}},
});

}  // namespace
}  // namespace viv
