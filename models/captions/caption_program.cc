// Photos are decoded beside the net, which gets them in batches.
#include "models/captions/caption_program.h"

#include "absl/strings/str_cat.h"
#include "core/base/output.h"
#include "core/base/status.h"
#include "models/vision/each_photo.h"
#include "models/vision/photo_files.h"

namespace viv {
absl::StatusOr<int> CaptionProgram::Run() const {
  ASSIGN_OR_RETURN(const std::vector<PhotoFile> files, FindPhotos(paths, *in));
  std::string directory = bundle;
  if (directory.empty()) {
    ASSIGN_OR_RETURN(directory, FindCaptionerBundle(Env::Default()));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Captioner> captioner,
                   Captioner::Load(Env::Default(), directory, precision));
  if ((format.min_confidence > 0 || format.confidence) && !captioner->calibrated()) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " gives no confidences: it was exported without photos for validation"));
  }
  if (verbose && captioner->info().non_commercial) {
    *err << directory << ": learnt from non-commercial data; its LICENSE says what that means\n";
  }
  int failed = 0;
  const DecodeOptions decoding = {.min_side = captioner->info().fit.min_side()};
  const auto decode = [&](size_t i) { return files[i].Decode(decoding); };
  const auto describe = [&](size_t first,
                            const std::vector<absl::StatusOr<Tensor>>& photos) -> absl::Status {
    const auto answer = [&](const std::vector<Tensor>& readable) {
      return captioner->Describe(readable, options);
    };
    ASSIGN_OR_RETURN(const std::vector<CaptionResult> results,
                     AnswerReadable<std::vector<Caption>>(photos, answer));
    for (size_t i = 0; i < results.size(); ++i) {
      *out << FormatCaptions(files[first + i].name, results[i], format);
      if (!results[i].ok()) {
        ++failed;
        if (!format.json) *err << "error: " << results[i].status().message() << "\n";
      }
      RETURN_IF_ERROR(Flush(*out));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      ForEachBatch(files.size(), decode, {.batch = 16, .label = "caption_image"}, describe));
  return failed;
}

}  // namespace viv
