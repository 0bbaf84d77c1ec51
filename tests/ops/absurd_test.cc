// What a stranger's graph may ask for: every op, with absurd attributes and absurd integers for
// input, gives an error or a result; it does not end the process.
#include <sys/resource.h>

#include <limits>

#include "gtest/gtest.h"
#include "op_runner.h"

namespace viv {
namespace {

constexpr int64_t kIntegers[] = {0,
                                 -1,
                                 -7,
                                 int64_t{1} << 40,
                                 int64_t{1} << 62,
                                 std::numeric_limits<int64_t>::max(),
                                 std::numeric_limits<int64_t>::min()};

// Other values of an attribute's type.
std::vector<AttrValue> Absurd(AttrType type) {
  const double infinity = std::numeric_limits<double>::infinity();
  const int64_t huge = int64_t{1} << 40;
  std::vector<AttrValue> values;
  switch (type) {
    case AttrType::kInt:
      values.assign(std::begin(kIntegers), std::end(kIntegers));
      break;
    case AttrType::kFloat:
      for (const double v : {0.0, -1.0, 1e300, -1e-300, infinity, -infinity, infinity - infinity}) {
        values.emplace_back(v);
      }
      break;
    case AttrType::kString:
      values = {"", "no such thing", std::string(100000, '(')};
      break;
    case AttrType::kType:
      values = {kFloat, kInt64, kString, kBool, kHalf};
      break;
    case AttrType::kShape:
      values = {PartialShape(), PartialShape({huge}), PartialShape({-1, 0}),
                PartialShape({0, huge, huge}), PartialShape::Scalar()};
      break;
    case AttrType::kInts:
      for (const int64_t v : kIntegers) values.emplace_back(std::vector<int64_t>{v, v});
      values.emplace_back(std::vector<int64_t>());
      values.emplace_back(std::vector<int64_t>(1000, 0));
      break;
    case AttrType::kFloats:
      values = {std::vector<double>(), std::vector<double>(1000, infinity)};
      break;
    case AttrType::kStrings:
      values = {std::vector<std::string>(), std::vector<std::string>(1000, "x")};
      break;
    case AttrType::kTypes:
      values = {std::vector<DType>(), std::vector<DType>(1000, kString)};
      break;
    case AttrType::kShapes:
      values = {std::vector<PartialShape>(), std::vector<PartialShape>(1000)};
      break;
    case AttrType::kTensor:
      values = {Tensor::Scalar("text"), Tensor::Of<float>({0, 2}, {})};
      break;
    case AttrType::kBool:
    case AttrType::kNone:
      break;
  }
  return values;
}

// Builds and runs; whatever comes of it. Whether it ran without an error, in any form.
bool Survive(const OpCases& cases, const std::vector<OpInput>& inputs, const AttrMap& attrs,
             const OpTypes& types) {
  bool ran = false;
  for (const Form form : {Form::kDeclared, Form::kOpen}) {
    const absl::StatusOr<CaseGraph> graph = BuildCase(cases, inputs, attrs, types, form);
    if (!graph.ok()) {
      EXPECT_FALSE(graph.status().message().empty());
      continue;
    }
    absl::StatusOr<Session> session = Session::Create(graph->b);
    if (!session.ok() || !session->Initialize().ok()) continue;
    const auto result = session->Run(graph->feeds, graph->outputs);
    EXPECT_TRUE(result.ok() || !result.status().message().empty());
    ran |= result.ok();
  }
  return ran;
}

class AbsurdTest : public testing::Test {
 protected:
  // Memory that is asked for and not there is an error at once, and does not stop the machine. (A
  // sanitizer's allocator ends the process then.)
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "memory has no limit here";
#else
    rlimit limit = {};
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = rlim_t{4} << 30;
    setrlimit(RLIMIT_AS, &limit);
#endif
  }
};

TEST_F(AbsurdTest, Attributes) {
  int tried = 0, ran = 0;
  for (const auto& [name, cases] : AllOpCases()) {
    const OpDef* op = OpRegistry::Global().Find(name);
    const std::vector<OpTypes> types = ServedTypes(cases);
    if (op == nullptr || types.empty()) continue;
    for (const OpCase& one : cases.cases) {
      for (const AttrDef& attr : op->attrs) {
        for (const AttrValue& value : Absurd(attr.type)) {
          SCOPED_TRACE(name + " " + one.name + ", " + attr.name + " = " + value.ToString());
          AttrMap attrs = one.attrs;
          attrs.Set(attr.name, value);
          ran += Survive(cases, one.inputs, attrs, types.front());
          ++tried;
        }
      }
    }
  }
  // Some values are good ones for some ops.
  EXPECT_GT(ran, 50) << "of " << tried;
  EXPECT_GT(tried - ran, 200) << "of " << tried;
}

// Integers are indices, shapes, axes, lengths.
TEST_F(AbsurdTest, Integers) {
  int tried = 0, ran = 0;
  for (const auto& [name, cases] : AllOpCases()) {
    const std::vector<OpTypes> types = ServedTypes(cases);
    if (types.empty()) continue;
    for (const OpTypes& combination : {types.front(), types.back()}) {
      for (const OpCase& one : cases.cases) {
        const absl::StatusOr<CaseGraph> graph =
            BuildCase(cases, one.inputs, one.attrs, combination, Form::kDeclared);
        if (!graph.ok()) continue;
        for (size_t i = 0; i < one.inputs.size(); ++i) {
          if (!IsInteger(graph->call.input_types[i])) continue;
          for (const int64_t value : kIntegers) {
            SCOPED_TRACE(name + " " + one.name + ", input " + std::to_string(i) + " = " +
                         std::to_string(value));
            std::vector<OpInput> inputs = one.inputs;
            // As a double that fits the type when it is rounded back.
            const double limit = graph->call.input_types[i] == kInt64 ? 9.2e18 : 2147483647.0;
            const double fitting = std::min(std::max(static_cast<double>(value), -limit), limit);
            inputs[i].values.assign(inputs[i].shape.num_elements(), fitting);
            ran += Survive(cases, inputs, one.attrs, combination);
            ++tried;
          }
        }
      }
    }
  }
  EXPECT_GT(ran, 50) << "of " << tried;
  EXPECT_GT(tried - ran, 50) << "of " << tried;
}

}  // namespace
}  // namespace viv
