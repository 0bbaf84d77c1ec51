// Transpose.
#include "op_case.h"

namespace viv {
namespace {

AttrMap Perm(std::vector<int64_t> perm) { return {{"perm", std::move(perm)}}; }

const OpCaseRegistration kTranspose({
    .op = "Transpose",
    .oracle =
        [](const OpCall& call) {
          const std::vector<int64_t>& perm = call.attrs.Ints("perm");
          const auto permuted = [&](absl::Span<const int64_t> of) {
            std::vector<int64_t> result;
            for (const int64_t p : perm) result.push_back(of[p]);
            return result;
          };
          Array y{Shape(permuted(call[0].shape.dims()))};
          ForEachIndex(call[0].shape,
                       [&](absl::Span<const int64_t> i) { y(permuted(i)) = call[0](i); });
          return std::vector<Array>{y};
        },
    .gradient = GradientKind::kTwice,
    .cases = {{"matrix", {Uniform({17, 19})}, Perm({1, 0})},
              {"cycle", {Uniform({2, 3, 5})}, Perm({2, 0, 1})},
              {"swap", {Uniform({3, 2, 17, 4})}, Perm({0, 2, 1, 3})},
              {"same", {Uniform({3, 5})}, Perm({0, 1})},
              {"one", {Uniform({1, 1})}, Perm({1, 0})},
              {"scalar", {Uniform({})}, Perm({})},
              {"empty", {Uniform({0, 3})}, Perm({1, 0})}},
    .bad = {{"rank", {Uniform({2, 3})}, "rank", Perm({0})},
            {"twice", {Uniform({2, 3})}, "no permutation", Perm({0, 0})}},
});

}  // namespace
}  // namespace viv
