// A server for HTTP/1.1: routes, limits, and an end that loses no reply.
#ifndef VIV_CORE_SERVING_HTTP_SERVER_H_
#define VIV_CORE_SERVING_HTTP_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/serving/http.h"

namespace viv {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  // 0: any that is free.
  int port = 8080;
  // Connections that are served at a time, each on a thread of its own that mostly waits; others
  // wait for one to end.
  int connections = 256;
  // A larger body is refused (413).
  size_t max_body_bytes = size_t{16} << 20;
  // A client that sends or takes nothing for so long loses its connection.
  int timeout_seconds = 10;
};

// Serves until it is destroyed. Safe for concurrent use.
class HttpServer {
 public:
  // Unavailable where the port cannot be had; InvalidArgument for a port out of range. The first
  // route that matches answers. Handlers must not throw.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           const std::vector<HttpRoute>& routes);
  // Refuses new connections and waits for the replies under way.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }

 private:
  struct State;
  HttpServer(std::unique_ptr<State> state, int port);
  std::unique_ptr<State> state_;
  const int port_;
};

}  // namespace viv

#endif  // VIV_CORE_SERVING_HTTP_SERVER_H_
