// translate_serve: translators behind a port, with a page to type into.
#include "absl/strings/str_split.h"
#include "apps/program.h"
#include "apps/server.h"
#include "core/base/parallel.h"
#include "models/language/translator.h"
#include "models/serving/language/served_translator.h"

DEFINE_string(model, "",
              "bundles to serve, separated by commas; all that come with the programs "
              "where empty");
DEFINE_string(glossary, "", "file of terms, 'term<tab>translation' a line, for a single bundle");
DEFINE_int32(beam, 5, "hypotheses that the search keeps; 1 is fastest");
DEFINE_string(precision, "auto", "as of translate: auto, f32, bf16 or int8");
DEFINE_int32(max_batch, 32, "sentences that are translated together");
DEFINE_int32(max_body_mb, 4, "requests with a larger body are refused");

constexpr char kUsageText[] =
    "serves translators over HTTP until Ctrl-C.\n\n"
    "  translate_serve --port 8080\n"
    "  curl localhost:8080/translate -d '{\"q\": \"A dog runs.\", \"source\": \"en\", \"target\": "
    "\"fr\"}'\n\n"
    "A page to type into is at /, the Open Inference Protocol under /v2, figures for Prometheus\n"
    "at /metrics. A bundle or glossary that is replaced while it is served is loaded within "
    "seconds.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "translate_serve", kUsageText);
  if (!arguments.empty()) return FailUsage("there are no arguments beside flags");
  if (FLAGS_beam < 1 || FLAGS_max_batch < 1 || FLAGS_max_body_mb < 1) {
    return FailUsage("--beam, --max_batch and --max_body_mb are at least 1");
  }
  const absl::StatusOr<DType> precision = ParseTranslationPrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  std::vector<std::string> bundles = absl::StrSplit(FLAGS_model, ',', absl::SkipEmpty());
  if (bundles.empty()) bundles = TranslatorBundles(Env::Default());
  if (bundles.empty()) return FailUsage("no translator comes with the programs: name a --model");
  if (!FLAGS_glossary.empty() && bundles.size() > 1) {
    return FailUsage("--glossary is of one pair of languages: name one --model");
  }

  ModelServer::BlockSignals();
  ModelServer server({.http = HttpOfFlags(FLAGS_max_body_mb),
                      .batching = {.max_batch = FLAGS_max_batch, .workers = MaxThreads()}});
  std::vector<TranslatorSlot> slots;
  for (const std::string& bundle : bundles) {
    ModelSlot& slot = server.AddModel(
        BaseName(bundle), bundle,
        TranslatorLoader({.beam = FLAGS_beam, .split = true}, FLAGS_glossary, *precision),
        FLAGS_glossary.empty() ? std::vector<std::string>()
                               : std::vector<std::string>{FLAGS_glossary});
    slots.push_back({[&slot] { return slot.current().model; },
                     [&slot](const std::vector<ServedItem>& items) { return slot.Infer(items); }});
  }
  for (HttpRoute& route : LibreTranslateRoutes(slots)) server.AddRoute(std::move(route));
  return Serve(server);
}
