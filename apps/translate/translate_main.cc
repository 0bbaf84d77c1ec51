// translate: text from one language into another.
#include "absl/strings/numbers.h"
#include "apps/program.h"
#include "models/language/translate_program.h"

DEFINE_string(src, "en", "language of the text");
DEFINE_string(tgt, "fr", "language to translate into");
DEFINE_string(model, "", "bundle to use; the one that comes with the program where empty");
DEFINE_string(glossary, "", "file of terms, one 'term<tab>translation' a line, that come out so");
DEFINE_bool(files, false, "the arguments are files whose lines are translated; gz too");
DEFINE_string(output, "", "file to write to; for --files also a folder, for a file of each");
DEFINE_bool(split, true, "translate lines of several sentences sentence by sentence");
DEFINE_int32(beam, 5, "hypotheses that the search keeps; 1 is fastest");
DEFINE_int32(nbest, 1, "translations of each text, at most --beam");
DEFINE_double(length_penalty, 1.0, "0: prefers short translations; 1: does not mind long ones");
DEFINE_string(length_reward, "", "added to the score for each piece; the model's own where empty");
DEFINE_bool(consensus, false,
            "choose the translation that agrees most with all that the search found (the greatest "
            "expected chrF: minimum Bayes risk), not the most probable; the model's own way if not "
            "given");
DEFINE_int32(max_repeats, 2, "the same few pieces stand in a row at most so often; 0: any number");
DEFINE_string(
    precision, "auto",
    "of products: f32, or bf16, int8: faster and less exact; auto: int8 where this machine "
    "has instructions for it, else f32");
DEFINE_bool(confidence, false, "add how probable it is that a translation is good");
DEFINE_double(min_confidence, 0, "withhold translations with a lower confidence");
DEFINE_string(unknown, "keep",
              "what becomes of unknown words of nets that know whole words: keep ('<unk>'), or "
              "copy what was looked at in the source");
DEFINE_bool(align, false, "add which words of the source the words of a translation come of");
DEFINE_bool(json, false, "write one JSON object a text");

constexpr char kUsageText[] =
    "translates text, one line to one line.\n\n"
    "  translate \"A dog runs.\"\n"
    "  translate --src en --tgt fr --beam 5 < sentences.txt\n"
    "  translate --files chapter1.txt chapter2.txt.gz --output translated/\n"
    "  translate --glossary terms.tsv --min_confidence 0.5 --json \"A dog runs.\"\n"
    "  translate --nbest 3 --confidence --align \"A dog runs.\"\n\n"
    "Every argument is a text; without arguments the standard input is read, line by line. A line\n"
    "of several sentences comes back as one. ' ||| ' parts the fields of --nbest (number of the\n"
    "line from 0, translation, score), --confidence, and --align ('0-0 1-2': words of the source\n"
    "and of the translation, from 0). A line that cannot be translated, or is withheld for its\n"
    "confidence, stays empty. The exit code is 1 where a line failed; what is withheld did not.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "translate", kUsageText);
  if (FLAGS_beam < 1 || FLAGS_nbest < 1 || FLAGS_nbest > FLAGS_beam) {
    return FailUsage("--beam is at least 1, --nbest between 1 and --beam");
  }
  if (FLAGS_unknown != "keep" && FLAGS_unknown != "copy") {
    return FailUsage("--unknown is keep or copy, not '" + FLAGS_unknown + "'");
  }
  if (!(FLAGS_min_confidence >= 0 && FLAGS_min_confidence <= 1)) {
    return FailUsage("--min_confidence lies between 0 and 1");
  }
  if (FLAGS_max_repeats < 0) return FailUsage("--max_repeats is at least 0");
  if (FLAGS_files && arguments.empty()) return FailUsage("--files needs files");
  const absl::StatusOr<DType> precision = ParseTranslationPrecision(FLAGS_precision);
  if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
  std::optional<float> length_reward;
  if (float value = 0; !FLAGS_length_reward.empty()) {
    if (!absl::SimpleAtof(FLAGS_length_reward, &value)) {
      return FailUsage("--length_reward is a number, not '" + FLAGS_length_reward + "'");
    }
    length_reward = value;
  }
  TranslateProgram program = {
      .source_language = FLAGS_src,
      .target_language = FLAGS_tgt,
      .bundle = FLAGS_model,
      .glossary = FLAGS_glossary,
      .output = FLAGS_output,
      .options = {.beam = FLAGS_beam,
                  .nbest = FLAGS_nbest,
                  .length_penalty = static_cast<float>(FLAGS_length_penalty),
                  .length_reward = length_reward,
                  .consensus = GivenBool("consensus"),
                  .max_repeats = FLAGS_max_repeats,
                  .split = FLAGS_split,
                  .align = FLAGS_align,
                  .copy_unknown = FLAGS_unknown == "copy"},
      .format = {.json = FLAGS_json,
                 .nbest = FLAGS_nbest > 1,
                 .confidence = FLAGS_confidence,
                 .alignment = FLAGS_align,
                 .min_confidence = FLAGS_min_confidence},
      .precision = *precision,
      .verbose = FLAGS_verbose};
  (FLAGS_files ? program.files : program.texts) = arguments;
  const absl::StatusOr<int> failed = program.Run();
  if (!failed.ok()) return Fail(failed.status());
  return *failed == 0 ? kSuccess : kFailed;
}
