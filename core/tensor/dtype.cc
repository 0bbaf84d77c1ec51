// Names and sizes of the element types.
#include "core/tensor/dtype.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace viv {
namespace {

struct Info {
  const char* name;
  size_t size;
};

constexpr std::array<Info, 12> kInfo = {{{"invalid", 0},
                                         {"float", 4},
                                         {"double", 8},
                                         {"bfloat16", 2},
                                         {"half", 2},
                                         {"int8", 1},
                                         {"uint8", 1},
                                         {"int32", 4},
                                         {"int64", 8},
                                         {"bool", 1},
                                         {"string", sizeof(std::string)},
                                         {"resource", 0}}};

}  // namespace

const char* DTypeName(DType dtype) {
  const auto index = static_cast<size_t>(dtype);
  return index < kInfo.size() ? kInfo[index].name : "unknown";
}

absl::StatusOr<DType> ParseDType(absl::string_view name) {
  for (size_t i = 1; i < kInfo.size(); ++i) {
    if (name == kInfo[i].name) return static_cast<DType>(i);
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown element type '", name, "'"));
}

size_t DTypeSize(DType dtype) {
  const auto index = static_cast<size_t>(dtype);
  return index < kInfo.size() ? kInfo[index].size : 0;
}

}  // namespace viv
