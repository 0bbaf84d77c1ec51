// Functions, feeds, variables and what is fetched, around random ops.
#include "random_graph.h"

#include <algorithm>

#include "core/ops/array.h"
#include "core/ops/control.h"
#include "core/ops/math.h"
#include "core/ops/state.h"
#include "random_ops.h"

namespace viv {
namespace {

// Adds what runs functions, whose bodies are random again, and puts graphs together.
class Maker : public RandomOps {
 public:
  using RandomOps::RandomOps;
  RandomGraph Make();

 private:
  static constexpr int kDepth = 2;  // of functions in functions

  void Step(B b, Pool& pool, int depth);
  void Steps(B b, Pool& pool, int depth, int64_t count) {
    for (int64_t i = 0; i < count; ++i) Step(b, pool, depth);
  }
  void AddCond(B b, Pool& pool, int depth);
  void AddScan(B b, Pool& pool, int depth);
  void AddWhile(B b, Pool& pool, int depth);
  void AddCall(B b, Pool& pool, int depth);
  // What a loop hands on: bounded, of the extents of `like`.
  Item NextCarry(B b, const Pool& pool, const Item& like);
};

void Maker::AddCond(B b, Pool& pool, int depth) {
  const Item predicate = Scalar(b, Pick(b, pool, kBool));
  const int64_t count = 1 + Below(2);
  const bool ragged = Chance(0.3);
  std::vector<Item> then(count), otherwise(count);
  const Outputs results = Cond(
      b, predicate.out,
      [&](B inner) -> Outputs {
        Pool values = pool;
        Steps(inner, values, depth - 1, 1 + Below(3));
        std::vector<Output> outputs;
        for (Item& item : then) {
          item = PickAny(inner, values);
          outputs.push_back(item.out);
        }
        return outputs;
      },
      [&](B inner) -> Outputs {
        Pool values = pool;
        Steps(inner, values, depth - 1, 1 + Below(3));
        std::vector<Output> outputs;
        for (int64_t i = 0; i < count; ++i) {
          otherwise[i] = Pick(inner, values, then[i].dtype());
          if (!ragged) otherwise[i] = Fit(inner, otherwise[i], then[i].dims);
          outputs.push_back(otherwise[i].out);
        }
        return outputs;
      });
  for (int64_t i = 0; i < count; ++i) {
    Item item = {results[i], then[i].dims, std::max(then[i].bound, otherwise[i].bound)};
    if (!b.ok()) return;
    // Which extents there are, only a run knows.
    if (ragged) {
      item.bound *= kMaxElements;
      item = Scalar(b, item);
    }
    pool.push_back(item);
  }
}

Item Maker::NextCarry(B b, const Pool& pool, const Item& like) {
  Item next = Fit(b, Pick(b, pool, like.dtype()), like.dims);
  if (like.dtype() == kDouble) next = {Tanh(b, next.out), next.dims, 1};
  return next;
}

void Maker::AddScan(B b, Pool& pool, int depth) {
  Pool carries, sequences;
  for (int64_t i = Below(3); i > 0; --i) {
    carries.push_back(Small(b, Pick(b, pool, OneOf<DType>({kDouble, kDouble, kInt32}))));
  }
  int64_t steps = OneOf<int64_t>({0, 1, 2, 3, 4});
  Item first = PickAny(b, pool);
  if (first.rank() > 0 && Chance(0.7)) {
    sequences.push_back(first);
    steps = first.dims[0];
    if (Chance(0.3)) sequences.push_back(Constant(b, kDouble, {steps, 2}));
  }
  const int64_t outputs = carries.empty() ? 1 + Below(2) : Below(3);
  std::vector<Item> rows;
  const auto outs = [](const Pool& items) {
    std::vector<Output> all;
    for (const Item& item : items) all.push_back(item.out);
    return all;
  };
  const ScanValues results =
      Scan(b, outs(carries), outs(sequences),
           [&](B inner, const Outputs& c, const Outputs& r) -> ScanValues {
             Pool values = pool;
             for (size_t i = 0; i < carries.size(); ++i) {
               values.push_back({c[i], carries[i].dims, std::max(1.0, carries[i].bound)});
             }
             for (size_t i = 0; i < sequences.size(); ++i) {
               const Extents& dims = sequences[i].dims;
               values.push_back({r[i], Extents(dims.begin() + 1, dims.end()), sequences[i].bound});
             }
             Steps(inner, values, depth - 1, 1 + Below(4));
             std::vector<Output> next;
             for (const Item& carry : carries) next.push_back(NextCarry(inner, values, carry).out);
             for (int64_t i = 0; i < outputs; ++i) rows.push_back(PickAny(inner, values));
             return {.carries = next, .outputs = outs(rows)};
           },
           {.length = sequences.empty() ? steps : -1, .reverse = Chance(0.5)});
  if (!b.ok()) return;
  for (size_t i = 0; i < carries.size(); ++i) {
    pool.push_back({results.carries[i], carries[i].dims, std::max(1.0, carries[i].bound)});
  }
  for (int64_t i = 0; i < outputs; ++i) {
    Extents dims = rows[i].dims;
    dims.insert(dims.begin(), steps);
    if (Count(dims) <= 4 * kMaxElements) pool.push_back({results.outputs[i], dims, rows[i].bound});
  }
}

void Maker::AddWhile(B b, Pool& pool, int depth) {
  const Item value = Small(b, Pick(b, pool, OneOf<DType>({kDouble, kDouble, kInt32})));
  const Item count = {Const<int32_t>(b, 0), {}, kModulus};
  const Item limit = Scalar(b, Pick(b, pool, kInt32));
  const WhileValues results = While(
      b, {value.out, count.out},
      [&](B inner, const Outputs& v) { return Less(inner, v[1], limit.out); },
      [&](B inner, const Outputs& v) -> Outputs {
        Pool values = pool;
        values.push_back({v[0], value.dims, std::max(1.0, value.bound)});
        values.push_back({v[1], {}, kModulus});
        Steps(inner, values, depth - 1, 1 + Below(3));
        return {NextCarry(inner, values, value).out, Add(inner, v[1], Const<int32_t>(inner, 1))};
      },
      {.max_steps = Below(5)});
  if (!b.ok()) return;
  pool.push_back({results.values[0], value.dims, std::max(1.0, value.bound)});
  pool.push_back({results.steps, {}, kModulus});
}

void Maker::AddCall(B b, Pool& pool, int depth) {
  const Item x = Pick(b, pool, kDouble);
  Item result;
  const BuiltFunction f =
      BuildFunction(b, "random", {{kDouble, ToShape(x.dims)}},
                    [&](B inner, const std::vector<Output>& arguments) {
                      Pool values = pool;
                      values.push_back({arguments[0], x.dims, std::max(2.0, x.bound)});
                      Steps(inner, values, depth - 1, 1 + Below(3));
                      result = PickAny(inner, values);
                      return std::vector<Output>{result.out};
                    });
  for (const Item& argument : {x, Constant(b, kDouble, x.dims)}) {
    const Output y = Call(b, f, {argument.out})[0];
    if (!b.ok()) return;
    pool.push_back({y, result.dims, result.bound});
  }
}

void Maker::Step(B plain, Pool& pool, int depth) {
  GraphBuilder b = plain;
  if (Chance(0.3)) b = b.OnDevice(Chance(0.5) ? "/device:cpu:1" : "/device:cpu:0");
  if (!pool.empty() && Chance(0.05)) b = b.After({OneOf(pool).out});
  if (!b.ok()) return;
  if (depth == 0 || Chance(0.8)) return pool.push_back(Any(b, pool));
  switch (Below(4)) {
    case 0:
      return AddCond(b, pool, depth);
    case 1:
      return AddScan(b, pool, depth);
    case 2:
      return AddWhile(b, pool, depth);
    default:
      return AddCall(b, pool, depth);
  }
}

RandomGraph Maker::Make() {
  RandomGraph graph;
  const GraphBuilder& b = graph.b;
  Pool pool;
  for (int64_t i = 2 + Below(3); i > 0; --i) {
    const DType dtype = OneOf<DType>({kDouble, kDouble, kInt32, kBool});
    const Extents dims = RandomExtents();
    PartialShape declared{absl::MakeConstSpan(dims)};
    for (int k = 0; k < declared.rank(); ++k) {
      if (Chance(0.3)) declared.set_dim(k, -1);
    }
    const Output x = Placeholder(b, dtype, declared);
    graph.feeds.push_back({x, RandomTensor(dtype, dims)});
    pool.push_back({x, dims, dtype == kDouble ? 2.0 : kModulus});
  }
  std::vector<std::pair<Variable, Extents>> variables;
  for (int64_t i = Below(3); i > 0; --i) {
    const Item initial = Constant(b, kDouble, RandomExtents());
    const GraphBuilder at = Chance(0.5) ? b.OnDevice("/device:cpu:1") : b;
    const Variable v(at, "v" + std::to_string(i), initial.out);
    variables.emplace_back(v, initial.dims);
    pool.push_back({v.Read(), initial.dims, 8});
  }
  for (const Item& item : pool) {
    if (item.dtype() == kDouble) graph.inputs.push_back(item.out);
  }
  Steps(b, pool, kDepth, 4 + Below(10));
  for (const auto& [variable, dims] : variables) {
    if (!b.ok() || Chance(0.3)) continue;
    const Item next = Fit(b, Pick(b, pool, kDouble), dims);
    graph.updates.push_back(Chance(0.5) ? Assign(b, variable, Tanh(b, next.out))
                                        : AssignAdd(b, variable, Tanh(b, next.out)));
  }
  for (const Item& item : pool) {
    if (Chance(0.5)) graph.values.push_back(item.out);
  }
  graph.values.push_back(pool.back().out);
  return graph;
}

}  // namespace

RandomGraph MakeRandomGraph(uint64_t seed, bool smooth) { return Maker(seed, smooth).Make(); }

}  // namespace viv
