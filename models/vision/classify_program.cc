// Photos are decoded beside the net, which gets them in batches.
#include "models/vision/classify_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/progress.h"
#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/train/png.h"
#include "datasets/images/decode.h"
#include "datasets/images/file_tree.h"
#include "models/vision/explanation.h"

namespace viv {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBatch = 32;
// Fewer photos are done before a bar would help.
constexpr size_t kShowProgress = 200;

// A photo to be classified: a file, or, with a tree, file `index` of it.
struct PhotoName {
  std::string path;
  std::shared_ptr<const FileTree> tree;
  int64_t index = 0;
};

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return absl::EndsWith(path, "/") || fs::is_directory(path, ignored);
}

bool IsArchive(const std::string& path) {
  return absl::EndsWith(path, ".tar") || absl::EndsWith(path, ".tar.gz") ||
         absl::EndsWith(path, ".tgz");
}

// The photo of that name, or all in a folder or an archive.
absl::Status AddPhotos(const std::string& path, std::vector<PhotoName>* photos) {
  if (!IsFolder(path) && !IsArchive(path)) {
    photos->push_back({.path = path});
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileTree> tree,
                   FileTree::Open(Env::Default(), path));
  const size_t before = photos->size();
  for (size_t i = 0; i < tree->paths().size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    if (HasImageName(tree->paths()[i])) photos->push_back({tree->FullPath(index), tree, index});
  }
  if (photos->size() > before) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there are no photos in '", path, "'"));
}

// Whether the text is names of files, one a line, and no photo.
bool IsText(const std::string& bytes) {
  return absl::string_view(bytes).substr(0, 512).find('\0') == absl::string_view::npos;
}

absl::StatusOr<Tensor> ReadPhoto(const PhotoName& photo, const DecodeOptions& options) {
  if (photo.tree == nullptr) return ReadImage(Env::Default(), photo.path, options);
  ASSIGN_OR_RETURN(const FileBytes file, photo.tree->Read(photo.index));
  absl::StatusOr<Tensor> image = DecodeImage(file.bytes, options);
  if (!image.ok()) return Annotate(image.status(), photo.path);
  return image;
}

class ClassifyRun {
 public:
  ClassifyRun(const ClassifyProgram& program, const PhotoClassifier& classifier)
      : program_(program), classifier_(classifier) {
    options_ = {
        .top = program.format.top, .features = program.features, .heat = !program.explain.empty()};
    // Photos that are drawn over are wanted in a size that people can look at.
    decode_.min_side = options_.heat ? 512 : 2 * classifier.info().fit.size;
  }

  int failed() const { return failed_; }

  absl::Status Photos(const std::vector<PhotoName>& photos) {
    const auto number = [](int64_t i) -> absl::StatusOr<Example> {
      return Example{Tensor::Scalar(i)};
    };
    const auto decode = [&](Example example) -> absl::StatusOr<Example> {
      const absl::StatusOr<Tensor> image = ReadPhoto(photos[example[0].scalar<int64_t>()], decode_);
      // A photo that cannot be read is no end of the others.
      if (!image.ok()) return Example{Tensor(), Tensor::Scalar(image.status().ToString())};
      return Example{*image, Tensor()};
    };
    const Dataset decoded =
        Dataset::FromIndex("photos", static_cast<int64_t>(photos.size()), number)
            .Map("decoded", decode, /*threads=*/2)
            .Prefetch(2 * kBatch);
    ASSIGN_OR_RETURN(const std::unique_ptr<DatasetIterator> iterator, decoded.MakeIterator());
    std::unique_ptr<Progress> progress;
    if (photos.size() >= kShowProgress) {
      progress =
          std::make_unique<Progress>(ProgressOptions{.label = "classify_image",
                                                     .unit = "photos",
                                                     .total = static_cast<int64_t>(photos.size())});
    }
    for (size_t begin = 0; begin < photos.size(); begin += kBatch) {
      const size_t end = std::min(photos.size(), begin + kBatch);
      std::vector<absl::StatusOr<Tensor>> images;
      for (size_t i = begin; i < end; ++i) {
        Example example;
        RETURN_IF_ERROR(iterator->Next(&example).status());
        if (example[0].valid()) {
          images.emplace_back(example[0]);
        } else {
          images.emplace_back(absl::InvalidArgumentError(example[1].scalar<std::string>()));
        }
      }
      RETURN_IF_ERROR(Batch(photos, begin, images));
      if (progress != nullptr) progress->Update(static_cast<int64_t>(end));
    }
    return absl::OkStatus();
  }

  // `images[i]` is that of photo `begin + i`.
  absl::Status Batch(const std::vector<PhotoName>& photos, size_t begin,
                     const std::vector<absl::StatusOr<Tensor>>& images) {
    std::vector<Tensor> good;
    for (const absl::StatusOr<Tensor>& image : images) {
      if (image.ok()) good.push_back(*image);
    }
    std::vector<Classification> answers;
    if (!good.empty()) {
      ASSIGN_OR_RETURN(answers, classifier_.Classify(good, options_));
    }
    size_t next = 0;
    for (size_t i = 0; i < images.size(); ++i) {
      const std::string& name = photos[begin + i].path;
      if (!images[i].ok()) {
        RETURN_IF_ERROR(Write(name, images[i].status()));
        continue;
      }
      const Classification& answer = answers[next++];
      RETURN_IF_ERROR(Write(name, answer));
      if (options_.heat) RETURN_IF_ERROR(Explain(name, *images[i], answer.heat));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Write(const std::string& name, const ClassificationResult& result) {
    errno = 0;
    *program_.out << FormatClassification(name, result, program_.format) << std::flush;
    if (!result.ok()) {
      ++failed_;
      if (!program_.format.json) *program_.err << "error: " << result.status().message() << "\n";
    }
    if (program_.out->good()) return absl::OkStatus();
    const std::string why = errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno));
    return absl::UnavailableError(absl::StrCat("cannot write to the standard output", why));
  }

  absl::Status Explain(const std::string& name, const Tensor& photo, const Tensor& heat) {
    ASSIGN_OR_RETURN(const Tensor drawn, DrawHeat(photo, heat));
    ASSIGN_OR_RETURN(const std::string png, EncodePng(drawn));
    std::string path = program_.explain;
    if (IsFolder(path)) {
      const std::string stem = fs::path(name).stem().string();
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
  DecodeOptions decode_;
  std::set<std::string> explained_;
  int failed_ = 0;
};

// What is on standard input: a photo, which goes into `*photo`, or names.
absl::Status ReadInput(std::istream& in, std::vector<std::string>* names, std::string* photo) {
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (bytes.empty()) {
    return absl::InvalidArgumentError(
        "there is nothing on the standard input: name photos or folders, or pipe in a photo");
  }
  if (!IsText(bytes)) {
    *photo = bytes;
    return absl::OkStatus();
  }
  for (const absl::string_view line : absl::StrSplit(bytes, '\n')) {
    const absl::string_view name = absl::StripSuffix(line, "\r");
    if (!name.empty()) names->emplace_back(name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> ClassifyProgram::Run() const {
  std::vector<std::string> names = paths;
  std::string photo;
  if (names.empty()) RETURN_IF_ERROR(ReadInput(*in, &names, &photo));
  std::vector<PhotoName> photos;
  for (const std::string& name : names) RETURN_IF_ERROR(AddPhotos(name, &photos));
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
  if (!photo.empty()) {
    const absl::StatusOr<Tensor> image = DecodeImage(photo);
    RETURN_IF_ERROR(run.Batch({{.path = "(standard input)"}}, 0, {image}));
  } else {
    RETURN_IF_ERROR(run.Photos(photos));
  }
  return run.failed();
}

}  // namespace viv
