// What the system says of a stream that fails.
#include "core/base/output.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace viv {

absl::Status Flush(std::ostream& out, const std::string& name) {
  errno = 0;
  out.flush();
  if (out.good()) return absl::OkStatus();
  const std::string why = errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno));
  return absl::UnavailableError(absl::StrCat("cannot write to ", name, why));
}

}  // namespace viv
