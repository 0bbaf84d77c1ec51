// HTTP by cpp-httplib.
#include "core/serving/http_server.h"

#include <sys/socket.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/status.h"
#include "httplib.h"

namespace viv {
namespace {

// Connections that the system holds ready; the library asks for 5, and the sixth client of a rush
// would wait a second for its next try.
constexpr int kBacklog = 512;

HttpRequest ToRequest(const httplib::Request& from) {
  HttpRequest request{.method = from.method, .path = from.path, .body = from.body};
  for (size_t i = 1; i < from.matches.size(); ++i) request.groups.push_back(from.matches[i].str());
  for (const auto& [name, value] : from.params) request.parameters[name] = value;
  return request;
}

void SetReply(const HttpReply& from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  to.set_content(from.body, from.content_type);
}

// What is wrong with a request that no handler saw.
std::string Reason(int status) {
  switch (status) {
    case 404:
      return "there is nothing at this path for this method";
    case 413:
      return "the body is larger than this server takes";
    default:
      return "the request could not be read";
  }
}

}  // namespace

struct HttpServer::State {
  httplib::Server server;
  int socket = -1;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<State> state, int port)
    : state_(std::move(state)), port_(port) {}

HttpServer::~HttpServer() {
  state_->server.stop();
  state_->thread.join();
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, const std::vector<HttpRoute>& routes) {
  if (options.port < 0 || options.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("port ", options.port, ": a port lies between 0 and 65535"));
  }
  auto state = std::make_unique<State>();
  httplib::Server& server = state->server;
  for (const HttpRoute& route : routes) {
    const httplib::Server::Handler handler =
        [answer = route.handler](const httplib::Request& request, httplib::Response& reply) {
          SetReply(answer(ToRequest(request)), reply);
        };
    RETURN_IF_ERROR(RunGuarded(route.pattern, [&] {
      route.method == "POST" ? server.Post(route.pattern, handler)
                             : server.Get(route.pattern, handler);
    }));
  }
  server.set_error_handler([](const httplib::Request&, httplib::Response& reply) {
    if (!reply.body.empty()) return;
    HttpReply error = ErrorReply(absl::InvalidArgumentError(Reason(reply.status)));
    error.status = reply.status;
    SetReply(error, reply);
  });
  server.new_task_queue = [count = options.connections] { return new httplib::ThreadPool(count); };
  server.set_payload_max_length(options.max_body_bytes);
  server.set_read_timeout(options.timeout_seconds);
  server.set_write_timeout(options.timeout_seconds);
  server.set_keep_alive_max_count(size_t{1} << 30);
  server.set_keep_alive_timeout(options.timeout_seconds);
  server.set_tcp_nodelay(true);
  // The library's own options let several servers share a port without a word.
  server.set_socket_options([socket = &state->socket](int fd) {
    *socket = fd;
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  const int port = options.port == 0 ? server.bind_to_any_port(options.host)
                   : server.bind_to_port(options.host, options.port) ? options.port
                                                                     : -1;
  if (port < 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options.host, ":", options.port,
                                               ": the port is in use, or the address is not this "
                                               "machine's; choose another --port or --host"));
  }
  ::listen(state->socket, kBacklog);
  RETURN_IF_ERROR(RunGuarded("cannot start the server's thread", [&] {
    state->thread = std::thread([&server] { server.listen_after_bind(); });
  }));
  // A server that is stopped before it began would begin.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state), port));
}

}  // namespace viv
