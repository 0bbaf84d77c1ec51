// What op cases do not cover, computed from the registries of ops and kernels: an op without cases,
// a kernel that no case runs, a gradient that no case differentiates, a value of an enumerated
// attribute, a size-0, a size-1 and an odd shape.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/device/kernel.h"
#include "core/graph/op_def.h"
#include "gtest/gtest.h"
#include "op_runner.h"

namespace viv {
namespace {

// An op that cases of this kind cannot cover, why, and the test that does: a file below tests/ that
// mentions `mention`, or none for what no program builds by itself.
struct Exempt {
  std::string op, reason, file, mention;
};
const std::vector<Exempt>& Exemptions() {
  static const auto* list = new std::vector<Exempt>{
      {"Argument", "bound by the node that runs its function", "", ""},
      {"Assert", "has no value", "core/debug_test.cc", "Assert("},
      {"Call", "runs a function", "core/cond_test.cc", "Call("},
      {"Cond", "runs functions", "core/cond_test.cc", "Cond("},
      {"Const", "part of every case", "core/session_test.cc", "Const("},
      {"Fused", "made by a pass of other ops", "core/fusion_test.cc", "\"Fused\""},
      {"CustomGradient", "runs functions", "core/custom_gradient_test.cc", "WithGradient("},
      {"Group", "has no value", "core/session_test.cc", "Group("},
      {"InitializeVariable", "run by Initialize()", "core/session_test.cc", "Initialize()"},
      {"Placeholder", "part of every case", "core/session_test.cc", "Placeholder("},
      {"Print", "writes to standard error", "core/debug_test.cc", "Print("},
      {"Receive", "waits for another device", "core/placement_test.cc", "OnDevice("},
      {"ReadVariable", "bound by the executor", "core/session_test.cc", ".Read()"},
      {"Restore", "reads a file", "core/save_restore_test.cc", "Restore("},
      {"Save", "writes a file", "core/save_restore_test.cc", "Save("},
      {"Scan", "runs a function", "core/scan_test.cc", "Scan("},
      {"Send", "hands over to another device", "core/placement_test.cc", "OnDevice("},
      {"While", "runs a function", "core/while_test.cc", "While("},
      {"Variable", "is state", "core/session_test.cc", "Variable "},
      {"GruGrad", "part of a gradient", "ops/recurrent_case.cc", ".op = \"Gru\""},
      {"GruGatesGrad", "part of a gradient", "ops/recurrent_case.cc", ".op = \"GruGates\""},
      {"LstmGrad", "part of a gradient", "ops/recurrent_case.cc", ".op = \"Lstm\""},
      {"LstmGatesGrad", "part of a gradient", "ops/recurrent_case.cc", ".op = \"LstmGates\""},
  };
  return *list;
}

bool IsExempt(const std::string& op) {
  // Ops that tests register themselves.
  if (absl::StartsWith(op, "Test")) return true;
  const std::vector<Exempt>& list = Exemptions();
  return std::any_of(list.begin(), list.end(), [&](const Exempt& e) { return e.op == op; });
}

// The cells of one op that its cases leave open.
class Cells {
 public:
  Cells(const OpDef& op, const OpCases& cases) : op_(op), cases_(cases) {}

  std::vector<std::string> Missing() {
    CheckShapes();
    CheckAttributes();
    CheckKernels();
    CheckGradient();
    return missing_;
  }

 private:
  void Miss(const std::string& what) { missing_.push_back(absl::StrCat(op_.name, ": ", what)); }

  // Of the inputs or, where there are none but scalars, the outputs.
  std::vector<Shape> ShapesOf(const OpCase& one) const {
    std::vector<Shape> shapes;
    for (const OpInput& input : one.inputs) shapes.push_back(input.shape);
    const bool scalars = std::all_of(shapes.begin(), shapes.end(),
                                     [](const Shape& shape) { return shape.rank() == 0; });
    const std::vector<OpTypes> served = ServedTypes(cases_);
    if (!scalars || served.empty()) return shapes;
    const absl::StatusOr<CaseGraph> graph =
        BuildCase(cases_, one.inputs, one.attrs, served[0], Form::kDeclared);
    if (!graph.ok()) return shapes;
    shapes.clear();
    for (const Output& output : graph->outputs) {
      if (output.shape().fully_defined()) shapes.push_back(output.shape().ToShape());
    }
    return shapes;
  }

  void CheckShapes() {
    bool empty = false, single = false, odd = false;
    for (const OpCase& one : cases_.cases) {
      const std::vector<Shape> shapes = ShapesOf(one);
      if (shapes.empty()) continue;
      single |= shapes[0].num_elements() == 1;
      for (const Shape& shape : shapes) {
        empty |= shape.num_elements() == 0;
        // Scalars other than the first input are rates and flags.
        single |= shape.rank() > 0 && shape.num_elements() == 1;
        // Wider than a vector register and no multiple of it.
        for (const int64_t extent : shape.dims()) odd |= extent > 16 && extent % 2 == 1;
      }
    }
    if (!empty) Miss("a size-0 shape");
    if (!single) Miss("a size-1 shape");
    if (!odd) Miss("an odd extent above 16");
  }

  bool AnyCaseHas(const AttrDef& attr, const AttrValue& value) const {
    return std::any_of(cases_.cases.begin(), cases_.cases.end(), [&](const OpCase& one) {
      const AttrValue* given = one.attrs.Find(attr.name);
      return given != nullptr ? *given == value : attr.default_value == value;
    });
  }

  // Booleans are enumerated too.
  void CheckAttributes() {
    for (const AttrDef& attr : op_.attrs) {
      std::vector<AttrValue> values(attr.allowed.begin(), attr.allowed.end());
      if (attr.type == AttrType::kBool) values = {AttrValue(false), AttrValue(true)};
      for (const AttrValue& value : values) {
        if (!AnyCaseHas(attr, value)) Miss(absl::StrCat(attr.name, " = ", value.ToString()));
      }
    }
  }

  // A case runs for every combination of types that a kernel serves: what is left is a kernel for
  // types that the op does not allow.
  void CheckKernels() {
    const std::vector<OpTypes> served = ServedTypes(cases_);
    for (const KernelDef* kernel : KernelRegistry::Global().All()) {
      if (kernel->op != op_.name || kernel->device != "cpu") continue;
      const bool runs = std::any_of(served.begin(), served.end(), [&](const OpTypes& types) {
        return std::all_of(kernel->types.begin(), kernel->types.end(), [&](const auto& type) {
          const auto found = types.find(type.first);
          return found != types.end() && found->second == type.second;
        });
      });
      if (runs && !cases_.cases.empty()) continue;
      std::string types;
      for (const auto& [name, dtype] : kernel->types) {
        absl::StrAppend(&types, " ", name, "=", DTypeName(dtype));
      }
      Miss(absl::StrCat("the cpu kernel", types));
    }
  }

  bool HasFloatingInputs(const OpTypes& types) const {
    return std::any_of(op_.inputs.begin(), op_.inputs.end(), [&](const InputDef& input) {
      const auto found = types.find(input.type.variable);
      return IsFloating(found == types.end() ? input.type.fixed : found->second);
    });
  }

  void CheckGradient() {
    const absl::StatusOr<OpTypes> types = GradientTypes(cases_, kDouble);
    if (!op_.gradient || op_.updates > 0 || !types.ok() || !HasFloatingInputs(*types)) return;
    const bool checked =
        std::any_of(cases_.cases.begin(), cases_.cases.end(), [&](const OpCase& one) {
          const absl::StatusOr<GradientGraph> g = BuildGradients(cases_, one, *types);
          return g.ok() && (!g->xs.empty() || cases_.gradient == GradientKind::kZero);
        });
    if (!checked) Miss("the gradient");
  }

  const OpDef& op_;
  const OpCases& cases_;
  std::vector<std::string> missing_;
};

TEST(Completeness, EveryOpKernelGradientAttributeAndShapeHasACase) {
  std::vector<std::string> missing;
  for (const std::string& name : OpRegistry::Global().Names()) {
    if (IsExempt(name)) continue;
    const auto found = AllOpCases().find(name);
    if (found == AllOpCases().end()) {
      missing.push_back(name + ": cases");
      continue;
    }
    for (const std::string& cell :
         Cells(*OpRegistry::Global().Find(name), found->second).Missing()) {
      missing.push_back(cell);
    }
  }
  EXPECT_TRUE(missing.empty()) << missing.size() << " cells without a case:\n"
                               << absl::StrJoin(missing, "\n");
}

TEST(Completeness, CasesAreOfOpsOrBuilderFunctions) {
  for (const auto& [name, cases] : AllOpCases()) {
    EXPECT_TRUE(cases.build || OpRegistry::Global().Find(name) != nullptr) << name;
    EXPECT_TRUE(cases.oracle || cases.property) << name << " has neither oracle nor property";
  }
}

TEST(Completeness, WhatIsExemptIsTestedWhereTheListSays) {
  for (const Exempt& exempt : Exemptions()) {
    EXPECT_NE(OpRegistry::Global().Find(exempt.op), nullptr) << exempt.op << " is no op";
    EXPECT_EQ(AllOpCases().count(exempt.op), 0u) << exempt.op << " has cases: strike it out";
    if (exempt.file.empty()) continue;
    std::ifstream file(std::filesystem::path(VIV_TESTS_DIRECTORY) / exempt.file);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_TRUE(absl::StrContains(text.str(), exempt.mention))
        << exempt.file << " does not mention " << exempt.mention << " for " << exempt.op;
  }
}

}  // namespace
}  // namespace viv
