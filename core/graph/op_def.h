// What an op is: its inputs, outputs and attributes, the function that computes the shapes of its
// outputs and the one that builds its gradient. Ops register themselves from their file in
// core/ops; kernels are found by the op's name alone.
#ifndef VIV_CORE_GRAPH_OP_DEF_H_
#define VIV_CORE_GRAPH_OP_DEF_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/tensor/attr.h"

namespace viv {

class GradientContext;
class ShapeContext;

// The type of an input or output: a fixed one, the value of a type variable, or anything.
struct TypeSpec {
  TypeSpec(DType fixed) : fixed(fixed) {}                 // NOLINT
  TypeSpec(const char* variable) : variable(variable) {}  // NOLINT

  DType fixed = DType::kInvalid;
  // A type variable ("T"), bound by the inputs that use it, else by the attribute of that name;
  // "wide T": float where T has 16 bits, else T; "any": each input has a type of its own.
  std::string variable;

  bool any() const { return variable == "any"; }
};

enum class Arity { kOne, kMany };

struct InputDef {
  std::string name;
  TypeSpec type;
  // At most one input of an op is kMany: it takes all inputs that the others leave.
  Arity arity = Arity::kOne;
  // The shape function or the kernel reads the value on the host.
  bool host = false;
};

struct OutputDef {
  std::string name;
  TypeSpec type;
  // Only the last output may be kMany; `count` names the integer attribute that says how many, or
  // "inputs": as many as there are inputs of the kMany input, each of that input's type, or a list
  // attribute of types, each output having its own.
  Arity arity = Arity::kOne;
  std::string count;
};

struct AttrDef {
  // A required attribute.
  AttrDef(std::string name, AttrType type) : name(std::move(name)), type(type) {}
  // An optional one.
  AttrDef(std::string name, AttrValue default_value)
      : name(std::move(name)),
        type(default_value.type()),
        default_value(std::move(default_value)) {}
  // A string that is one of `allowed`; the first is the default.
  static AttrDef OneOf(std::string name, std::vector<std::string> allowed);

  bool required() const { return default_value.type() == AttrType::kNone; }

  std::string name;
  AttrType type;
  AttrValue default_value;
  std::vector<std::string> allowed;
};

// The types that a type variable may take.
struct TypeVariable {
  std::string name;
  std::vector<DType> allowed;
};
extern const std::vector<DType> kFloatingTypes;  // float, double, bfloat16, half
extern const std::vector<DType> kNumericTypes;   // and int8, uint8, int32, int64
extern const std::vector<DType> kNumberOrBool;   // and bool
extern const std::vector<DType> kIndexTypes;     // int32, int64
extern const std::vector<DType> kAllTypes;       // and string

using ShapeFn = std::function<absl::Status(ShapeContext&)>;
using GradientFn = std::function<absl::Status(GradientContext&)>;

// The gradient of an op through which nothing flows (comparisons, integers, random numbers).
GradientFn NotDifferentiable();

struct OpDef {
  std::string name;
  // One line; the formula and its source stand in the op's file.
  std::string doc;
  std::vector<InputDef> inputs;
  std::vector<OutputDef> outputs;
  std::vector<AttrDef> attrs;
  std::vector<TypeVariable> types;
  ShapeFn shape;
  // Empty: asking for it is an error ("has no gradient").
  GradientFn gradient;
  // Has an effect or depends on more than its inputs: never merged, folded or pruned while it is
  // fetched or a control input.
  bool stateful = false;
  // Draws random numbers: never merged or folded, but pruned when nobody uses it.
  bool random = false;
  // Updates variables: runs in the commit phase, after every read, all together. `updates` gives
  // the number of leading kResource inputs that are written. Such an op has no outputs.
  int updates = 0;
  // The shape of an output is known only when the kernel has run.
  bool dynamic_output = false;

  bool pure() const { return !stateful && !random && updates == 0; }
  const AttrDef* FindAttr(const std::string& name) const;
  const TypeVariable* FindType(const std::string& name) const;
  // Index of the kMany input, or -1.
  int VariadicInput() const;
};

// All ops of the process. Safe for concurrent use.
class OpRegistry {
 public:
  static OpRegistry& Global();

  // AlreadyExists for a second op of a name; InvalidArgument for a definition that contradicts
  // itself.
  absl::Status Register(OpDef def);
  // Null where there is none. Definitions live as long as the process.
  const OpDef* Find(const std::string& name) const;
  // Sorted.
  std::vector<std::string> Names() const;

 private:
  struct State;
  OpRegistry();
  State* state_;
};

// A static object of this type in an op's file registers it when the library is loaded. A
// definition that contradicts itself dies there: it is a bug of its author.
class OpRegistration {
 public:
  explicit OpRegistration(OpDef def);
};

}  // namespace viv

#endif  // VIV_CORE_GRAPH_OP_DEF_H_
