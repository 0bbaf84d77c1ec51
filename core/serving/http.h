// Requests and replies of HTTP as values, so that those who answer them need no server.
#ifndef VIV_CORE_SERVING_HTTP_H_
#define VIV_CORE_SERVING_HTTP_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace viv {

struct HttpRequest {
  std::string method, path, body;
  // What the groups of the route's pattern matched; "" for one that matched nothing.
  std::vector<std::string> groups;
  // Parameters of the address (?beam=5).
  std::map<std::string, std::string> parameters;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  // Further headers.
  std::map<std::string, std::string> headers;
};

// Called from several threads at a time.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

struct HttpRoute {
  std::string method;   // "GET" or "POST"
  std::string pattern;  // a regular expression (ECMAScript) for the whole path
  HttpHandler handler;
  // What figures call it; the pattern where empty.
  std::string label;
};

// {"error": "..."} with the code of HTTP that fits the status: 400, 404, 503, ...
HttpReply ErrorReply(const absl::Status& status);

// GET / answers with a page, which lives as long as the route.
HttpRoute PageRoute(const char* html);

}  // namespace viv

#endif  // VIV_CORE_SERVING_HTTP_H_
