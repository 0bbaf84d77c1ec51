// search_photos_train: learns what photos are known by.
#include "apps/export_flags.h"
#include "apps/program.h"
#include "models/search/search_train_program.h"

DEFINE_string(data, "",
              "photos with sentences: 'flickr8k:' and where that data set lies, or "
              "'coco:ANNOTATIONS,PHOTOS'");
DEFINE_string(labelled, "",
              "photos with labels, as classify_image_train takes them; what is held out of them "
              "shows which photos are alike");
DEFINE_string(classifier, "",
              "bundle that looks at photos; the one that comes with the program where empty");
DEFINE_string(captioner, "", "bundle that says what is on photos; none where empty");
DEFINE_int32(min_photos, 20, "a word is learnt if the sentences of so many photos have it");
DEFINE_double(passes, 40, "rounds over the photos");
DEFINE_int32(batch, 128, "photos in a batch");
DEFINE_double(learning_rate, 3e-3, "highest learning rate");
DEFINE_double(weight_decay, 0.02, "pull of the weights towards 0");
DEFINE_int32(queries, 600, "searches that are judged, of each kind");
DEFINE_int32(seed, 1, "seed of all random numbers");

constexpr char kUsageText[] =
    "learns what photos are known by, and how relevant the hits of a search are.\n\n"
    "  search_photos_train --data flickr8k:flickr8k.tar --labelled photos/ --export_to "
    "bundles/own\n"
    "  search_photos --model bundles/own index ~/Pictures\n\n"
    "Photos are looked at with the --classifier (see classify_image_train) and, if there is one,\n"
    "the --captioner (see caption_image_train); the bundle goes with these.";

int main(int argc, char** argv) {
  using namespace viv;
  const std::vector<std::string> command_line(argv, argv + argc);
  const auto arguments = BeginProgram(argc, argv, "search_photos_train", kUsageText);
  if (!arguments.empty()) return FailUsage("what is '" + arguments[0] + "'?");
  if (FLAGS_data.empty() || FLAGS_labelled.empty() || FLAGS_export_to.empty()) {
    return FailUsage("--data, --labelled and --export_to are needed");
  }
  if (FLAGS_queries < 2) return FailUsage("--queries is at least 2");
  const absl::Status trained =
      SearchTrainProgram{.data = FLAGS_data,
                         .labelled = FLAGS_labelled,
                         .models = {FLAGS_classifier, FLAGS_captioner},
                         .tagger = {.min_photos = FLAGS_min_photos,
                                    .passes = FLAGS_passes,
                                    .batch = FLAGS_batch,
                                    .learning_rate = static_cast<float>(FLAGS_learning_rate),
                                    .weight_decay = static_cast<float>(FLAGS_weight_decay),
                                    .seed = static_cast<uint64_t>(FLAGS_seed)},
                         .queries = FLAGS_queries,
                         .to = ExportOfFlags(FLAGS_data, command_line)}
          .Run();
  return trained.ok() ? kSuccess : Fail(trained);
}
