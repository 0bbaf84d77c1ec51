// caption_image_serve: a captioner behind a port, with a page to drop photos on.
#include "apps/program.h"
#include "apps/server.h"
#include "core/runtime/session.h"
#include "models/captions/captioner.h"
#include "models/serving/captions/served_captioner.h"

DEFINE_string(model, "", "bundle to serve; the one that comes with the program where empty");
DEFINE_int32(beam, 3, "sentences that the search keeps");
DEFINE_string(precision, "f32", "f32, or bf16 or int8: faster and less exact");
DEFINE_int32(max_batch, 16, "photos that are described together");
DEFINE_int32(max_body_mb, 32, "requests with a larger body are refused");

constexpr char kUsageText[] =
    "serves a captioner of photos over HTTP until Ctrl-C.\n\n"
    "  caption_image_serve --port 8080\n"
    "  curl 'localhost:8080/caption?nbest=3' --data-binary @photo.jpg\n\n"
    "A page to drop photos on is at /, the Open Inference Protocol under /v2 (photos in base64),\n"
    "figures for Prometheus at /metrics. A bundle that is replaced while it is served is loaded\n"
    "within seconds.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "caption_image_serve", kUsageText);
  if (!arguments.empty()) return FailUsage("there are no arguments beside flags");
  if (FLAGS_max_batch < 1 || FLAGS_max_body_mb < 1 || FLAGS_beam < 1) {
    return FailUsage("--beam, --max_batch and --max_body_mb are at least 1");
  }
  const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  std::string bundle = FLAGS_model;
  if (bundle.empty()) {
    const absl::StatusOr<std::string> shipped = FindCaptionerBundle(Env::Default());
    if (!shipped.ok()) return Fail(shipped.status());
    bundle = *shipped;
  }

  ModelServer::BlockSignals();
  ModelServer server(
      {.http = HttpOfFlags(FLAGS_max_body_mb), .batching = {.max_batch = FLAGS_max_batch}});
  ModelSlot& slot =
      server.AddModel(BaseName(bundle), bundle, CaptionerLoader(FLAGS_beam, *precision));
  server.AddRoute(
      CaptionRoute([&slot](const std::vector<ServedItem>& items) { return slot.Infer(items); }));
  return Serve(server);
}
