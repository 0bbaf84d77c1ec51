// The LSTM and GRU layers, and the element-wise halves of the steps of LSTM and GRU.
#include <cmath>

#include "op_case.h"

namespace viv {
namespace {

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

std::vector<Array> LstmGates(const OpCall& call) {
  const Array& c = call[3];
  const int64_t units = c.dim(1);
  Array h(c.shape), new_c(c.shape), gates(call[0].shape);
  ForEachIndex(gates.shape, [&](absl::Span<const int64_t> i) {
    const double z = call[0](i) + call[1](i) + call[2]({i[1]});
    gates(i) = i[1] / units == 2 ? std::tanh(z) : Sigmoid(z);
  });
  ForEachIndex(c.shape, [&](absl::Span<const int64_t> i) {
    const auto gate = [&](int64_t k) { return gates({i[0], k * units + i[1]}); };
    new_c(i) = gate(1) * c(i) + gate(0) * gate(2);
    h(i) = gate(3) * std::tanh(new_c(i));
  });
  return {h, new_c, gates};
}

std::vector<Array> GruGates(const OpCall& call) {
  const Array& h = call[3];
  const int64_t units = h.dim(1);
  Array new_h(h.shape), gates({h.dim(0), 4 * units});
  ForEachIndex(h.shape, [&](absl::Span<const int64_t> i) {
    const auto a = [&](int64_t k) { return call[0]({i[0], k * units + i[1]}); };
    const auto b = [&](int64_t k) { return call[1]({i[0], k * units + i[1]}); };
    const auto bias = [&](int64_t k) { return call[2]({k * units + i[1]}); };
    const double r = Sigmoid(a(0) + b(0) + bias(0)), z = Sigmoid(a(1) + b(1) + bias(1));
    const double q = b(2) + bias(3), n = std::tanh(a(2) + bias(2) + r * q);
    const double all[] = {r, z, n, q};
    for (int64_t k = 0; k < 4; ++k) gates({i[0], k * units + i[1]}) = all[k];
    new_h(i) = (1 - z) * n + z * h(i);
  });
  return {new_h, gates};
}

std::vector<OpInput> GateInputs(int64_t batch, int64_t units, int64_t columns) {
  return {Uniform({batch, columns * units}), Uniform({batch, columns * units}),
          Uniform({4 * units}), Uniform({batch, units})};
}
std::vector<OpCase> GateCases(int64_t columns) {
  return {{"odd", GateInputs(3, 17, columns)},
          {"one", {Uniform({1, columns}), Uniform({1, columns}), Uniform({4}), Uniform({1, 1})}},
          {"no example", GateInputs(0, 3, columns)}};
}

// A row times weights.
Array Product(const Array& row, const Array& weights) {
  Array y({1, weights.dim(1)});
  for (int64_t k = 0; k < weights.dim(0); ++k) {
    for (int64_t j = 0; j < weights.dim(1); ++j) y({0, j}) += row.values[k] * weights({k, j});
  }
  return y;
}

Array RowOf(const Array& x, int64_t at, int64_t width) {
  Array row({1, width});
  for (int64_t j = 0; j < width; ++j) row.values[j] = x.values[at * width + j];
  return row;
}
void SetRow(Array& x, int64_t at, const Array& row) {
  const size_t width = row.values.size();
  for (size_t j = 0; j < width; ++j) x.values[at * width + j] = row.values[j];
}

// The steps that are valid for an example, in the order of reading.
std::vector<int64_t> Steps(const OpCall& call, size_t lengths, int64_t example) {
  const int64_t all = call[0].dim(0);
  const int64_t n =
      call.in.size() > lengths ? static_cast<int64_t>(call[lengths].values[example]) : all;
  std::vector<int64_t> steps;
  for (int64_t t = 0; t < n; ++t) steps.push_back(call.attrs.Bool("reverse") ? n - 1 - t : t);
  return steps;
}

std::vector<Array> Gru(const OpCall& call) {
  const Array& x = call[0];
  const int64_t batch = x.dim(1), units = call[3].dim(0);
  Array outputs({x.dim(0), batch, units}), last = call[1], gates({x.dim(0), batch, 4 * units});
  for (int64_t b = 0; b < batch; ++b) {
    Array h = RowOf(call[1], b, units);
    for (const int64_t t : Steps(call, 5, b)) {
      const Array from_x = Product(RowOf(x, t * batch + b, x.dim(2)), call[2]);
      const std::vector<Array> y = GruGates({.in = {from_x, Product(h, call[3]), call[4], h}});
      h = y[0];
      SetRow(outputs, t * batch + b, h);
      SetRow(gates, t * batch + b, y[1]);
    }
    SetRow(last, b, h);
  }
  return {outputs, last, gates};
}

std::vector<OpInput> GruInputs(int64_t steps, int64_t batch, int64_t features, int64_t units) {
  return {Uniform({steps, batch, features}, -1, 1), Uniform({batch, units}, -1, 1),
          Uniform({features, 3 * units}, -1, 1), Uniform({units, 3 * units}, -1, 1),
          Uniform({4 * units}, -1, 1)};
}
std::vector<OpInput> WithLengths(std::vector<OpInput> inputs, std::vector<double> lengths) {
  const int64_t n = static_cast<int64_t>(lengths.size());
  inputs.push_back(Given({n}, std::move(lengths)));
  return inputs;
}

const OpCaseRegistration kGru({
    .op = "Gru",
    .oracle = Gru,
    .tolerance = 64,
    .loss_outputs = {0, 1},
    .cases = {{"odd", GruInputs(3, 2, 5, 17)},
              {"padded", WithLengths(GruInputs(4, 3, 2, 5), {4, 0, 2})},
              {"backwards", WithLengths(GruInputs(4, 3, 2, 5), {4, 0, 2}), {{"reverse", true}}},
              {"one", GruInputs(1, 1, 1, 1)},
              {"no step", GruInputs(0, 2, 3, 4)},
              {"no example", GruInputs(2, 0, 3, 4)}},
    .bad = {{"length", WithLengths(GruInputs(2, 1, 2, 3), {3}), "length 3 of example 0"},
            {"lengths", WithLengths(GruInputs(2, 1, 2, 3), {1, 1}), "lengths"}},
});

// Past an example's length the gates are 0 and the cells carry the state.
std::vector<Array> Lstm(const OpCall& call) {
  const Array& x = call[0];
  const int64_t batch = x.dim(1), units = call[4].dim(0);
  Array outputs({x.dim(0), batch, units}), gates({x.dim(0), batch, 4 * units});
  Array last_h = call[1], last_c = call[2], cells = outputs;
  for (int64_t b = 0; b < batch; ++b) {
    Array h = RowOf(call[1], b, units), c = RowOf(call[2], b, units);
    for (const int64_t t : Steps(call, 6, b)) {
      const Array from_x = Product(RowOf(x, t * batch + b, x.dim(2)), call[3]);
      const std::vector<Array> y = LstmGates({.in = {from_x, Product(h, call[4]), call[5], c}});
      h = y[0];
      c = y[1];
      SetRow(outputs, t * batch + b, h);
      SetRow(cells, t * batch + b, c);
      SetRow(gates, t * batch + b, y[2]);
    }
    const int64_t read = static_cast<int64_t>(Steps(call, 6, b).size());
    const Array carried = call.attrs.Bool("reverse") ? RowOf(call[2], b, units) : c;
    for (int64_t t = read; t < x.dim(0); ++t) SetRow(cells, t * batch + b, carried);
    SetRow(last_h, b, h);
    SetRow(last_c, b, c);
  }
  return {outputs, last_h, last_c, gates, cells};
}

std::vector<OpInput> LstmInputs(int64_t steps, int64_t batch, int64_t features, int64_t units) {
  return {Uniform({steps, batch, features}, -1, 1), Uniform({batch, units}, -1, 1),
          Uniform({batch, units}, -1, 1),           Uniform({features, 4 * units}, -1, 1),
          Uniform({units, 4 * units}, -1, 1),       Uniform({4 * units}, -1, 1)};
}

const OpCaseRegistration kLstm({
    .op = "Lstm",
    .oracle = Lstm,
    .tolerance = 64,
    .loss_outputs = {0, 1, 2},
    .cases = {{"odd", LstmInputs(3, 2, 5, 17)},
              {"padded", WithLengths(LstmInputs(4, 3, 2, 5), {4, 0, 2})},
              {"backwards", WithLengths(LstmInputs(4, 3, 2, 5), {4, 0, 2}), {{"reverse", true}}},
              {"one", LstmInputs(1, 1, 1, 1)},
              {"no step", LstmInputs(0, 2, 3, 4)},
              {"no example", LstmInputs(2, 0, 3, 4)}},
    .bad = {{"length", WithLengths(LstmInputs(2, 1, 2, 3), {3}), "length 3 of example 0"}},
});

const OpCaseRegistration kGates({
    {.op = "LstmGates",
     .oracle = LstmGates,
     .tolerance = 16,
     .gradient = GradientKind::kTwice,
     .cases = GateCases(4),
     .bad = {{"units", GateInputs(2, 3, 3), "a product"}}},
    {.op = "GruGates",
     .oracle = GruGates,
     .tolerance = 16,
     .gradient = GradientKind::kTwice,
     .cases = GateCases(3),
     .bad = {{"units", GateInputs(2, 3, 4), "a product"}}},
});

}  // namespace
}  // namespace viv
