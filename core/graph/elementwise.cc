// The list. Each op's CPU kernel lends its loop to Fused (ElementwiseKernel):
// tests/core/fusion_test.cc fails for one that does not.
#include "core/graph/elementwise.h"

#include <set>

namespace viv {

bool IsElementwise(const std::string& op) {
  static const auto* const kOps = new std::set<std::string>{
      "Abs",          "Add",      "And",      "Cast",     "Ceil",      "Cos",      "Div",
      "Equal",        "Erf",      "Exp",      "Expm1",    "Floor",     "FloorDiv", "Greater",
      "GreaterEqual", "IsFinite", "IsNan",    "Less",     "LessEqual", "Log",      "Log1p",
      "Maximum",      "Minimum",  "Mod",      "Mul",      "Neg",       "Not",      "NotEqual",
      "Or",           "Pow",      "Relu",     "ReluGrad", "Round",     "Select",   "Sigmoid",
      "Sign",         "Sin",      "Softplus", "Sqrt",     "Square",    "Sub",      "Tanh"};
  return kOps->count(op) > 0;
}

}  // namespace viv
