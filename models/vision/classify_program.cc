// Photos are decoded beside the net, which gets them in batches.
#include "models/vision/classify_program.h"

#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/output.h"
#include "core/base/status.h"
#include "core/train/png.h"
#include "models/vision/each_photo.h"
#include "models/vision/explanation.h"
#include "models/vision/photo_files.h"

namespace viv {
namespace {

class ClassifyRun {
 public:
  ClassifyRun(const ClassifyProgram& program, const PhotoClassifier& classifier)
      : program_(program), classifier_(classifier) {
    options_ = {
        .top = program.format.top, .features = program.features, .heat = !program.explain.empty()};
  }

  int failed() const { return failed_; }

  absl::Status Photos(const std::vector<PhotoFile>& files) {
    const DecodeOptions decoding = classifier_.Decoding(options_);
    const auto decode = [&](size_t i) { return files[i].Decode(decoding); };
    const auto use = [&](size_t first, const auto& photos) { return Batch(files, first, photos); };
    return ForEachBatch(files.size(), decode, {.label = "classify_image"}, use);
  }

 private:
  // `images[i]` is that of file `first + i`.
  absl::Status Batch(const std::vector<PhotoFile>& files, size_t first,
                     const std::vector<absl::StatusOr<Tensor>>& images) {
    const auto classify = [&](const std::vector<Tensor>& readable) {
      return classifier_.Classify(readable, options_);
    };
    ASSIGN_OR_RETURN(const std::vector<ClassificationResult> results,
                     AnswerReadable<Classification>(images, classify));
    for (size_t i = 0; i < results.size(); ++i) {
      const std::string& name = files[first + i].name;
      RETURN_IF_ERROR(Write(name, results[i]));
      if (options_.heat && results[i].ok()) {
        RETURN_IF_ERROR(Explain(name, *images[i], results[i]->heat));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Write(const std::string& name, const ClassificationResult& result) {
    *program_.out << FormatClassification(name, result, program_.format);
    if (!result.ok()) {
      ++failed_;
      if (!program_.format.json) *program_.err << "error: " << result.status().message() << "\n";
    }
    return Flush(*program_.out);
  }

  absl::Status Explain(const std::string& name, const Tensor& photo, const Tensor& heat) {
    ASSIGN_OR_RETURN(const Tensor drawn, DrawHeat(photo, heat));
    ASSIGN_OR_RETURN(const std::string png, EncodePng(drawn));
    std::string path = program_.explain;
    if (IsFolder(path)) {
      const std::string stem = std::filesystem::path(name).stem().string();
      path = JoinPath(path, stem + ".png");
      for (int i = 2; !explained_.insert(path).second; ++i) {
        path = JoinPath(program_.explain, absl::StrCat(stem, "-", i, ".png"));
      }
    }
    return WriteFileAtomically(Env::Default(), path, png);
  }

  const ClassifyProgram& program_;
  const PhotoClassifier& classifier_;
  ClassifyOptions options_;
  std::set<std::string> explained_;
  int failed_ = 0;
};

}  // namespace

absl::StatusOr<int> ClassifyProgram::Run() const {
  ASSIGN_OR_RETURN(const std::vector<PhotoFile> photos, FindPhotos(paths, *in));
  if (!explain.empty() && !IsFolder(explain) && photos.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("'", explain, "' is one file for ",
                                                   photos.size(),
                                                   " photos: name a folder, with '/' at its end"));
  }
  if (!explain.empty() && IsFolder(explain)) RETURN_IF_ERROR(Env::Default()->CreateDirs(explain));
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindClassifierBundle(Env::Default()));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<PhotoClassifier> classifier,
                   PhotoClassifier::Load(Env::Default(), directory, precision));
  if (format.min_confidence > 0 && !classifier->calibrated()) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " gives no confidences: it was exported without photos for validation"));
  }
  if (verbose && classifier->info().non_commercial) {
    *err << directory << ": learnt from non-commercial data; its LICENSE says what that means\n";
  }
  ClassifyRun run(*this, *classifier);
  RETURN_IF_ERROR(run.Photos(photos));
  return run.failed();
}

}  // namespace viv
