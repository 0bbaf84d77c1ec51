// One test per op with cases, and tests of the runner itself with ops that are wrong.
#include "op_runner.h"

#include "absl/strings/str_join.h"
#include "core/device/kernel.h"
#include "core/graph/gradient_context.h"
#include "core/graph/shape_context.h"
#include "core/ops/math.h"
#include "gmock/gmock.h"

namespace viv {
namespace {

using ::testing::HasSubstr;

class Op : public testing::TestWithParam<std::string> {};

TEST_P(Op, DoesWhatItsCasesSay) {
  const std::vector<std::string> wrong = CheckOp(AllOpCases().at(GetParam()));
  EXPECT_TRUE(wrong.empty()) << absl::StrJoin(wrong, "\n");
}

std::vector<std::string> OpsWithCases() {
  std::vector<std::string> ops;
  for (const auto& [op, cases] : AllOpCases()) ops.push_back(op);
  return ops;
}
INSTANTIATE_TEST_SUITE_P(, Op, testing::ValuesIn(OpsWithCases()),
                         [](const auto& info) { return info.param; });

// y = 3 x, whose gradient, shape or value is what an attribute says is wrong.
const OpRegistration kPlanted({
    .name = "TestTriple",
    .doc = "3 x, wrongly.",
    .inputs = {{"x", "T"}},
    .outputs = {{"y", "T"}},
    .attrs = {AttrDef::OneOf("wrong", {"nothing", "gradient", "shape", "value", "flow"})},
    .types = {{"T", {kFloat, kDouble}}},
    .shape =
        [](ShapeContext& c) {
          c.set_output(0, c.attrs().String("wrong") == "shape" ? PartialShape() : c.input(0));
          return absl::OkStatus();
        },
    .gradient =
        [](GradientContext& c) {
          const Output twice = Add(c.builder(), c.grad(), c.grad());
          const std::string& wrong = c.attrs().String("wrong");
          if (wrong == "flow") return absl::OkStatus();
          c.SetGrad(0, wrong == "gradient" ? twice : Add(c.builder(), twice, c.grad()));
          return absl::OkStatus();
        },
});

template <typename T>
class Triple : public Kernel {
 public:
  explicit Triple(const KernelInit& init) : wrong_(init.attrs.String("wrong") == "value") {}
  absl::Status Compute(const KernelContext& c) const override {
    const int64_t n = c.input(0).num_elements();
    for (int64_t i = 0; i < n; ++i) c.out<T>()[i] = 3 * c.in<T>(0)[i];
    if (wrong_ && n > 0) c.out<T>()[n - 1] *= T{1.00001};
    return absl::OkStatus();
  }

 private:
  bool wrong_;
};
const KernelRegistration kTriple({.op = "TestTriple",
                                  .device = "cpu",
                                  .types = {{"T", kFloat}},
                                  .factory = MakeKernel<Triple<float>>()});
const KernelRegistration kTripleDouble({.op = "TestTriple",
                                        .device = "cpu",
                                        .types = {{"T", kDouble}},
                                        .factory = MakeKernel<Triple<double>>()});

std::string FirstWrong(const std::string& what) {
  const std::vector<std::string> wrong =
      CheckOp({.op = "TestTriple",
               .oracle = Elementwise([](double x) { return 3 * x; }),
               .cases = {{"planted", {Uniform({2, 3})}, {{"wrong", what}}}}});
  return wrong.empty() ? "" : wrong[0];
}

TEST(Runner, PassesAnOpThatIsRight) { EXPECT_EQ(FirstWrong("nothing"), ""); }
TEST(Runner, CatchesAWrongGradient) {
  EXPECT_THAT(FirstWrong("gradient"), HasSubstr("differences say"));
}
TEST(Runner, CatchesAForgottenGradient) {
  EXPECT_THAT(FirstWrong("flow"), HasSubstr("no gradient flows"));
}
TEST(Runner, CatchesAWrongValue) { EXPECT_THAT(FirstWrong("value"), HasSubstr("element 5 is")); }
TEST(Runner, CatchesAnUnknownShape) {
  EXPECT_THAT(FirstWrong("shape"), HasSubstr("cannot be determined"));
}

TEST(Runner, CatchesBadInputThatPasses) {
  const OpCases cases = {.op = "TestTriple", .bad = {{"fine", {Uniform({2})}, "no"}}};
  EXPECT_THAT(CheckOp(cases)[0], HasSubstr("it ran"));
}

}  // namespace
}  // namespace viv
