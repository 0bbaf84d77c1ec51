// caption_image: says in a sentence what is on a photo.
#include "apps/program.h"
#include "core/runtime/session.h"
#include "models/captions/caption_program.h"

DEFINE_string(model, "", "bundle to use; the one that comes with the program where empty");
DEFINE_int32(beam, 3, "sentences that the search keeps");
DEFINE_int32(nbest, 1, "sentences of each photo, the most probable first");
DEFINE_int32(sample, 0, "draw so many plausible sentences in place of the most probable ones");
DEFINE_double(temperature, 1, "of --sample: below 1 the probable becomes more probable");
DEFINE_int32(seed, 1, "of --sample");
DEFINE_bool(confidence, false,
            "add the probability that the sentence is good (JSON has it always)");
DEFINE_bool(words, false, "add how probable each word is (JSON has it always)");
DEFINE_double(min_confidence, 0, "withhold sentences with less confidence");
DEFINE_string(precision, "f32", "f32, or bf16 or int8: faster and less exact");
DEFINE_bool(json, false, "write one JSON object a photo");

constexpr char kUsageText[] =
    "says in a sentence what is on a photo.\n\n"
    "  caption_image photo.jpg\n"
    "  caption_image --nbest 3 --confidence holiday/ more/*.png\n"
    "  caption_image --sample 5 --json photo.jpg\n"
    "  curl -s https://example.org/photo.jpg | caption_image --min_confidence 0.5\n\n"
    "Arguments are photos (JPEG, PNG, WebP, GIF), folders and archives (.tar, .tgz) of photos.\n"
    "Without arguments the standard input is a photo, or names, one a line. A photo that cannot "
    "be\n"
    "read is reported, and the others go on; the exit code is then 1.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "caption_image", kUsageText);
  if (FLAGS_beam < 1) return FailUsage("--beam is at least 1");
  if (FLAGS_nbest < 1 || (FLAGS_sample == 0 && FLAGS_nbest > FLAGS_beam)) {
    return FailUsage("--nbest lies between 1 and the --beam");
  }
  if (FLAGS_sample < 0) return FailUsage("--sample is a number of sentences");
  if (!(FLAGS_temperature > 0)) return FailUsage("--temperature is above 0");
  if (!(FLAGS_min_confidence >= 0 && FLAGS_min_confidence <= 1)) {
    return FailUsage("--min_confidence lies between 0 and 1");
  }
  const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  const bool sample = FLAGS_sample > 0;
  const absl::StatusOr<int> failed =
      CaptionProgram{.bundle = FLAGS_model,
                     .paths = arguments,
                     .options = {.beam = FLAGS_beam,
                                 .count = sample ? FLAGS_sample : FLAGS_nbest,
                                 .sample = sample,
                                 .temperature = static_cast<float>(FLAGS_temperature),
                                 .seed = static_cast<uint64_t>(FLAGS_seed)},
                     .format = {.json = FLAGS_json,
                                .words = FLAGS_words,
                                .confidence = FLAGS_confidence,
                                .min_confidence = FLAGS_min_confidence},
                     .precision = *precision,
                     .verbose = FLAGS_verbose}
          .Run();
  if (!failed.ok()) return Fail(failed.status());
  return *failed == 0 ? kSuccess : kFailed;
}
