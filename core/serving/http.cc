// Errors as replies.
#include "core/serving/http.h"

#include "nlohmann/json.hpp"

namespace viv {
namespace {

int HttpCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace

HttpReply ErrorReply(const absl::Status& status) {
  HttpReply reply{.status = HttpCode(status.code())};
  // What a client sent may be no UTF-8, and messages quote it.
  reply.body = nlohmann::json{{"error", std::string(status.message())}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (reply.status == 503) reply.headers["Retry-After"] = "1";
  return reply;
}

HttpRoute PageRoute(const char* html) {
  return {"GET", "/", [html](const HttpRequest&) {
            return HttpReply{.content_type = "text/html; charset=utf-8", .body = html};
          }};
}

}  // namespace viv
