// translate: sentences from one language into another.
#include "apps/program.h"
#include "models/language/translate_program.h"

DEFINE_string(src, "en", "language of the text");
DEFINE_string(tgt, "fr", "language to translate into");
DEFINE_string(model, "", "bundle to use; the one that comes with the program where empty");
DEFINE_string(glossary, "", "file of terms, one 'term<tab>translation' a line, that come out so");
DEFINE_int32(beam, 5, "hypotheses that the search keeps; 1 is fastest");
DEFINE_int32(nbest, 1, "translations of each sentence, at most --beam");
DEFINE_double(length_penalty, 1.0, "0: prefers short translations; 1: does not mind long ones");
DEFINE_string(precision, "f32", "f32, or bf16: faster on some machines, and less exact");
DEFINE_bool(json, false, "write one JSON object a sentence");

constexpr char kUsageText[] =
    "translates text, one sentence a line.\n\n"
    "  translate \"A dog runs.\"\n"
    "  translate --src en --tgt fr --beam 5 < sentences.txt\n"
    "  translate --json --nbest 3 \"A dog runs.\"\n\n"
    "Every argument is a sentence; without arguments the standard input is read.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "translate", kUsageText);
  if (FLAGS_beam < 1 || FLAGS_nbest < 1 || FLAGS_nbest > FLAGS_beam) {
    return FailUsage("--beam is at least 1, --nbest between 1 and --beam");
  }
  const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  const TranslateProgram program = {
      .source_language = FLAGS_src,
      .target_language = FLAGS_tgt,
      .bundle = FLAGS_model,
      .glossary = FLAGS_glossary,
      .options = {.beam = FLAGS_beam,
                  .nbest = FLAGS_nbest,
                  .length_penalty = static_cast<float>(FLAGS_length_penalty)},
      .precision = *precision,
      .json = FLAGS_json,
      .verbose = FLAGS_verbose};
  const absl::StatusOr<int> failed = program.Run(arguments);
  if (!failed.ok()) return Fail(failed.status());
  return *failed == 0 ? kSuccess : kFailed;
}
