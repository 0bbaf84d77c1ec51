// Puts slots, routes and metrics together.
#include "core/serving/model_server.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/guard.h"
#include "core/base/logging.h"
#include "core/base/status.h"
#include "core/serving/open_inference.h"

namespace viv {
namespace {

constexpr char kRequests[] = "vivarium_requests_total";
constexpr char kSeconds[] = "vivarium_request_seconds";
constexpr int kLoadingNice = 15;

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

ModelServer::ModelServer(const ModelServerOptions& options) : options_(options) {
  ModelSlot::DeclareMetrics(metrics_);
  metrics_.DeclareCounter(kRequests, "Requests by path and code.");
  metrics_.DeclareHistogram(kSeconds, "Seconds from a request read to its reply made.",
                            {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10});
}

ModelServer::~ModelServer() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    stopped_.NotifyAll();
  }
  if (watcher_.joinable()) watcher_.join();
}

ModelSlot& ModelServer::AddModel(const std::string& name, const std::string& directory,
                                 ServedModelLoader loader, std::vector<std::string> files) {
  slots_.push_back(std::make_unique<ModelSlot>(name, directory, std::move(loader),
                                               options_.batching, &metrics_, std::move(files)));
  return *slots_.back();
}

void ModelServer::AddRoute(HttpRoute route) { routes_.push_back(std::move(route)); }

HttpRoute ModelServer::Measured(const HttpRoute& route) {
  HttpRoute measured = route;
  measured.handler = [this, path = route.label.empty() ? route.pattern : route.label,
                      answer = route.handler](const HttpRequest& r) {
    const auto begin = std::chrono::steady_clock::now();
    HttpReply reply;
    // A handler's bug is the reply's error, not the server's end.
    const absl::Status status = RunGuarded("the request failed", [&] { reply = answer(r); });
    if (!status.ok()) reply = ErrorReply(status);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    metrics_.Observe(kSeconds, {{"path", path}}, took.count());
    metrics_.Count(kRequests, {{"path", path}, {"code", absl::StrCat(reply.status)}});
    VLOG(1) << r.method << " " << r.path << " " << reply.status << " " << took.count() << " s";
    return reply;
  };
  return measured;
}

absl::Status ModelServer::Start() {
  std::vector<ModelSlot*> slots;
  for (const auto& slot : slots_) slots.push_back(slot.get());
  std::vector<HttpRoute> routes;
  for (const HttpRoute& route : OpenInferenceRoutes(slots)) routes.push_back(Measured(route));
  for (const HttpRoute& route : routes_) routes.push_back(Measured(route));
  routes.push_back({"GET", "/metrics", [this](const HttpRequest&) {
                      return HttpReply{.content_type = "text/plain; version=0.0.4",
                                       .body = metrics_.Text()};
                    }});
  ASSIGN_OR_RETURN(http_, HttpServer::Start(options_.http, routes));
  for (ModelSlot* slot : slots) RETURN_IF_ERROR(slot->Load());
  if (options_.reload_seconds <= 0) return absl::OkStatus();
  return RunGuarded("cannot start a thread",
                    [this] { watcher_ = std::thread([this] { Watch(); }); });
}

void ModelServer::Watch() {
  // Who asks the old model goes before who loads a new one. (Linux: of this thread alone.)
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kLoadingNice);
  MutexLock lock(mutex_);
  while (!stopping_) {
    stopped_.WaitFor(mutex_, std::chrono::seconds(options_.reload_seconds));
    if (stopping_) return;
    mutex_.Unlock();
    for (const auto& slot : slots_) {
      const absl::Status status = slot->ReloadIfChanged();
      if (!status.ok()) LOG(ERROR) << status.message() << "; the old one goes on";
    }
    mutex_.Lock();
  }
}

void ModelServer::BlockSignals() {
  const sigset_t set = EndSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void ModelServer::Wait() {
  const sigset_t set = EndSignals();
  int signal = 0;
  sigwait(&set, &signal);
}

}  // namespace viv
