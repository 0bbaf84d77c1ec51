// Runs op cases.
#include "op_runner.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/autodiff/gradients.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/device/kernel.h"
#include "core/graph/node_types.h"
#include "core/ops/array.h"
#include "core/ops/math.h"
#include "core/ops/state.h"

namespace viv {
namespace {

absl::Status Wrong(const std::string& what) { return absl::FailedPreconditionError(what); }

std::string ToString(const OpTypes& types) {
  std::string text;
  for (const auto& [name, dtype] : types) absl::StrAppend(&text, " ", name, "=", DTypeName(dtype));
  return text;
}

DType TypeOfSpec(const TypeSpec& spec, const OpTypes& types) {
  if (spec.fixed == kResource) return types.count("T") > 0 ? types.at("T") : kFloat;
  if (spec.variable.empty()) return spec.fixed;
  bool wide = false;
  const auto found = types.find(TypeVariableOf(spec, &wide));
  if (found == types.end()) return kInvalid;
  return wide ? Widened(found->second) : found->second;
}

// The element type of each input; of a kResource input, that of the variable.
absl::StatusOr<std::vector<DType>> InputTypes(const OpCases& cases,
                                              const std::vector<OpInput>& inputs,
                                              const OpTypes& types) {
  const OpDef* def = cases.build ? nullptr : OpRegistry::Global().Find(cases.op);
  const int n = static_cast<int>(inputs.size());
  std::vector<DType> result;
  for (int i = 0; i < n; ++i) {
    DType dtype = inputs[i].type;
    if (def == nullptr) {
      if (dtype == kInvalid) dtype = types.at("T");
    } else if (const int k = InputDefIndex(*def, n, i);
               k >= 0 && k < static_cast<int>(def->inputs.size())) {
      const DType wanted = TypeOfSpec(def->inputs[k].type, types);
      if (wanted != kInvalid) dtype = wanted;
    }
    if (dtype == kInvalid) return Wrong(absl::StrCat("say the type of input ", i));
    result.push_back(dtype);
  }
  return result;
}

Array ValuesOf(const OpInput& input, DType dtype, uint64_t seed) {
  Array array(input.shape);
  RandomStream stream(seed);
  for (size_t j = 0; j < array.values.size(); ++j) {
    double& v = array.values[j];
    const double u = stream.Uniform();
    if (!input.values.empty()) {
      v = input.values[j];
    } else if (dtype == kBool) {
      v = u < 0.5 ? 0 : 1;
    } else if (IsFloating(dtype)) {
      v = static_cast<float>(input.low + u * (input.high - input.low));
    } else {
      const double low = dtype == kUInt8 || dtype == kString ? std::max(0.0, std::ceil(input.low))
                                                             : std::ceil(input.low);
      v = low + std::floor(u * (std::floor(input.high) - low + 1));
    }
  }
  return array;
}

// A copy in memory of the run, for the types that can be added.
Output Copied(const GraphBuilder& b, Output x) {
  const DType t = x.dtype();
  if (t != kFloat && t != kDouble && t != kInt32 && t != kInt64) return x;
  return Add(b, x, Const(b, ToTensor(Array(Shape()), t)));
}

bool IsHost(const OpDef* def, int num_inputs, int i) {
  return def != nullptr && def->inputs[InputDefIndex(*def, num_inputs, i)].host;
}
bool IsVariable(const OpDef* def, int num_inputs, int i) {
  return def != nullptr && def->inputs[InputDefIndex(*def, num_inputs, i)].type.fixed == kResource;
}

// Adds input i to the graph and returns what the op is given.
Output AddInput(CaseGraph& graph, const OpDef* def, int num_inputs, int i, DType dtype, Form form) {
  const GraphBuilder& b = graph.b;
  const Tensor value = ToTensor(graph.call.in[i], dtype);
  if (IsVariable(def, num_inputs, i)) {
    const Variable v(b, absl::StrCat("v", i), Const(b, value));
    if (i < def->updates) graph.variables.push_back(v.name());
    return v.handle();
  }
  if (IsHost(def, num_inputs, i) && form == Form::kDeclared) return Const(b, value);
  const Output x = Placeholder(
      b, dtype,
      form == Form::kOpen ? PartialShape::OfRank(value.rank()) : PartialShape(value.shape()));
  graph.placeholders[i] = x;
  graph.feeds.push_back({x, value});
  return form == Form::kOpen && !IsHost(def, num_inputs, i) ? Copied(b, x) : x;
}

// The values of the outputs or updated variables.
absl::StatusOr<std::vector<Tensor>> RunCase(const CaseGraph& graph, Form form) {
  SessionOptions options;
  if (form == Form::kOpen) options.passes = PassOptions::None();
  ASSIGN_OR_RETURN(Session session, Session::Create(graph.b, options));
  RETURN_IF_ERROR(session.Initialize());
  if (graph.variables.empty()) return session.Run(graph.feeds, graph.outputs);
  std::map<std::string, Tensor> before = session.VariableValues();
  for (auto& [name, value] : before) {
    ASSIGN_OR_RETURN(value, value.Clone());
  }
  const absl::Status status =
      session.Run(graph.feeds, {graph.earlier_update, graph.outputs[0]}).status();
  const std::map<std::string, Tensor> after = session.VariableValues();
  for (const auto& [name, value] : before) {
    if (status.ok() || value.Identical(after.at(name))) continue;
    return Wrong(absl::StrCat("a run that failed changed variable '", name, "'"));
  }
  RETURN_IF_ERROR(status);
  std::vector<Tensor> results;
  for (const std::string& name : graph.variables) results.push_back(after.at(name));
  return results;
}

double Epsilon(DType dtype) {
  switch (dtype) {
    case kFloat:
      return 0x1p-23;
    case kDouble:
      return 0x1p-52;
    case kBFloat16:
      return 0x1p-7;
    case kHalf:
      return 0x1p-10;
    default:
      return 0;
  }
}

bool Near(double got, double want, double tolerance) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) == std::isnan(want);
  if (got == want) return true;
  return std::abs(got - want) <= tolerance * std::max(1.0, std::abs(want));
}

absl::Status Compare(const Array& got, const Array& want, double tolerance,
                     const std::string& what) {
  if (got.shape != want.shape) {
    return Wrong(
        absl::StrCat(what, " has shape ", got.shape.ToString(), ", not ", want.shape.ToString()));
  }
  for (size_t j = 0; j < got.values.size(); ++j) {
    if (!Near(got.values[j], want.values[j], tolerance)) {
      return Wrong(absl::StrCat(what, " element ", j, " is ", absl::SixDigits(got.values[j]),
                                ", not ", absl::SixDigits(want.values[j]), " (off by ",
                                got.values[j] - want.values[j], ")"));
    }
  }
  return absl::OkStatus();
}

// What the shape function made of the outputs.
absl::Status CheckInferred(const CaseGraph& graph, const std::vector<Tensor>& got, Form form,
                           bool dynamic) {
  if (!graph.variables.empty()) return absl::OkStatus();
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const PartialShape& inferred = graph.outputs[i].shape();
    const bool fits = inferred.Compatible(got[i].shape());
    if (!fits || (form == Form::kDeclared && !dynamic && !inferred.fully_defined())) {
      return Wrong(absl::StrCat("output ", i, " was inferred as ", inferred.ToString(), " and is ",
                                got[i].shape().ToString()));
    }
    if (graph.outputs[i].dtype() != got[i].dtype()) return Wrong("an output has another type");
  }
  return absl::OkStatus();
}

// Gradients of `loss`; zeros where nothing flows.
absl::Status AddGradients(const OpCases& cases, GradientGraph& g) {
  ASSIGN_OR_RETURN(const std::vector<Gradient> flows, Gradients(g.graph.b, {g.loss}, g.xs));
  const auto flow = [](const Gradient& x) { return x.dense.valid() || x.values.valid(); };
  const bool any = std::any_of(flows.begin(), flows.end(), flow);
  if (any == (cases.gradient == GradientKind::kZero)) {
    return Wrong(any ? "a gradient flows through the op" : "no gradient flows through the op");
  }
  for (size_t i = 0; i < g.xs.size(); ++i) {
    g.gradients.push_back(Densify(g.graph.b, flows[i], g.xs[i]));
  }
  return g.graph.b.status();
}

Output WeightedSum(const GraphBuilder& b, Output y, const Array& weights) {
  return Sum(b, Mul(b, y, Const(b, ToTensor(weights, y.dtype()))));
}

absl::StatusOr<std::vector<Tensor>> RunOutputs(const GradientGraph& g, const Feeds& feeds,
                                               const std::vector<Output>& fetches) {
  ASSIGN_OR_RETURN(Session session, Session::Create(g.graph.b));
  return session.Run(feeds, fetches);
}

// The loss by the oracle, with input `i` replaced.
double OracleLoss(const OpCases& cases, const GradientGraph& g, const OpCall& call) {
  const std::vector<Array> y = cases.oracle(call);
  double loss = 0;
  for (size_t k = 0; k < g.weights.size(); ++k) {
    for (size_t j = 0; j < g.weights[k].values.size(); ++j) {
      loss += g.weights[k].values[j] * y[k].values[j];
    }
  }
  return loss;
}

constexpr double kDelta = 1e-5;
constexpr double kDifferenceTolerance = 2e-7;

// `loss_at(input, element, shift)` is the loss with one element of an input shifted.
absl::Status CompareWithDifferences(
    const GradientGraph& g, const std::vector<Tensor>& analytic,
    const std::function<absl::StatusOr<double>(int, int64_t, double)>& loss_at, double tolerance,
    const std::string& what) {
  for (size_t x = 0; x < g.xs.size(); ++x) {
    const int i = g.inputs[x];
    const Array got = ToArray(analytic[x]);
    if (got.shape != g.graph.call.in[i].shape) return Wrong(what + " has another shape than x");
    const int64_t n = static_cast<int64_t>(got.values.size());
    for (int64_t j = 0; j < n; j += 1 + n / 24) {
      ASSIGN_OR_RETURN(const double above, loss_at(i, j, kDelta));
      ASSIGN_OR_RETURN(const double below, loss_at(i, j, -kDelta));
      const double want = (above - below) / (2 * kDelta);
      if (!Near(got.values[j], want, tolerance)) {
        return Wrong(absl::StrCat(what, " in input ", i, " element ", j, " is ",
                                  absl::SixDigits(got.values[j]), ", differences say ",
                                  absl::SixDigits(want)));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSecond(const GradientGraph& g) {
  if (!g.second_loss.valid()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Session session, Session::Create(g.graph.b));
  ASSIGN_OR_RETURN(const std::vector<Tensor> analytic, session.Run(g.graph.feeds, g.second));
  const auto loss_at = [&](int i, int64_t j, double shift) -> absl::StatusOr<double> {
    Feeds feeds = g.graph.feeds;
    for (auto& [output, value] : feeds) {
      if (output != g.graph.placeholders[i]) continue;
      ASSIGN_OR_RETURN(value, value.Clone());
      value.mutable_data<double>()[j] += shift;
    }
    ASSIGN_OR_RETURN(const std::vector<Tensor> run, session.Run(feeds, {g.second_loss}));
    return run[0].scalar<double>();
  };
  return CompareWithDifferences(g, analytic, loss_at, 10 * kDifferenceTolerance,
                                "the second gradient");
}

// The gradients in float against those in double.
absl::Status CompareInFloat(const OpCases& cases, const OpCase& one,
                            const std::vector<Tensor>& exact) {
  const absl::StatusOr<OpTypes> types = GradientTypes(cases, kFloat);
  if (!types.ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const GradientGraph g, BuildGradients(cases, one, *types));
  ASSIGN_OR_RETURN(const std::vector<Tensor> got, RunOutputs(g, g.graph.feeds, g.gradients));
  for (size_t x = 0; x < got.size(); ++x) {
    RETURN_IF_ERROR(Compare(ToArray(got[x]), ToArray(exact[x]),
                            8 * cases.tolerance * Epsilon(kFloat),
                            absl::StrCat("the gradient in float in input ", g.inputs[x])));
  }
  return absl::OkStatus();
}

// Combinations of the op's types, whether or not a kernel serves them.
std::vector<OpTypes> AllowedTypes(const OpDef& def) {
  std::vector<OpTypes> all = {{}};
  for (const TypeVariable& variable : def.types) {
    std::vector<OpTypes> longer;
    for (const OpTypes& types : all) {
      for (const DType dtype : variable.allowed) {
        longer.push_back(types);
        longer.back()[variable.name] = dtype;
      }
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

std::vector<OpTypes> ServedTypes(const OpCases& cases) {
  if (cases.build) return {{{"T", kFloat}}, {{"T", kDouble}}};
  const OpDef* def = OpRegistry::Global().Find(cases.op);
  std::vector<OpTypes> served;
  if (def == nullptr) return served;
  for (const OpTypes& types : AllowedTypes(*def)) {
    const std::vector<std::pair<std::string, DType>> list(types.begin(), types.end());
    if (KernelRegistry::Global().Find(cases.op, "cpu", list).ok()) served.push_back(types);
  }
  return served;
}

absl::StatusOr<OpTypes> GradientTypes(const OpCases& cases, DType dtype) {
  for (const OpTypes& types : ServedTypes(cases)) {
    const bool fits = std::all_of(types.begin(), types.end(), [&](const auto& type) {
      return !IsNumeric(type.second)   ? false
             : IsFloating(type.second) ? type.second == dtype
                                       : true;
    });
    const bool floating = std::any_of(types.begin(), types.end(),
                                      [](const auto& type) { return IsFloating(type.second); });
    if (fits && floating) return types;
  }
  return absl::NotFoundError(absl::StrCat("no kernel for ", DTypeName(dtype)));
}

absl::StatusOr<CaseGraph> BuildCase(const OpCases& cases, const std::vector<OpInput>& inputs,
                                    const AttrMap& attrs, const OpTypes& types, Form form) {
  CaseGraph graph;
  const OpDef* def = cases.build ? nullptr : OpRegistry::Global().Find(cases.op);
  if (def == nullptr && !cases.build) return Wrong("there is no such op");
  const int n = static_cast<int>(inputs.size());
  graph.call.types = types;
  graph.call.attrs = attrs;
  graph.placeholders.resize(n);
  ASSIGN_OR_RETURN(graph.call.input_types, InputTypes(cases, inputs, types));
  std::vector<Output> in;
  for (int i = 0; i < n; ++i) {
    const DType dtype = graph.call.input_types[i];
    // Rounded as the kernel will see it.
    graph.call.in.push_back(ToArray(ToTensor(ValuesOf(inputs[i], dtype, i + 1), dtype)));
    in.push_back(AddInput(graph, def, n, i, dtype, form));
  }
  if (cases.build) {
    graph.outputs = cases.build(graph.b, in);
    if (graph.b.ok()) return graph;
    return graph.b.status();
  }
  AttrMap all = attrs;
  for (const AttrDef& attr : def->attrs) {
    if (types.count(attr.name) > 0) all.Set(attr.name, types.at(attr.name));
    if (!all.Has(attr.name) && !attr.required())
      graph.call.attrs.Set(attr.name, attr.default_value);
  }
  if (def->updates > 0) {
    const Variable other(graph.b, "other", Const(graph.b, 0.0f));
    graph.earlier_update = AssignAdd(graph.b, other, Const(graph.b, 1.0f));
  }
  Node* node = BuilderRef(graph.b).AddNode(cases.op, in, all);
  if (node == nullptr) return graph.b.status();
  for (int i = 0; i < node->num_outputs(); ++i) graph.outputs.push_back(node->out(i));
  if (graph.outputs.empty()) graph.outputs.push_back(Output(node, Output::kControl));
  return graph;
}

absl::StatusOr<GradientGraph> BuildGradients(const OpCases& cases, const OpCase& one,
                                             const OpTypes& types) {
  GradientGraph g;
  ASSIGN_OR_RETURN(g.graph, BuildCase(cases, one.inputs, one.attrs, types, Form::kDeclared));
  const GraphBuilder& b = g.graph.b;
  if (!cases.oracle || !g.graph.variables.empty()) return g;
  const std::vector<Array> y = cases.oracle(g.graph.call);
  g.weights.resize(y.size());
  const auto listed = [](const std::vector<int>& list, int i) {
    return list.empty() || std::find(list.begin(), list.end(), i) != list.end();
  };
  for (int k = 0; k < static_cast<int>(y.size()); ++k) {
    const Output output = g.graph.outputs[k];
    if (!IsFloating(output.dtype()) || !listed(cases.loss_outputs, k)) continue;
    g.weights[k] = ValuesOf({.shape = y[k].shape, .low = -1, .high = 1}, kFloat, 1000 + k);
    const Output part = WeightedSum(b, output, g.weights[k]);
    g.loss = g.loss.valid() ? Add(b, g.loss, part) : part;
  }
  if (!g.loss.valid()) return g;
  for (int i = 0; i < static_cast<int>(one.inputs.size()); ++i) {
    const Output x = g.graph.placeholders[i];
    if (!x.valid() || !IsFloating(x.dtype()) || !listed(cases.gradient_inputs, i)) continue;
    g.xs.push_back(x);
    g.inputs.push_back(i);
  }
  if (g.xs.empty()) return g;
  RETURN_IF_ERROR(AddGradients(cases, g));
  if (cases.gradient != GradientKind::kTwice) return g;
  for (size_t i = 0; i < g.xs.size(); ++i) {
    const Array weights = ValuesOf({.shape = g.graph.call.in[g.inputs[i]].shape}, kFloat, 2000 + i);
    const Output part = WeightedSum(b, g.gradients[i], weights);
    g.second_loss = g.second_loss.valid() ? Add(b, g.second_loss, part) : part;
  }
  ASSIGN_OR_RETURN(g.second, DenseGradients(b, {g.second_loss}, g.xs));
  return g;
}

absl::Status CheckValues(const OpCases& cases, const OpCase& one, const OpTypes& types, Form form) {
  ASSIGN_OR_RETURN(const CaseGraph graph, BuildCase(cases, one.inputs, one.attrs, types, form));
  ASSIGN_OR_RETURN(const std::vector<Tensor> got, RunCase(graph, form));
  const OpDef* def = OpRegistry::Global().Find(cases.op);
  const bool dynamic = cases.dynamic || (def != nullptr && def->dynamic_output);
  RETURN_IF_ERROR(CheckInferred(graph, got, form, dynamic));
  std::vector<Array> outputs;
  for (const Tensor& tensor : got) outputs.push_back(ToArray(tensor));
  if (cases.property) {
    const std::string wrong = cases.property(graph.call, outputs);
    return wrong.empty() ? absl::OkStatus() : Wrong(wrong);
  }
  const std::vector<Array> want = cases.oracle(graph.call);
  if (want.size() != outputs.size()) return Wrong("the oracle has another number of outputs");
  for (size_t i = 0; i < want.size(); ++i) {
    // What is computed of 16-bit inputs is no nearer where it is stored as float.
    const auto type = types.find("T");
    const double coarse = type == types.end() ? 0 : Epsilon(type->second);
    const double epsilon = std::max(Epsilon(got[i].dtype()), coarse);
    RETURN_IF_ERROR(
        Compare(outputs[i], want[i], cases.tolerance * epsilon, absl::StrCat("output ", i)));
  }
  return absl::OkStatus();
}

absl::Status CheckGradient(const OpCases& cases, const OpCase& one) {
  const absl::StatusOr<OpTypes> types = GradientTypes(cases, kDouble);
  if (!types.ok() || !cases.oracle) return absl::OkStatus();
  const OpDef* def = cases.build ? nullptr : OpRegistry::Global().Find(cases.op);
  absl::StatusOr<GradientGraph> built = BuildGradients(cases, one, *types);
  if (def != nullptr && !def->gradient && !built.ok()) {
    const bool says_so = absl::StrContains(built.status().message(), "has no gradient");
    return says_so ? absl::OkStatus() : built.status();
  }
  RETURN_IF_ERROR(built.status());
  const GradientGraph& g = *built;
  if (g.xs.empty() || cases.gradient == GradientKind::kZero) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Tensor> analytic, RunOutputs(g, g.graph.feeds, g.gradients));
  const auto loss_at = [&](int i, int64_t j, double shift) -> absl::StatusOr<double> {
    OpCall call = g.graph.call;
    call.in[i].values[j] += shift;
    return OracleLoss(cases, g, call);
  };
  RETURN_IF_ERROR(
      CompareWithDifferences(g, analytic, loss_at, kDifferenceTolerance, "the gradient"));
  RETURN_IF_ERROR(CheckSecond(g));
  return CompareInFloat(cases, one, analytic);
}

absl::Status CheckBad(const OpCases& cases, const BadCase& bad) {
  const std::vector<OpTypes> served = ServedTypes(cases);
  if (served.empty()) return Wrong("no CPU kernel serves it");
  for (const Form form : {Form::kDeclared, Form::kOpen}) {
    absl::Status status;
    const absl::StatusOr<CaseGraph> graph =
        BuildCase(cases, bad.inputs, bad.attrs, served[0], form);
    status = graph.ok() ? RunCase(*graph, form).status() : graph.status();
    if (status.ok()) return Wrong("it ran");
    if (!absl::StrContains(status.message(), bad.message)) {
      return Wrong(absl::StrCat("the message is: ", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> CheckOp(const OpCases& cases) {
  std::vector<std::string> wrong;
  const auto note = [&](const std::string& where, const absl::Status& status) {
    if (!status.ok()) {
      wrong.push_back(absl::StrCat(cases.op, " '", where, "': ", std::string(status.message())));
    }
  };
  const std::vector<OpTypes> served = ServedTypes(cases);
  if (served.empty()) note("", Wrong("no CPU kernel serves it"));
  for (const OpCase& one : cases.cases) {
    for (const OpTypes& types : served) {
      for (const Form form : {Form::kDeclared, Form::kOpen}) {
        note(absl::StrCat(one.name, "'", ToString(types),
                          form == Form::kOpen ? ", open shapes '" : " '"),
             CheckValues(cases, one, types, form));
      }
    }
    note(one.name, CheckGradient(cases, one));
  }
  for (const BadCase& bad : cases.bad) note(bad.name, CheckBad(cases, bad));
  return wrong;
}

}  // namespace viv
