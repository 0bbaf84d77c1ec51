// The steps of search_photos.
#include "models/search/search_program.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/output.h"
#include "core/base/progress.h"
#include "core/base/status.h"
#include "core/train/interrupt.h"
#include "datasets/images/decode.h"
#include "models/search/search_format.h"
#include "models/search/update_index.h"
#include "nlohmann/json.hpp"

namespace viv {
namespace {

absl::StatusOr<std::unique_ptr<SearchModel>> LoadModel(const SearchProgram& program) {
  std::string directory = program.bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindSearchBundle(Env::Default()));
  }
  return SearchModel::Load(Env::Default(), directory);
}

std::string IndexFile(const SearchProgram& program) {
  return program.index.empty() ? DefaultIndexFile() : program.index;
}

absl::StatusOr<PhotoIndex> LoadIndex(const SearchProgram& program) {
  const std::string file = IndexFile(program);
  absl::StatusOr<PhotoIndex> index = PhotoIndex::Load(Env::Default(), file);
  if (!absl::IsNotFound(index.status())) return index;
  return absl::NotFoundError(
      absl::StrCat("there is no index '", file, "': make one with 'search_photos index FOLDER'"));
}

// Of the model's photos.
absl::StatusOr<PhotoIndex> LoadIndexOf(const SearchProgram& program, const SearchModel& model) {
  ASSIGN_OR_RETURN(PhotoIndex index, LoadIndex(program));
  if (index.models() == model.fingerprint()) return index;
  return absl::FailedPreconditionError(
      absl::StrCat("the photos of '", IndexFile(program), "' were looked at with other models; ",
                   "look at them again with 'search_photos index FOLDER'"));
}

// The index to go on with; an empty one where there is none, or none of this model.
absl::StatusOr<PhotoIndex> OpenIndex(const SearchProgram& program, const SearchModel& model) {
  const std::string file = IndexFile(program);
  absl::StatusOr<PhotoIndex> index = PhotoIndex::Load(Env::Default(), file);
  if (index.ok() && index->models() == model.fingerprint()) return index;
  if (!absl::IsNotFound(index.status())) {
    *program.err << "'" << file << "' is made anew: "
                 << (index.ok() ? "its photos were looked at with other models"
                                : std::string(index.status().message()))
                 << "\n";
  }
  return PhotoIndex::Make(model.tagger().features(), model.fingerprint());
}

absl::Status Write(const SearchProgram& program, const std::string& text) {
  *program.out << text;
  return Flush(*program.out);
}

absl::Status Show(const SearchProgram& program, const std::string& input,
                  const SearchResult& result) {
  if (!result.unknown.empty()) {
    *program.err << "no photo is known by: " << absl::StrJoin(result.unknown, ", ") << "\n";
  }
  RETURN_IF_ERROR(Write(program, program.json ? HitsToJson(input, result) : FormatHits(result)));
  if (program.html.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string page, HitsToHtml(Env::Default(), input, result));
  return WriteFileAtomically(Env::Default(), program.html, page);
}

}  // namespace

std::string DefaultIndexFile() {
  const char* const data = std::getenv("XDG_DATA_HOME");
  const char* const home = std::getenv("HOME");
  const std::string root = data != nullptr && *data != '\0'
                               ? data
                               : JoinPath(home == nullptr ? "." : home, ".local/share");
  return JoinPath(root, "vivarium/photos.index");
}

absl::StatusOr<int> SearchProgram::Index(const std::vector<std::string>& paths) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<SearchModel> model, LoadModel(*this));
  ASSIGN_OR_RETURN(const PhotoModels looking, PhotoModels::Load(Env::Default(), models));
  ASSIGN_OR_RETURN(const PhotoViewer view, MakeViewer(looking, *model));
  ASSIGN_OR_RETURN(PhotoIndex photos, OpenIndex(*this, *model));
  const InterruptGuard interrupts;
  std::unique_ptr<Progress> progress;
  UpdateOptions update = {.min_side = looking.min_side(), .stop = InterruptGuard::requested};
  update.progress = [&](int64_t done, int64_t all) {
    if (progress == nullptr) {
      progress = std::make_unique<Progress>(
          ProgressOptions{.label = "search_photos", .unit = "photos", .total = all});
    }
    progress->Update(done);
  };
  ASSIGN_OR_RETURN(const UpdateResult result,
                   UpdateIndex(Env::Default(), paths, view, update, IndexFile(*this), &photos));
  if (progress != nullptr) progress->Finish();
  for (const std::string& bad : result.bad) *err << "error: " << bad << "\n";
  RETURN_IF_ERROR(Write(
      *this, absl::StrCat(result.seen, " photos looked at, ", result.kept, " known before, ",
                          result.removed, " gone, ", result.bad.size(), " not readable; ",
                          photos.size(), " in ", IndexFile(*this),
                          result.stopped ? "; stopped, the same command goes on" : "", "\n")));
  return static_cast<int>(result.bad.size());
}

absl::Status SearchProgram::FindText(const std::string& query) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<SearchModel> model, LoadModel(*this));
  ASSIGN_OR_RETURN(const PhotoIndex photos, LoadIndexOf(*this, *model));
  ASSIGN_OR_RETURN(const SearchResult result, SearchByText(*model, photos, query, options));
  return Show(*this, query, result);
}

absl::Status SearchProgram::FindLike(const std::string& photo) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<SearchModel> model, LoadModel(*this));
  ASSIGN_OR_RETURN(const PhotoIndex photos, LoadIndexOf(*this, *model));
  ASSIGN_OR_RETURN(const PhotoModels looking, PhotoModels::Load(Env::Default(), models));
  ASSIGN_OR_RETURN(const PhotoViewer view, MakeViewer(looking, *model));
  ASSIGN_OR_RETURN(const Tensor image,
                   ReadImage(Env::Default(), photo, {.min_side = looking.min_side()}));
  ASSIGN_OR_RETURN(const std::vector<SeenPhoto> seen, view({image}));
  SearchOptions others = options;
  std::error_code ignored;
  others.except = std::filesystem::absolute(photo, ignored).lexically_normal().string();
  ASSIGN_OR_RETURN(const SearchResult result, SearchByPhoto(*model, photos, seen[0], others));
  return Show(*this, photo, result);
}

absl::Status SearchProgram::FindDuplicates(double similarity) const {
  ASSIGN_OR_RETURN(const PhotoIndex photos, LoadIndex(*this));
  ASSIGN_OR_RETURN(const auto groups, photos.Duplicates(static_cast<float>(similarity)));
  std::string text;
  for (const std::vector<const IndexedPhoto*>& group : groups) {
    std::vector<std::string> paths;
    for (const IndexedPhoto* photo : group) paths.push_back(photo->path);
    if (json) {
      const nlohmann::json line = {{"photos", paths}};
      text += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    } else {
      absl::StrAppend(&text, text.empty() ? "" : "\n", absl::StrJoin(paths, "\n"), "\n");
    }
  }
  if (groups.empty() && !json) text = "no photo is there twice\n";
  return Write(*this, text);
}

}  // namespace viv
