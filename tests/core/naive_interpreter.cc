// One function for each op, or a line.
#include "naive_interpreter.h"

#include <cmath>
#include <functional>

#include "core/base/logging.h"

namespace viv {
namespace {

using Extents = std::vector<int64_t>;

int64_t Count(const Extents& dims) {
  int64_t n = 1;
  for (const int64_t extent : dims) n *= extent;
  return n;
}

// The place of element i of `dims` in a tensor that is broadcast to them.
int64_t BroadcastPlace(int64_t i, const Extents& dims, const Extents& from) {
  int64_t place = 0, stride = 1;
  for (int k = static_cast<int>(dims.size()) - 1, f = static_cast<int>(from.size()) - 1; f >= 0;
       --k, --f) {
    if (from[f] != 1) place += stride * (i % dims[k]);
    stride *= from[f];
    i /= dims[k];
  }
  return place;
}

// f over all elements, with broadcasting.
NaiveValue Map(DType dtype, const std::vector<NaiveValue>& in,
               const std::function<double(const std::vector<double>&)>& f) {
  NaiveValue y{.dtype = dtype};
  for (const NaiveValue& x : in) {
    while (y.dims.size() < x.dims.size()) y.dims.insert(y.dims.begin(), 1);
    for (size_t k = 0; k < x.dims.size(); ++k) {
      int64_t& extent = y.dims[y.dims.size() - x.dims.size() + k];
      if (x.dims[k] != 1) extent = x.dims[k];
    }
  }
  for (int64_t i = 0; i < Count(y.dims); ++i) {
    std::vector<double> arguments;
    for (const NaiveValue& x : in) arguments.push_back(x.v[BroadcastPlace(i, y.dims, x.dims)]);
    y.v.push_back(f(arguments));
  }
  return y;
}

using Binary = double (*)(double, double);
const std::map<std::string, Binary> kElementwise = {
    {"Identity", [](double x, double) { return x; }},
    {"StopGradient", [](double x, double) { return x; }},
    {"Neg", [](double x, double) { return -x; }},
    {"Abs", [](double x, double) { return std::abs(x); }},
    {"Square", [](double x, double) { return x * x; }},
    {"Tanh", [](double x, double) { return std::tanh(x); }},
    {"Not", [](double x, double) { return x == 0 ? 1.0 : 0.0; }},
    {"Add", [](double x, double y) { return x + y; }},
    {"Sub", [](double x, double y) { return x - y; }},
    {"Mul", [](double x, double y) { return x * y; }},
    {"Maximum", [](double x, double y) { return std::max(x, y); }},
    {"Minimum", [](double x, double y) { return std::min(x, y); }},
    {"Mod", [](double x, double y) { return x - std::floor(x / y) * y; }},
    {"Equal", [](double x, double y) { return x == y ? 1.0 : 0.0; }},
    {"Less", [](double x, double y) { return x < y ? 1.0 : 0.0; }},
    {"LessEqual", [](double x, double y) { return x <= y ? 1.0 : 0.0; }},
    {"Greater", [](double x, double y) { return x > y ? 1.0 : 0.0; }},
    {"And", [](double x, double y) { return x * y; }},
    {"Or", [](double x, double y) { return std::max(x, y); }},
};

// Splits dims at an axis: how many parts are before it, how long it is, how many elements follow.
struct AxisView {
  AxisView(const Extents& dims, int64_t axis)
      : before(Count(Extents(dims.begin(), dims.begin() + axis))),
        extent(dims[axis]),
        after(Count(Extents(dims.begin() + axis + 1, dims.end()))) {}
  int64_t Place(int64_t i, int64_t k, int64_t j) const { return (i * extent + k) * after + j; }
  int64_t before, extent, after;
};

// Takes the given places of an axis.
NaiveValue Take(const NaiveValue& x, int64_t axis, const std::vector<int64_t>& places) {
  const AxisView view(x.dims, axis);
  NaiveValue y = x;
  y.v.clear();
  y.dims[axis] = static_cast<int64_t>(places.size());
  for (int64_t i = 0; i < view.before; ++i) {
    for (const int64_t k : places) {
      for (int64_t j = 0; j < view.after; ++j) y.v.push_back(x.v[view.Place(i, k, j)]);
    }
  }
  return y;
}

NaiveValue Join(const std::vector<NaiveValue>& parts, int64_t axis) {
  NaiveValue y = parts[0];
  y.v.clear();
  y.dims[axis] = 0;
  for (const NaiveValue& part : parts) y.dims[axis] += part.dims[axis];
  for (int64_t i = 0; i < AxisView(y.dims, axis).before; ++i) {
    for (const NaiveValue& part : parts) {
      const AxisView view(part.dims, axis);
      for (int64_t j = 0; j < view.extent * view.after; ++j) {
        y.v.push_back(part.v[i * view.extent * view.after + j]);
      }
    }
  }
  return y;
}

std::vector<int64_t> From(int64_t begin, int64_t end) {
  std::vector<int64_t> places;
  for (; begin < end; ++begin) places.push_back(begin);
  return places;
}

NaiveValue SumOver(const NaiveValue& x, Extents axes, bool keep_dims) {
  if (axes.empty()) axes = From(0, static_cast<int64_t>(x.dims.size()));
  NaiveValue y = x;
  for (int64_t axis : axes) {
    if (axis < 0) axis += static_cast<int64_t>(x.dims.size());
    const AxisView view(y.dims, axis);
    NaiveValue sum = y;
    sum.dims[axis] = 1;
    sum.v.assign(view.before * view.after, 0.0);
    for (int64_t i = 0; i < view.before; ++i) {
      for (int64_t k = 0; k < view.extent; ++k) {
        for (int64_t j = 0; j < view.after; ++j) {
          sum.v[i * view.after + j] += y.v[view.Place(i, k, j)];
        }
      }
    }
    y = sum;
  }
  if (keep_dims) return y;
  Extents kept;
  for (size_t k = 0; k < x.dims.size(); ++k) {
    bool reduced = false;
    for (const int64_t axis : axes) {
      reduced |= axis == static_cast<int64_t>(k) ||
                 axis + static_cast<int64_t>(x.dims.size()) == static_cast<int64_t>(k);
    }
    if (!reduced) kept.push_back(y.dims[k]);
  }
  y.dims = kept;
  return y;
}

NaiveValue CumSumOver(const NaiveValue& x, int64_t axis, bool exclusive, bool reverse) {
  const AxisView view(x.dims, axis);
  NaiveValue y = x;
  for (int64_t i = 0; i < view.before; ++i) {
    for (int64_t j = 0; j < view.after; ++j) {
      double sum = 0;
      for (int64_t t = 0; t < view.extent; ++t) {
        const int64_t place = view.Place(i, reverse ? view.extent - 1 - t : t, j);
        y.v[place] = exclusive ? sum : sum + x.v[place];
        sum += x.v[place];
      }
    }
  }
  return y;
}

NaiveValue Transposed(const NaiveValue& x, const Extents& perm) {
  NaiveValue y = x;
  for (size_t k = 0; k < perm.size(); ++k) y.dims[k] = x.dims[perm[k]];
  for (int64_t i = 0; i < Count(y.dims); ++i) {
    Extents index(perm.size());
    int64_t rest = i;
    for (int k = static_cast<int>(perm.size()) - 1; k >= 0; --k) {
      index[perm[k]] = rest % y.dims[k];
      rest /= y.dims[k];
    }
    int64_t place = 0;
    for (size_t k = 0; k < index.size(); ++k) place = place * x.dims[k] + index[k];
    y.v[i] = x.v[place];
  }
  return y;
}

NaiveValue Product(const NaiveValue& x, const NaiveValue& y) {
  NaiveValue z{.dtype = x.dtype, .dims = {x.dims[0], y.dims[1]}};
  for (int64_t i = 0; i < x.dims[0]; ++i) {
    for (int64_t j = 0; j < y.dims[1]; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < x.dims[1]; ++k) {
        sum += x.v[i * x.dims[1] + k] * y.v[k * y.dims[1] + j];
      }
      z.v.push_back(sum);
    }
  }
  return z;
}

std::vector<int64_t> Ints(const NaiveValue& x) { return {x.v.begin(), x.v.end()}; }

NaiveValue WithDims(NaiveValue x, const Extents& dims) {
  x.dims = dims;
  return x;
}

NaiveValue Row(const NaiveValue& x, int64_t t) {
  return WithDims(Take(x, 0, {t}), Extents(x.dims.begin() + 1, x.dims.end()));
}

// Rows stacked along a new first dimension; of none, `like` has the shape.
NaiveValue StackRows(const std::vector<NaiveValue>& rows, const NaiveValue& like) {
  NaiveValue y = like;
  y.v.clear();
  y.dims.insert(y.dims.begin(), static_cast<int64_t>(rows.size()));
  for (const NaiveValue& row : rows) y.v.insert(y.v.end(), row.v.begin(), row.v.end());
  return y;
}

// Gather: the rows of x at any shape of places.
NaiveValue RowsAt(const NaiveValue& x, const NaiveValue& places) {
  Extents dims = places.dims;
  dims.insert(dims.end(), x.dims.begin() + 1, x.dims.end());
  return WithDims(Take(x, 0, Ints(places)), dims);
}

}  // namespace

NaiveValue FromTensor(const Tensor& tensor) {
  NaiveValue value{.dtype = tensor.dtype()};
  value.dims.assign(tensor.shape().dims().begin(), tensor.shape().dims().end());
  for (int64_t i = 0; i < tensor.num_elements(); ++i) value.v.push_back(tensor.ElementAsDouble(i));
  return value;
}

std::vector<NaiveValue> NaiveInterpreter::Run(const std::map<Output, NaiveValue>& feeds,
                                              const std::vector<Output>& fetches) {
  Frame frame;
  for (const auto& [output, value] : feeds) frame[output.node] = {value};
  std::vector<NaiveValue> results;
  std::map<std::string, NaiveValue> updated = variables_;
  for (const Output& fetch : fetches) {
    if (fetch.index != Output::kControl) {
      results.push_back(Get(fetch, frame));
      continue;
    }
    const NaiveValue& value = Get(fetch.node->input(1), frame);
    NaiveValue& variable = updated.at(fetch.node->input(0).node->name());
    variable = fetch.node->op_name() == "Assign"
                   ? value
                   : Map(value.dtype, {variable, value},
                         [](const std::vector<double>& x) { return x[0] + x[1]; });
  }
  variables_ = updated;
  return results;
}

const NaiveValue& NaiveInterpreter::Get(const Output& output, Frame& frame) {
  const Node& node = *output.node;
  if (frame.count(&node) == 0) {
    Values in;
    if (node.op_name() == "ReadVariable") {
      frame[&node] = {variables_.at(node.input(0).node->name())};
    } else {
      for (const Output& input : node.inputs()) in.push_back(Get(input, frame));
      frame[&node] = Evaluate(node, in);
    }
  }
  return frame.at(&node)[output.index];
}

std::vector<NaiveValue> NaiveInterpreter::Evaluate(const Node& node, const Values& in) {
  const std::string& op = node.op_name();
  const AttrMap& attrs = node.attrs();
  const DType dtype = node.output_type(0);
  if (const auto it = kElementwise.find(op); it != kElementwise.end()) {
    return {Map(dtype, in,
                [f = it->second](const std::vector<double>& x) { return f(x[0], x.back()); })};
  }
  if (op == "Const") return {FromTensor(attrs.TensorAttr("value"))};
  if (op == "Select") {
    return {Map(dtype, in, [](const std::vector<double>& x) { return x[0] != 0 ? x[1] : x[2]; })};
  }
  if (op == "Cast") {
    return {Map(dtype, in, [dtype](const std::vector<double>& x) {
      return dtype == kBool ? (x[0] != 0 ? 1.0 : 0.0) : IsFloating(dtype) ? x[0] : std::trunc(x[0]);
    })};
  }
  if (op == "Sum") return {SumOver(in[0], attrs.Ints("axes"), attrs.Bool("keep_dims"))};
  if (op == "CumSum") {
    return {CumSumOver(in[0], attrs.Int("axis"), attrs.Bool("exclusive"), attrs.Bool("reverse"))};
  }
  if (op == "ShapeOf") {
    return {{kInt64,
             {static_cast<int64_t>(in[0].dims.size())},
             {in[0].dims.begin(), in[0].dims.end()}}};
  }
  if (op == "SizeOf") return {{kInt64, {}, {static_cast<double>(in[0].v.size())}}};
  if (op == "OfShape") return {in[0]};
  if (op == "Reshape" || op == "ExpandDims" || op == "Squeeze") {
    // The shape function's word is taken for one that is not given in full.
    Extents dims = op == "Reshape" ? Ints(in[1]) : in[0].dims;
    const int64_t axis = op == "ExpandDims" ? attrs.Int("axis") : 0;
    if (op == "ExpandDims") dims.insert(dims.begin() + axis, 1);
    if (op == "Squeeze") dims.erase(dims.begin() + attrs.Ints("axes")[0]);
    for (int64_t& extent : dims) {
      if (extent == -1) extent = static_cast<int64_t>(in[0].v.size()) / -Count(dims);
    }
    return {WithDims(in[0], dims)};
  }
  if (op == "BroadcastTo") {
    NaiveValue zeros{.dtype = dtype, .dims = Ints(in[1])};
    zeros.v.assign(Count(zeros.dims), 0.0);
    return {Map(dtype, {zeros, in[0]}, [](const std::vector<double>& x) { return x[1]; })};
  }
  if (op == "Transpose") return {Transposed(in[0], attrs.Ints("perm"))};
  if (op == "Concat") return {Join(in, attrs.Int("axis"))};
  if (op == "SliceAxis") {
    return {Take(in[0], attrs.Int("axis"), From(attrs.Int("begin"), attrs.Int("end")))};
  }
  if (op == "Gather") return {RowsAt(in[0], in[1])};
  if (op == "MatMul") return {Product(in[0], in[1])};
  if (op == "Call") return Call(node, attrs.String("function"), in);
  if (op == "Cond") return Cond(node, in);
  if (op == "Scan") return Scan(node, in);
  if (op == "While") return While(node, in);
  LOG(FATAL) << "the naive interpreter does not know " << op;
  return {};
}

std::vector<NaiveValue> NaiveInterpreter::Call(const Node& node, const std::string& name,
                                               const Values& arguments) {
  const Function& function = *node.graph().library().Find(name);
  Frame frame;
  for (size_t i = 0; i < arguments.size(); ++i) frame[function.arguments()[i]] = {arguments[i]};
  Values results;
  for (const Output& result : function.results()) results.push_back(Get(result, frame));
  return results;
}

std::vector<NaiveValue> NaiveInterpreter::Cond(const Node& node, const Values& in) {
  const int64_t first = 1 + node.attrs().Int("then_inputs");
  return in[0].v[0] != 0
             ? Call(node, node.attrs().String("then"), Values(in.begin() + 1, in.begin() + first))
             : Call(node, node.attrs().String("otherwise"), Values(in.begin() + first, in.end()));
}

std::vector<NaiveValue> NaiveInterpreter::Scan(const Node& node, const Values& in) {
  const AttrMap& attrs = node.attrs();
  const int64_t carries = attrs.Int("carries"), end = carries + attrs.Int("sequences");
  const int64_t steps = end > carries ? in[carries].dims[0] : attrs.Int("length");
  Values arguments = in;
  std::vector<Values> rows(node.num_outputs());
  for (int64_t k = 0; k < steps; ++k) {
    const int64_t t = attrs.Bool("reverse") ? steps - 1 - k : k;
    for (int64_t i = carries; i < end; ++i) arguments[i] = Row(in[i], t);
    const Values results = Call(node, attrs.String("body"), arguments);
    for (int i = 0; i < node.num_outputs(); ++i) {
      if (i < carries) {
        arguments[i] = results[i];
      } else if (attrs.Bool("reverse")) {
        rows[i].insert(rows[i].begin(), results[i]);
      } else {
        rows[i].push_back(results[i]);
      }
    }
  }
  Values outputs(arguments.begin(), arguments.begin() + carries), would_be;
  if (steps == 0) {
    // No step says what a row would have been: try one on zeros.
    for (int64_t i = carries; i < end; ++i) {
      arguments[i].dims.erase(arguments[i].dims.begin());
      arguments[i].v.assign(Count(arguments[i].dims), 0.0);
    }
    would_be = Call(node, attrs.String("body"), arguments);
  }
  for (int i = static_cast<int>(carries); i < node.num_outputs(); ++i) {
    NaiveValue like{.dtype = node.output_type(i)};
    like.dims = steps > 0 ? rows[i][0].dims : would_be[i].dims;
    outputs.push_back(StackRows(rows[i], like));
  }
  return outputs;
}

std::vector<NaiveValue> NaiveInterpreter::While(const Node& node, Values in) {
  const int64_t carries = node.attrs().Int("carries");
  while (in[0].v[0] != 0) {
    const Values next = Call(node, node.attrs().String("body"), in);
    for (int64_t i = 0; i < carries; ++i) in[i] = next[i];
  }
  in.resize(carries);
  return in;
}

}  // namespace viv
