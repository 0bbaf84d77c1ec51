// Shape inference helpers and the ready-made shape functions.
#include "core/graph/shape_context.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace viv {

const Tensor* ShapeContext::ConstantValue(int i) {
  const Tensor* value = value_ ? value_(i) : nullptr;
  if (value == nullptr) missed_value_ = true;
  return value;
}

absl::StatusOr<PartialShape> ShapeContext::ConstantAsShape(int i) {
  const PartialShape& shape = input(i);
  if (shape.known_rank() && shape.rank() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("input ", i, " is a shape and must be a vector, not ", shape.ToString()));
  }
  if (shape.known_rank() && shape.dim(0) > Shape::kMaxRank) {
    return absl::InvalidArgumentError(absl::StrCat("input ", i, " is a shape of rank ",
                                                   shape.dim(0), ", above the limit of ",
                                                   Shape::kMaxRank));
  }
  const Tensor* value = ConstantValue(i);
  if (value == nullptr) {
    return shape.known_rank() && shape.dim(0) >= 0
               ? PartialShape::OfRank(static_cast<int>(shape.dim(0)))
               : PartialShape();
  }
  PartialShape result = PartialShape::Scalar();
  std::vector<int64_t> known;
  for (int64_t k = 0; k < value->num_elements(); ++k) {
    const int64_t extent = value->ElementAsInt(k);
    if (extent < -1) {
      return absl::InvalidArgumentError(absl::StrCat("input ", i, " asks for the extent ", extent));
    }
    result.Append(extent);
    if (extent >= 0) known.push_back(extent);
  }
  RETURN_IF_ERROR(Shape::Checked(known).status());
  return result;
}

std::vector<DType> ShapeContext::output_types() const {
  std::vector<DType> types;
  for (int i = 0; i < num_outputs(); ++i) types.push_back(output_type(i));
  return types;
}

namespace {

absl::Status CheckSignature(const Function& function, absl::Span<const DType> arguments,
                            absl::Span<const DType> results) {
  if (function.arguments().size() != arguments.size()) {
    return absl::InvalidArgumentError(absl::StrCat("takes ", function.arguments().size(),
                                                   " arguments, but is given ", arguments.size()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const DType type = function.arguments()[i]->output_type(0);
    if (type == arguments[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat("argument ", i, " is ", DTypeName(type),
                                                   ", but is given ", DTypeName(arguments[i])));
  }
  if (function.results().size() < results.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "returns ", function.results().size(), " results, but ", results.size(), " are wanted"));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const DType type = function.results()[i].dtype();
    if (type == results[i]) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("result ", i, " is ", DTypeName(type), ", not ", DTypeName(results[i])));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<PartialShape>> ShapeContext::FunctionShapes(
    const std::string& attr, absl::Span<const PartialShape> arguments, int first_input,
    absl::Span<const DType> result_types) const {
  const std::string& name = attrs().String(attr);
  const Function* function = node_.graph().library().Find(name);
  if (function == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("attribute '", attr, "' names the unknown function '", name, "'"));
  }
  std::vector<DType> types;
  for (size_t i = 0; i < arguments.size(); ++i) {
    types.push_back(input_type(first_input + static_cast<int>(i)));
  }
  RETURN_IF_ERROR(Annotate(CheckSignature(*function, types, result_types),
                           absl::StrCat("function '", name, "'")));
  for (size_t i = 0; i < arguments.size(); ++i) {
    const PartialShape& declared = function->arguments()[i]->output_shape(0);
    if (declared.Compatible(arguments[i])) continue;
    return absl::InvalidArgumentError(absl::StrCat("function '", name, "' takes ",
                                                   declared.ToString(), " as argument ", i,
                                                   ", but is given ", arguments[i].ToString()));
  }
  const bool known = std::all_of(arguments.begin(), arguments.end(),
                                 [](const PartialShape& s) { return s.fully_defined(); });
  std::vector<PartialShape> exact(result_types.size());
  if (known && function_shapes_) {
    ASSIGN_OR_RETURN(exact, function_shapes_(name, arguments, static_cast<int>(exact.size())));
    if (std::all_of(exact.begin(), exact.end(),
                    [](const PartialShape& s) { return s.fully_defined(); })) {
      return exact;
    }
  }
  // Also of what only the run of a function tells, something may be known.
  absl::StatusOr<std::vector<PartialShape>> shapes = InferFunctionShapes(*function, arguments);
  if (!shapes.ok()) return Annotate(shapes.status(), absl::StrCat("in function '", name, "'"));
  shapes->resize(exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    ASSIGN_OR_RETURN((*shapes)[i], exact[i].Merge((*shapes)[i]));
  }
  return shapes;
}

absl::Status WithRank(const ShapeContext& c, int input, int rank) {
  const PartialShape& shape = c.input(input);
  if (!shape.known_rank() || shape.rank() == rank) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input ", input, " has shape ", shape.ToString(),
                                                 " of rank ", shape.rank(), ", not ", rank));
}

absl::Status WithRankAtLeast(const ShapeContext& c, int input, int rank) {
  const PartialShape& shape = c.input(input);
  if (!shape.known_rank() || shape.rank() >= rank) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input ", input, " has shape ", shape.ToString(),
                                                 " of rank ", shape.rank(), ", below ", rank));
}

absl::StatusOr<PartialShape> BroadcastShapes(const PartialShape& a, const PartialShape& b) {
  if (!a.known_rank() || !b.known_rank()) return PartialShape();
  const int rank = std::max(a.rank(), b.rank());
  PartialShape result = PartialShape::OfRank(rank);
  for (int i = 0; i < rank; ++i) {
    const int ia = i - (rank - a.rank());
    const int ib = i - (rank - b.rank());
    const int64_t da = ia < 0 ? 1 : a.dim(ia);
    const int64_t db = ib < 0 ? 1 : b.dim(ib);
    if (da == 1) {
      result.set_dim(i, db);
    } else if (db == 1 || da == db) {
      result.set_dim(i, da);
    } else if (da < 0 || db < 0) {
      // An unknown extent against a known one above 1 must be that or 1.
      result.set_dim(i, std::max(da, db));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("shapes ", a.ToString(), " and ", b.ToString(),
                                                     " cannot be broadcast together"));
    }
  }
  return result;
}

absl::StatusOr<int> NormalizeAxis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    return absl::InvalidArgumentError(absl::StrCat("axis ", axis, " is outside rank ", rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

absl::Status ScalarShape(ShapeContext& c) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, PartialShape::Scalar());
  return absl::OkStatus();
}

absl::Status UnchangedShape(ShapeContext& c) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, c.input(0));
  return absl::OkStatus();
}

absl::Status BroadcastShape(ShapeContext& c) {
  PartialShape shape = PartialShape::Scalar();
  for (const PartialShape& input : c.inputs()) {
    ASSIGN_OR_RETURN(shape, BroadcastShapes(shape, input));
  }
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, shape);
  return absl::OkStatus();
}

absl::Status UnknownShape(ShapeContext&) { return absl::OkStatus(); }
absl::Status NoOutputs(ShapeContext&) { return absl::OkStatus(); }

absl::StatusOr<std::vector<PartialShape>> InferFunctionShapes(
    const Function& function, absl::Span<const PartialShape> arguments) {
  if (arguments.size() != function.arguments().size()) {
    return absl::InvalidArgumentError(absl::StrCat("function '", function.name(), "' takes ",
                                                   function.arguments().size(), " arguments, got ",
                                                   arguments.size()));
  }
  std::unordered_map<const Node*, std::vector<PartialShape>> shapes;
  for (size_t i = 0; i < arguments.size(); ++i) {
    shapes[function.arguments()[i]] = {arguments[i]};
  }
  ASSIGN_OR_RETURN(const std::vector<Node*> order, function.body().TopologicalOrder());
  for (const Node* node : order) {
    if (shapes.count(node) > 0) continue;
    std::vector<PartialShape> inputs;
    for (const Output& input : node->inputs()) inputs.push_back(shapes[input.node][input.index]);
    ShapeContext context(*node, std::move(inputs), [node](int i) -> const Tensor* {
      const Node& input = *node->input(i).node;
      return input.op_name() == "Const" ? &input.attrs().TensorAttr("value") : nullptr;
    });
    RETURN_IF_ERROR(Annotate(node->op().shape(context), node->Describe()));
    shapes[node] = context.outputs();
  }
  std::vector<PartialShape> results;
  for (const Output& result : function.results()) {
    results.push_back(shapes[result.node][result.index]);
  }
  return results;
}

}  // namespace viv
