// Linked into programs that have a page.
#include "apps/server.h"

#include <cstdio>

#include "apps/page.h"
#include "apps/program.h"

DEFINE_string(host, "127.0.0.1", "address to listen on; 0.0.0.0 for all of this machine");
DEFINE_int32(port, 8080, "port to listen on; 0 for any that is free");

namespace viv {

HttpServerOptions HttpOfFlags(int max_body_mb) {
  return {.host = FLAGS_host,
          .port = FLAGS_port,
          .max_body_bytes = static_cast<size_t>(max_body_mb) << 20};
}

int Serve(ModelServer& server) {
  server.AddRoute(PageRoute(kPageHtml));
  const absl::Status status = server.Start();
  if (!status.ok()) return Fail(status);
  std::fprintf(stderr, "ready: http://%s:%d/\n", FLAGS_host.c_str(), server.port());
  server.Wait();
  return kSuccess;
}

}  // namespace viv
