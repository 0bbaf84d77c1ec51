// Whether text is UTF-8.
#ifndef VIV_CORE_BASE_UTF8_H_
#define VIV_CORE_BASE_UTF8_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace viv {

// The offset of the first byte that begins no valid character (overlong forms, surrogates and code
// points above U+10FFFF are invalid: RFC 3629); nothing where all of `text` is valid.
std::optional<size_t> FirstInvalidUtf8(absl::string_view text);

inline bool IsValidUtf8(absl::string_view text) { return !FirstInvalidUtf8(text).has_value(); }

}  // namespace viv

#endif  // VIV_CORE_BASE_UTF8_H_
