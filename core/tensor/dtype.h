// The element types of tensors and what one may ask of them. kResource is no element type: it marks
// the edge from a variable node to the nodes that read or update it.
#ifndef VIV_CORE_TENSOR_DTYPE_H_
#define VIV_CORE_TENSOR_DTYPE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/tensor/float16.h"

namespace viv {

// The numbers are written into files: append, never renumber.
enum class DType : uint8_t {
  kInvalid = 0,
  kFloat = 1,
  kDouble = 2,
  kBFloat16 = 3,
  kHalf = 4,
  kInt8 = 5,
  kUInt8 = 6,
  kInt32 = 7,
  kInt64 = 8,
  kBool = 9,
  kString = 10,
  kResource = 11,
};
using enum DType;

// "float", "bfloat16", "int64", ...
const char* DTypeName(DType dtype);
absl::StatusOr<DType> ParseDType(absl::string_view name);

// Bytes of one element in memory; sizeof(std::string) for kString, 0 for kInvalid and kResource.
size_t DTypeSize(DType dtype);

inline bool IsFloating(DType t) {
  return t == kFloat || t == kDouble || t == kBFloat16 || t == kHalf;
}
inline bool IsInteger(DType t) { return t == kInt8 || t == kUInt8 || t == kInt32 || t == kInt64; }
inline bool IsNumeric(DType t) { return IsFloating(t) || IsInteger(t); }

// The DType of a C++ type: DTypeOf<float> == kFloat.
template <typename T>
inline constexpr DType DTypeOf = DType::kInvalid;
template <>
inline constexpr DType DTypeOf<float> = kFloat;
template <>
inline constexpr DType DTypeOf<double> = kDouble;
template <>
inline constexpr DType DTypeOf<BFloat16> = kBFloat16;
template <>
inline constexpr DType DTypeOf<Half> = kHalf;
template <>
inline constexpr DType DTypeOf<int8_t> = kInt8;
template <>
inline constexpr DType DTypeOf<uint8_t> = kUInt8;
template <>
inline constexpr DType DTypeOf<int32_t> = kInt32;
template <>
inline constexpr DType DTypeOf<int64_t> = kInt64;
template <>
inline constexpr DType DTypeOf<bool> = kBool;
template <>
inline constexpr DType DTypeOf<std::string> = kString;

}  // namespace viv

#endif  // VIV_CORE_TENSOR_DTYPE_H_
