// The registry of op cases and what oracles are made of.
#include "op_case.h"

#include <cmath>
#include <limits>

#include "core/base/logging.h"

namespace viv {
namespace {

// Calls f with a value of the C++ type of `dtype`.
template <typename F>
void WithType(DType dtype, F f) {
  switch (dtype) {
    case kFloat:
      return f(float{});
    case kDouble:
      return f(double{});
    case kBFloat16:
      return f(BFloat16());
    case kHalf:
      return f(Half());
    case kInt8:
      return f(int8_t{});
    case kUInt8:
      return f(uint8_t{});
    case kInt32:
      return f(int32_t{});
    case kInt64:
      return f(int64_t{});
    case kBool:
      return f(bool{});
    case kString:
      return f(std::string());
    default:
      LOG(FATAL) << "no elements of type " << DTypeName(dtype);
  }
}

template <typename T>
T FromDouble(double v) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::to_string(static_cast<int64_t>(v));
  } else if constexpr (std::is_same_v<T, BFloat16> || std::is_same_v<T, Half>) {
    return T(static_cast<float>(v));
  } else if constexpr (std::is_same_v<T, bool>) {
    return v != 0;
  } else {
    return static_cast<T>(v);
  }
}

template <typename T>
double AsDouble(const T& v) {
  if constexpr (std::is_same_v<T, std::string>) {
    return v.empty() ? std::numeric_limits<double>::quiet_NaN() : std::stod(v);
  } else if constexpr (std::is_same_v<T, BFloat16> || std::is_same_v<T, Half>) {
    return static_cast<float>(v);
  } else {
    return static_cast<double>(v);
  }
}

std::map<std::string, OpCases>& Registry() {
  static auto* const registry = new std::map<std::string, OpCases>;
  return *registry;
}

void Register(OpCases cases) {
  const std::string op = cases.op;
  CHECK(Registry().emplace(op, std::move(cases)).second) << "two files have cases of " << op;
}

}  // namespace

size_t Array::Offset(absl::Span<const int64_t> index) const {
  CHECK_EQ(static_cast<int>(index.size()), shape.rank());
  int64_t offset = 0;
  for (size_t i = 0; i < index.size(); ++i) {
    CHECK(index[i] >= 0 && index[i] < shape.dim(i))
        << "an oracle reads outside " << shape.ToString();
    offset = offset * shape.dim(i) + index[i];
  }
  return offset;
}

Tensor ToTensor(const Array& array, DType dtype) {
  absl::StatusOr<Tensor> tensor = Tensor::Make(dtype, array.shape);
  CHECK(tensor.ok()) << tensor.status();
  WithType(dtype, [&]<typename T>(T) {
    T* out = tensor->mutable_data<T>();
    for (size_t i = 0; i < array.values.size(); ++i) out[i] = FromDouble<T>(array.values[i]);
  });
  return *tensor;
}

Array ToArray(const Tensor& tensor) {
  Array array(tensor.shape());
  WithType(tensor.dtype(), [&]<typename T>(T) {
    const T* in = tensor.data<T>();
    for (size_t i = 0; i < array.values.size(); ++i) array.values[i] = AsDouble(in[i]);
  });
  return array;
}

OpInput Uniform(const Shape& shape, double low, double high) {
  return {.shape = shape, .low = low, .high = high};
}
OpInput Given(const Shape& shape, std::vector<double> values, DType type) {
  CHECK_EQ(static_cast<int64_t>(values.size()), shape.num_elements());
  return {.shape = shape, .values = std::move(values), .type = type};
}
OpInput GivenShape(const std::vector<int64_t>& extents) {
  return Given({static_cast<int64_t>(extents.size())},
               std::vector<double>(extents.begin(), extents.end()), kInt64);
}

OpCaseRegistration::OpCaseRegistration(OpCases cases) { Register(std::move(cases)); }
OpCaseRegistration::OpCaseRegistration(const std::vector<OpCases>& family) {
  for (const OpCases& cases : family) Register(cases);
}
const std::map<std::string, OpCases>& AllOpCases() { return Registry(); }

Shape BroadcastOf(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(rank);
  for (int i = 0; i < rank; ++i) {
    const int in_a = i - rank + a.rank(), in_b = i - rank + b.rank();
    const int64_t of_a = in_a < 0 ? 1 : a.dim(in_a), of_b = in_b < 0 ? 1 : b.dim(in_b);
    dims[i] = of_a == 1 ? of_b : of_a;
  }
  return Shape(dims);
}

double BroadcastAt(const Array& a, absl::Span<const int64_t> index) {
  std::vector<int64_t> own(index.end() - a.shape.rank(), index.end());
  for (int i = 0; i < a.shape.rank(); ++i) {
    if (a.dim(i) == 1) own[i] = 0;
  }
  return a(own);
}

void ForEachIndex(const Shape& shape, const std::function<void(absl::Span<const int64_t>)>& f) {
  std::vector<int64_t> index(shape.rank(), 0);
  for (int64_t n = shape.num_elements(); n > 0; --n) {
    f(index);
    for (int i = shape.rank() - 1; i >= 0 && ++index[i] == shape.dim(i); --i) index[i] = 0;
  }
}

namespace {

// What type T makes of an exact value: unsigned integers wrap.
double Wrapped(const OpCall& call, double value) {
  const auto type = call.types.find("T");
  if (type == call.types.end() || type->second != kUInt8) return value;
  return value - 256 * std::floor(value / 256);
}

}  // namespace

Oracle Elementwise(std::function<double(double)> f) {
  return [f](const OpCall& call) {
    Array y = call[0];
    for (double& v : y.values) v = Wrapped(call, f(v));
    return std::vector<Array>{y};
  };
}

Oracle Elementwise(std::function<double(double, double)> f) {
  return [f](const OpCall& call) {
    Array z(BroadcastOf(call[0].shape, call[1].shape));
    ForEachIndex(z.shape, [&](absl::Span<const int64_t> i) {
      z(i) = Wrapped(call, f(BroadcastAt(call[0], i), BroadcastAt(call[1], i)));
    });
    return std::vector<Array>{z};
  };
}

}  // namespace viv
