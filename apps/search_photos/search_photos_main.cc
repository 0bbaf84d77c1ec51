// search_photos: photos found without tags.
#include "apps/program.h"
#include "models/search/search_program.h"

DEFINE_string(index, "",
              "file of the index; photos.index in vivarium/ of your data folder where empty");
DEFINE_string(like, "", "search for photos like this one");
DEFINE_bool(duplicates, false, "list photos that are there twice");
DEFINE_double(similarity, 0.98, "from which on two photos are --duplicates, 0 to 1");
DEFINE_int32(top, 20, "most hits");
DEFINE_double(min_relevance, -1,
              "least probability that a hit is what you look for; where negative, what was learnt "
              "to serve best");
DEFINE_string(html, "", "file for the hits as a page with small pictures");
DEFINE_bool(json, false, "write one JSON object");
DEFINE_string(model, "", "bundle of the search; the one that comes with the program where empty");
DEFINE_string(classifier, "",
              "bundle that looks at photos; the one that comes with the program where empty");
DEFINE_string(captioner, "", "bundle that says what is on photos, if the search has one");

constexpr char kUsageText[] =
    "finds photos without tags, and says how sure it is of each.\n\n"
    "  search_photos index ~/Pictures\n"
    "  search_photos \"dog on the beach\" --html found.html\n"
    "  search_photos --like photo.jpg\n"
    "  search_photos --duplicates\n\n"
    "'index' looks at what is new or has changed; it can be stopped and goes on where it was.\n"
    "\"Nothing found\" is an answer: photos that are probably not meant are not shown.";

int main(int argc, char** argv) {
  using namespace viv;
  const auto arguments = BeginProgram(argc, argv, "search_photos", kUsageText);
  const bool indexes = arguments.size() > 1 && arguments[0] == "index";
  if (indexes && (FLAGS_duplicates || !FLAGS_like.empty())) {
    return FailUsage("index, --like and --duplicates are three commands");
  }
  if (!indexes && (arguments.size() == 1) + FLAGS_duplicates + !FLAGS_like.empty() != 1) {
    return FailUsage(
        "give a query in quotes, --like or --duplicates, or 'index' and folders of photos");
  }
  if (FLAGS_top < 1) return FailUsage("--top is at least 1");
  if (FLAGS_min_relevance > 1) return FailUsage("--min_relevance is at most 1");
  if (!(FLAGS_similarity >= 0 && FLAGS_similarity <= 1)) {
    return FailUsage("--similarity lies between 0 and 1");
  }
  SearchProgram program = {.bundle = FLAGS_model,
                           .models = {FLAGS_classifier, FLAGS_captioner},
                           .index = FLAGS_index,
                           .options = {.most = FLAGS_top},
                           .json = FLAGS_json,
                           .html = FLAGS_html};
  if (FLAGS_min_relevance >= 0) program.options.min_relevance = FLAGS_min_relevance;
  if (indexes) {
    const absl::StatusOr<int> bad = program.Index({arguments.begin() + 1, arguments.end()});
    if (!bad.ok()) return Fail(bad.status());
    return *bad == 0 ? kSuccess : kFailed;
  }
  const absl::Status found = FLAGS_duplicates     ? program.FindDuplicates(FLAGS_similarity)
                             : FLAGS_like.empty() ? program.FindText(arguments[0])
                                                  : program.FindLike(FLAGS_like);
  return found.ok() ? kSuccess : Fail(found);
}
