// A server of models: one process, one port, models from bundles, each in a slot.
//
//   ModelServer server({.port = 8080});
//   ModelSlot& slot = server.AddModel("translate_en_fr", directory, loader);
//   server.AddRoute({"POST", "/translate", ...});     what an app offers beside the protocol
//   RETURN_IF_ERROR(server.Start());                  listens, loads, warms up
//   server.Wait();
#ifndef VIV_CORE_SERVING_MODEL_SERVER_H_
#define VIV_CORE_SERVING_MODEL_SERVER_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/serving/http_server.h"
#include "core/serving/model_slot.h"

namespace viv {

struct ModelServerOptions {
  HttpServerOptions http;
  BatcherOptions batching;
  // How often the folders are looked at for a new bundle; 0: never.
  int reload_seconds = 1;
};

class ModelServer {
 public:
  explicit ModelServer(const ModelServerOptions& options);
  // Ends as HttpServer does.
  ~ModelServer();
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  // Before Start(). The slot lives as long as the server. `files`: as ModelSlot's.
  ModelSlot& AddModel(const std::string& name, const std::string& directory,
                      ServedModelLoader loader, std::vector<std::string> files = {});
  void AddRoute(HttpRoute route);

  // Listens at once, so that health can be asked for, and serves each model when it is warm;
  // returns when all are. Errors of the port and of the first model that cannot be loaded.
  // Beside the models' routes there are the Open Inference Protocol's, and GET /metrics.
  absl::Status Start();
  int port() const { return http_->port(); }
  // Blocks until SIGINT or SIGTERM. These signals have to be blocked (BlockSignals) before the
  // process starts a thread.
  void Wait();
  static void BlockSignals();

 private:
  // Counts and times the requests of a route.
  HttpRoute Measured(const HttpRoute& route);
  void Watch();

  const ModelServerOptions options_;
  Metrics metrics_;
  std::vector<std::unique_ptr<ModelSlot>> slots_;
  std::vector<HttpRoute> routes_;
  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ VIV_GUARDED_BY(mutex_) = false;
  std::thread watcher_;
  // The first to go: its requests use all of the above.
  std::unique_ptr<HttpServer> http_;
};

}  // namespace viv

#endif  // VIV_CORE_SERVING_MODEL_SERVER_H_
