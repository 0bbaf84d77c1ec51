// classify_image_serve: a classifier behind a port, with a page to drop photos on.
#include "apps/program.h"
#include "apps/server.h"
#include "core/runtime/session.h"
#include "models/serving/vision/served_classifier.h"
#include "models/vision/photo_classifier.h"

DEFINE_string(model, "", "bundle to serve; the one that comes with the program where empty");
DEFINE_string(precision, "f32", "f32, or bf16 or int8: faster and less exact");
DEFINE_int32(max_batch, 16, "photos that are classified together");
DEFINE_int32(max_body_mb, 32, "requests with a larger body are refused");

constexpr char kUsageText[] =
    "serves a classifier of photos over HTTP until Ctrl-C.\n\n"
    "  classify_image_serve --port 8080\n"
    "  curl 'localhost:8080/classify?top=3' --data-binary @photo.jpg\n\n"
    "A page to drop photos on is at /, the Open Inference Protocol under /v2 (photos in base64),\n"
    "figures for Prometheus at /metrics. With explain=1 the reply holds the photo with what spoke\n"
    "for the label drawn over it. A bundle that is replaced while it is served is loaded within\n"
    "seconds.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "classify_image_serve", kUsageText);
  if (!arguments.empty()) return FailUsage("there are no arguments beside flags");
  if (FLAGS_max_batch < 1 || FLAGS_max_body_mb < 1) {
    return FailUsage("--max_batch and --max_body_mb are at least 1");
  }
  const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  std::string bundle = FLAGS_model;
  if (bundle.empty()) {
    const absl::StatusOr<std::string> shipped = FindClassifierBundle(Env::Default());
    if (!shipped.ok()) return Fail(shipped.status());
    bundle = *shipped;
  }

  ModelServer::BlockSignals();
  ModelServer server(
      {.http = HttpOfFlags(FLAGS_max_body_mb), .batching = {.max_batch = FLAGS_max_batch}});
  ModelSlot& slot = server.AddModel(BaseName(bundle), bundle, ClassifierLoader(*precision));
  server.AddRoute(
      ClassifyRoute([&slot](const std::vector<ServedItem>& items) { return slot.Infer(items); }));
  return Serve(server);
}
