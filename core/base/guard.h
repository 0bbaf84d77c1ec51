// The one place where exceptions of third-party libraries end.
#ifndef VIV_CORE_BASE_GUARD_H_
#define VIV_CORE_BASE_GUARD_H_

#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace viv {

// Calls `function`, which returns void or an absl::Status, and turns what it throws into a Status
// that begins with `what`: ResourceExhausted for std::bad_alloc, else Internal.
template <typename F>
absl::Status RunGuarded(const std::string& what, F&& function) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      std::forward<F>(function)();
      return absl::OkStatus();
    } else {
      return std::forward<F>(function)();
    }
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(what + ": out of memory");
  } catch (const std::exception& e) {
    return absl::InternalError(what + ": " + e.what());
  }
}

}  // namespace viv

#endif  // VIV_CORE_BASE_GUARD_H_
