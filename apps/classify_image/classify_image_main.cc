// classify_image: what is on a photo.
#include "apps/program.h"
#include "core/runtime/session.h"
#include "models/vision/classify_program.h"

DEFINE_string(model, "", "bundle to use; the one that comes with the program where empty");
DEFINE_int32(top, 5, "labels of each photo");
DEFINE_double(min_confidence, 0, "say \"none of these\" where the confidence is lower");
DEFINE_string(explain, "",
              "file for the photo with what spoke for the label drawn over it, as PNG; for several "
              "photos a folder, with '/' at its end");
DEFINE_bool(features, false, "add numbers that are alike for photos that look alike to the JSON");
DEFINE_string(precision, "f32", "f32, or bf16 or int8: faster and less exact");
DEFINE_bool(json, false, "write one JSON object a photo");

constexpr char kUsageText[] =
    "says what is on photos, and how sure it is.\n\n"
    "  classify_image photo.jpg\n"
    "  classify_image --json --top 3 holiday/ more/*.png\n"
    "  classify_image --min_confidence 0.8 --explain why.png photo.jpg\n"
    "  curl -s https://example.org/photo.jpg | classify_image\n\n"
    "Arguments are photos (JPEG, PNG, WebP, GIF), folders and archives (.tar, .tgz) of photos.\n"
    "Without arguments the standard input is a photo, or names, one a line. A photo that cannot "
    "be\n"
    "read is reported, and the others go on; the exit code is then 1.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "classify_image", kUsageText);
  if (FLAGS_top < 1) return FailUsage("--top is at least 1");
  if (!(FLAGS_min_confidence >= 0 && FLAGS_min_confidence <= 1)) {
    return FailUsage("--min_confidence lies between 0 and 1");
  }
  if (FLAGS_features && !FLAGS_json) return FailUsage("--features are a part of the --json");
  const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  const absl::StatusOr<int> failed =
      ClassifyProgram{
          .bundle = FLAGS_model,
          .paths = arguments,
          .format = {.json = FLAGS_json, .top = FLAGS_top, .min_confidence = FLAGS_min_confidence},
          .features = FLAGS_features,
          .explain = FLAGS_explain,
          .precision = *precision,
          .verbose = FLAGS_verbose}
          .Run();
  if (!failed.ok()) return Fail(failed.status());
  return *failed == 0 ? kSuccess : kFailed;
}
