// A Cond around a function.
#include "core/ops/loop_mask.h"

#include "absl/strings/str_cat.h"

namespace viv {
namespace {

std::vector<ArgumentSpec> Specs(const std::vector<Node*>& arguments, size_t count) {
  std::vector<ArgumentSpec> specs;
  for (size_t i = 0; i < count; ++i) {
    specs.push_back({arguments[i]->output_type(0), arguments[i]->output_shape(0)});
  }
  return specs;
}

}  // namespace

std::string MaskedStep(const GraphBuilder& b, const std::string& step, int active) {
  const Function& function = *b.graph().library().Find(step);
  const std::vector<Node*>& arguments = function.arguments();
  const size_t results = function.results().size();
  const auto body = [&](const GraphBuilder& inner, const std::vector<Output>& values) {
    const BuiltFunction skip =
        BuildFunction(inner, absl::StrCat(step, "_skip"), Specs(arguments, results),
                      [](const GraphBuilder&, const std::vector<Output>& same) { return same; });
    std::vector<Output> inputs = {values[active]};
    inputs.insert(inputs.end(), values.begin(), values.end());
    inputs.insert(inputs.end(), values.begin(), values.begin() + results);
    std::vector<int64_t> outputs;
    std::vector<DType> types;
    for (size_t i = 0; i < results; ++i) {
      outputs.push_back(static_cast<int64_t>(i));
      types.push_back(function.results()[i].dtype());
    }
    return BuilderRef(inner).AddMany("Cond", inputs,
                                     {{"then", step},
                                      {"otherwise", skip.name},
                                      {"then_inputs", static_cast<int64_t>(values.size())},
                                      {"then_outputs", outputs},
                                      {"otherwise_outputs", outputs},
                                      {"types", types}},
                                     static_cast<int>(results));
  };
  return BuildFunction(b, absl::StrCat(step, "_masked"), Specs(arguments, arguments.size()), body)
      .name;
}

}  // namespace viv
