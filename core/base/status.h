// Macros and helpers for absl::Status.
#ifndef VIV_CORE_BASE_STATUS_H_
#define VIV_CORE_BASE_STATUS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the function with the error that `expr`, an absl::Status, holds.
#define RETURN_IF_ERROR(expr)                                   \
  do {                                                          \
    if (absl::Status viv_status_ = (expr); !viv_status_.ok()) { \
      return viv_status_;                                       \
    }                                                           \
  } while (false)

#define VIV_STATUS_CONCAT_INNER_(a, b) a##b
#define VIV_STATUS_CONCAT_(a, b) VIV_STATUS_CONCAT_INNER_(a, b)

// Assigns the value of `expr`, an absl::StatusOr, to `lhs` (which may declare a variable), or
// returns its error from the function.
#define ASSIGN_OR_RETURN(lhs, expr) \
  VIV_ASSIGN_OR_RETURN_(VIV_STATUS_CONCAT_(viv_statusor_, __LINE__), lhs, expr)
#define VIV_ASSIGN_OR_RETURN_(temporary, lhs, expr)          \
  auto temporary = (expr);                                   \
  if (!temporary.ok()) return std::move(temporary).status(); \
  lhs = *std::move(temporary)

namespace viv {

// "prefix: message" with the same code; an OK status as it is.
absl::Status Annotate(const absl::Status& status, const std::string& prefix);

}  // namespace viv

#endif  // VIV_CORE_BASE_STATUS_H_
