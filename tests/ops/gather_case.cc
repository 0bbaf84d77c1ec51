// Gather rows and ScatterAdd.
#include "op_case.h"

namespace viv {
namespace {

int64_t RowSize(const Array& x) { return x.shape.Elements(1, x.shape.rank()); }

std::vector<Array> Gather(const OpCall& call) {
  std::vector<int64_t> dims(call[1].shape.dims().begin(), call[1].shape.dims().end());
  for (int i = 1; i < call[0].shape.rank(); ++i) dims.push_back(call[0].dim(i));
  Array y{Shape(dims)};
  const int64_t row = RowSize(call[0]);
  for (size_t i = 0; i < y.values.size(); ++i) {
    const int64_t from = static_cast<int64_t>(call[1].values[i / row]);
    y.values[i] = call[0].values[from * row + i % row];
  }
  return {y};
}

const OpCaseRegistration kGather({
    .op = "Gather",
    .oracle = Gather,
    .cases = {{"rows", {Uniform({5, 17}), Given({4}, {0, 4, 2, 2})}},
              {"matrix of indices", {Uniform({3, 2, 3}), Given({2, 2}, {1, 1, 0, 2})}},
              {"numbers", {Uniform({19}), Given({3}, {18, 0, 7})}},
              {"one index", {Uniform({4, 3}), Given({}, {3})}},
              {"one", {Uniform({1}), Given({1}, {0})}},
              {"no index", {Uniform({4, 3}), Given({0}, {})}},
              {"empty rows", {Uniform({4, 0}), Given({2}, {1, 3})}}},
    .bad = {{"beyond", {Uniform({4, 3}), Given({2}, {1, 4})}, "index 4"},
            {"negative", {Uniform({4, 3}), Given({1}, {-1})}, "index -1"},
            {"scalar", {Uniform({}), Given({1}, {0})}, "a scalar has no rows"}},
});

const OpCaseRegistration kScatterAdd({
    .op = "ScatterAdd",
    .oracle =
        [](const OpCall& call) {
          Array y(Shape(std::vector<int64_t>(call[2].values.begin(), call[2].values.end())));
          const int64_t row = RowSize(y);
          for (size_t i = 0; i < call[1].values.size(); ++i) {
            const int64_t to = static_cast<int64_t>(call[0].values[i / row]);
            y.values[to * row + i % row] += call[1].values[i];
          }
          return std::vector<Array>{y};
        },
    .cases = {{"rows", {Given({4}, {0, 4, 2, 2}), Uniform({4, 17}), GivenShape({5, 17})}},
              {"numbers", {Given({3}, {18, 0, 0}), Uniform({3}), GivenShape({19})}},
              {"many", {Uniform({33}, 0, 6), Uniform({33, 3}), GivenShape({7, 3})}},
              {"one", {Given({1}, {0}), Uniform({1}), GivenShape({1})}},
              {"no index", {Given({0}, {}), Uniform({0, 3}), GivenShape({4, 3})}}},
    .bad = {{"beyond", {Given({1}, {4}), Uniform({1, 3}), GivenShape({4, 3})}, "index 4"},
            {"rows", {Given({2}, {0, 1}), Uniform({1, 3}), GivenShape({4, 3})}, "values"}},
});

}  // namespace
}  // namespace viv
