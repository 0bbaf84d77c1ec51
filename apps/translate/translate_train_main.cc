// translate_train: learns to translate from parallel text.
#include "apps/export_flags.h"
#include "apps/program.h"
#include "apps/run_flags.h"
#include "models/language/train_program.h"

DEFINE_string(
    train, "",
    "training text: SOURCE,TARGET (two files, line by line) or PAIRS.tsv; gz too; several "
    "with ';', '3*' before one counts it three times, 'swap:' turns it round, 'tatoeba:' "
    "leaves out what 'tatoeba-held-out:' reads");
DEFINE_string(validation, "", "text in the same form that is scored and never trained on");
DEFINE_string(from, "", "bundle whose weights, net and pieces a run begins with");
DEFINE_int32(updates, 0, "updates of the weights; 0: 4000, or 1000 --from a bundle");
DEFINE_int32(vocabulary, 6000, "pieces that words are split into, of both languages together");
DEFINE_string(pieces, "subword", "subword, or word: whole words, all but --vocabulary unknown");
DEFINE_string(net, "lstm", "lstm or transformer");
DEFINE_int32(embed, 256, "width of the embedding, and of all layers of a Transformer");
DEFINE_int32(encoder_hidden, 256, "lstm: units of the encoder in each direction");
DEFINE_int32(hidden, 512, "lstm: units of the decoder");
DEFINE_int32(encoder_layers, 0, "layers of the encoder; 0: 1 of an lstm, 3 of a transformer");
DEFINE_int32(decoder_layers, 0, "layers of the decoder; 0: the same");
DEFINE_bool(attention, true, "lstm: the decoder looks at all of the source, not its end alone");
DEFINE_bool(reverse_source, false, "lstm: read the source backwards; good without attention");
DEFINE_bool(input_feeding, false, "lstm: the decoder also reads what it attended to; slower");
DEFINE_int32(heads, 4, "transformer: heads of each attention");
DEFINE_int32(feed_forward, 512, "transformer: units between two attentions");
DEFINE_int32(batch, 64, "sentence pairs in a batch");
DEFINE_int32(batch_tokens, 0, "pieces in a batch on each side, with padding; 0: any number");
DEFINE_string(precision, "f32", "f32, or bf16: faster, with weights that stay f32");
DEFINE_int32(accumulate, 1, "batches in an update");
DEFINE_int32(max_pieces, 100, "longest sentence that is trained on, in pieces");
DEFINE_double(dropout, 0.3, "share of activations that are dropped in training");
DEFINE_double(label_smoothing, 0.1, "probability that is spread over all words");
DEFINE_double(learning_rate, 0, "highest learning rate; 0: 0.002, or 0.0005 --from a bundle");
DEFINE_int32(warm_up, 300, "updates in which the learning rate rises to that");
DEFINE_int32(halve_from, 2000, "update from which the learning rate falls");
DEFINE_int32(halve_every, 800, "updates in which it then falls by half");
DEFINE_string(decay, "halve",
              "how the learning rate falls: halve (see above) or inverse_sqrt, "
              "with the inverse square root of the update's number from the warm-up on");
DEFINE_double(clip_norm, 1, "largest norm of the gradient; 0: any");
DEFINE_double(average, 0, "decay of the weights' averages, which are scored then; 0: none");
DEFINE_int32(score_every, 450, "updates between scores of the validation text; 0: none");
DEFINE_int32(checkpoint_every, 150, "updates between checkpoints");
DEFINE_int32(keep_best, 1, "checkpoints with the best scores that are kept");
DEFINE_int32(seed, 1, "seed of all random numbers");
DEFINE_string(src, "en", "language of the source, for the bundle");
DEFINE_string(tgt, "fr", "language of the target, for the bundle");
DEFINE_string(evaluate, "",
              "text with references, in the form of --train; arguments are further ones: prints "
              "the scores of the bundle of --export_to, or without training those of --model");
DEFINE_string(model, "",
              "bundle to evaluate or tune; the one that comes with the program where empty");
DEFINE_int32(beam, 5, "hypotheses that the search of --evaluate keeps");
DEFINE_bool(
    consensus, false,
    "--evaluate ranks translations by how much they agree; the model's own way if not given");
DEFINE_string(tune, "",
              "text with references, on which nothing was trained: fits search and confidences of "
              "--model to it, for --export_to");

constexpr char kUsageText[] =
    "learns to translate from parallel text.\n\n"
    "  translate_train --train train.en,train.fr --validation val.en,val.fr --run runs/en_fr\n"
    "  translate_train --train pairs.tsv.gz --run runs/small --embed 128 --hidden 256 --updates "
    "500\n"
    "  translate_train ... --export_to bundles/en_fr --data_name manuals --licence 'CC BY 4.0'\n"
    "  translate --model bundles/en_fr 'A sentence of ours.'\n"
    "  translate_train --from pretrained/translate_en_fr --train own.en,own.fr --run runs/own "
    "\\\n"
    "    --export_to bundles/own --data_name manuals --licence 'CC BY 4.0'\n"
    "  translate_train --evaluate test.en,test.fr --model bundles/en_fr\n"
    "  translate_train --tune own.en,own.fr --model bundles/en_fr --export_to bundles/own\n\n"
    "Ctrl-C ends a run with a checkpoint; the same command goes on from there. Of the validation\n"
    "text, BLEU is printed; the best checkpoint is what --export_to makes a bundle of. The curves "
    "of\n"
    "a run (loss, learning rate, gradient norm, speed, BLEU): tensorboard --logdir runs/en_fr, or "
    "in short\n"
    "runs/en_fr/curves.png";

namespace viv {
namespace {

absl::StatusOr<NetOptions> NetOfFlags() {
  const auto layers = [](int flag, int usual) { return flag > 0 ? flag : usual; };
  if (FLAGS_net == "lstm") {
    return Seq2SeqOptions{.vocab_size = FLAGS_vocabulary,
                          .embed = FLAGS_embed,
                          .encoder_hidden = FLAGS_encoder_hidden,
                          .hidden = FLAGS_hidden,
                          .encoder_layers = layers(FLAGS_encoder_layers, 1),
                          .decoder_layers = layers(FLAGS_decoder_layers, 1),
                          .attention = FLAGS_attention,
                          .reverse_source = FLAGS_reverse_source,
                          .input_feeding = FLAGS_input_feeding};
  }
  if (FLAGS_net == "transformer") {
    return TransformerOptions{.vocab_size = FLAGS_vocabulary,
                              .width = FLAGS_embed,
                              .heads = FLAGS_heads,
                              .feed_forward = FLAGS_feed_forward,
                              .encoder_layers = layers(FLAGS_encoder_layers, 3),
                              .decoder_layers = layers(FLAGS_decoder_layers, 3)};
  }
  return absl::InvalidArgumentError("--net is lstm or transformer, not '" + FLAGS_net + "'");
}

// What is wrong with the flags; "" for nothing.
std::string WrongFlags(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && FLAGS_evaluate.empty()) return "what is '" + arguments[0] + "'?";
  if (!FLAGS_tune.empty()) {
    return FLAGS_train.empty() && FLAGS_evaluate.empty() && !FLAGS_export_to.empty()
               ? ""
               : "--tune needs --export_to, and is not for --train or --evaluate";
  }
  if (FLAGS_train.empty() && !FLAGS_evaluate.empty()) return "";
  if (!FLAGS_evaluate.empty() && FLAGS_export_to.empty()) {
    return "--evaluate after training needs --export_to";
  }
  if (FLAGS_train.empty() || FLAGS_run.empty()) return "--train and --run are needed";
  if (FLAGS_decay != "halve" && FLAGS_decay != "inverse_sqrt") {
    return "--decay is halve or inverse_sqrt, not '" + FLAGS_decay + "'";
  }
  if (FLAGS_pieces != "subword" && FLAGS_pieces != "word") {
    return "--pieces is subword or word, not '" + FLAGS_pieces + "'";
  }
  const std::string against =
      FLAGS_from.empty() ? ""
                         : FirstGiven({"vocabulary", "pieces", "net", "embed", "encoder_hidden",
                                       "hidden", "encoder_layers", "decoder_layers", "attention",
                                       "reverse_source", "input_feeding", "heads", "feed_forward"});
  return against.empty() ? "" : "--" + against + " is what the bundle of --from says";
}

TrainProgram ProgramOfFlags(const NetOptions& net, DType precision, const BundleExport& to) {
  const bool from = !FLAGS_from.empty();
  const double rate = FLAGS_learning_rate > 0 ? FLAGS_learning_rate : from ? 5e-4 : 2e-3;
  TrainerOptions trainer = TrainerOfFlags();
  trainer.updates = FLAGS_updates > 0 ? FLAGS_updates : from ? 1000 : 4000;
  trainer.score_every = FLAGS_score_every;
  trainer.checkpoint_every = FLAGS_checkpoint_every;
  trainer.keep_best = FLAGS_keep_best;
  return {.train = FLAGS_train,
          .validation = FLAGS_validation,
          .from = FLAGS_from,
          .options = {.net = net,
                      .seed = static_cast<uint64_t>(FLAGS_seed),
                      .batch = FLAGS_batch,
                      .batch_tokens = FLAGS_batch_tokens,
                      .precision = precision,
                      .max_pieces = FLAGS_max_pieces,
                      .dropout = static_cast<float>(FLAGS_dropout),
                      .label_smoothing = static_cast<float>(FLAGS_label_smoothing),
                      .learning_rate = static_cast<float>(rate),
                      .warm_up = FLAGS_warm_up,
                      .clip_norm = static_cast<float>(FLAGS_clip_norm),
                      .accumulate = FLAGS_accumulate,
                      .average_decay = static_cast<float>(FLAGS_average),
                      .halve_from = FLAGS_halve_from,
                      .halve_every = FLAGS_halve_every,
                      .inverse_sqrt = FLAGS_decay == "inverse_sqrt",
                      .check_numerics = FLAGS_check_numerics,
                      .trainer = trainer},
          .words = FLAGS_pieces == "word",
          .to = to,
          .source_language = FLAGS_src,
          .target_language = FLAGS_tgt};
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  using namespace viv;
  const std::vector<std::string> command_line(argv, argv + argc);
  std::vector<std::string> arguments = BeginProgram(argc, argv, "translate_train", kUsageText);
  if (const std::string wrong = WrongFlags(arguments); !wrong.empty()) return FailUsage(wrong);
  if (!FLAGS_tune.empty()) {
    const absl::Status tuned =
        TuneProgram{FLAGS_model, FLAGS_src, FLAGS_tgt, FLAGS_tune, FLAGS_export_to}.Run();
    return tuned.ok() ? kSuccess : Fail(tuned);
  }
  if (!FLAGS_train.empty()) {
    const absl::StatusOr<DType> precision = ParsePrecision(FLAGS_precision);
    if (!precision.ok()) return FailUsage(std::string(precision.status().message()));
    if (*precision == kInt8) return FailUsage("--precision int8 is for translating, not training");
    const absl::StatusOr<NetOptions> net = NetOfFlags();
    if (!net.ok()) return FailUsage(std::string(net.status().message()));
    TrainProgram program =
        ProgramOfFlags(*net, *precision, ExportOfFlags(FLAGS_train, command_line));
    if (const absl::Status trained = program.Run(); !trained.ok()) return Fail(trained);
    if (FLAGS_evaluate.empty()) return kSuccess;
  }
  arguments.insert(arguments.begin(), FLAGS_evaluate);
  const EvaluateProgram evaluate = {
      .bundle = FLAGS_train.empty() ? FLAGS_model : FLAGS_export_to,
      .source_language = FLAGS_src,
      .target_language = FLAGS_tgt,
      .texts = arguments,
      .options = {.beam = FLAGS_beam, .consensus = GivenBool("consensus")}};
  const absl::Status evaluated = evaluate.Run();
  return evaluated.ok() ? kSuccess : Fail(evaluated);
}
