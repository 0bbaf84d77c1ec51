// The file holds columns, a tensor each, so that it is read in a moment however many photos it has.
#include "models/search/photo_index.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/tensor/safetensors.h"

namespace viv {
namespace {

constexpr char kFormat[] = "vivarium photo index 2";
constexpr char kFormatKey[] = "format", kModelsKey[] = "models";
// Of photos that were removed so large a share is forgotten when the index is saved.
constexpr double kMuch = 0.1;

absl::Status Damaged(const std::string& what) {
  return absl::DataLossError(absl::StrCat("the index is damaged: ", what));
}

// A column of the file: the tensor of that name, type and shape [rows, columns].
template <typename T>
absl::StatusOr<const T*> Column(const NamedTensors& tensors, const std::string& name, int64_t rows,
                                int64_t columns) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.dtype() != DTypeOf<T> ||
      found->second.shape() != Shape({rows, columns})) {
    return Damaged(absl::StrCat("its column '", name, "'"));
  }
  return found->second.data<T>();
}

// Labels of photos as two columns [N, K], "<name>" int32 and "<name>_confidences" float: -1 and 0
// behind the last one of a photo.
using LabelsField = std::vector<IndexedLabel> IndexedPhoto::*;
constexpr std::pair<const char*, LabelsField> kLabelColumns[] = {{"labels", &IndexedPhoto::labels},
                                                                 {"words", &IndexedPhoto::words}};

std::string ConfidencesOf(const std::string& name) { return name + "_confidences"; }

absl::Status AddLabels(const std::vector<IndexedPhoto>& photos, const std::string& name,
                       LabelsField field, NamedTensors* tensors) {
  size_t width = 0;
  for (const IndexedPhoto& photo : photos) width = std::max(width, (photo.*field).size());
  const Shape shape({static_cast<int64_t>(photos.size()), static_cast<int64_t>(width)});
  ASSIGN_OR_RETURN(Tensor labels, Tensor::Make(kInt32, shape));
  ASSIGN_OR_RETURN(Tensor confidences, Tensor::Zeros(kFloat, shape));
  auto* label = labels.mutable_data<int32_t>();
  auto* confidence = confidences.mutable_data<float>();
  std::fill_n(label, shape.num_elements(), -1);
  for (const IndexedPhoto& photo : photos) {
    for (size_t k = 0; k < (photo.*field).size(); ++k) {
      label[k] = (photo.*field)[k].label;
      confidence[k] = (photo.*field)[k].confidence;
    }
    label += width;
    confidence += width;
  }
  tensors->insert({{name, labels}, {ConfidencesOf(name), confidences}});
  return absl::OkStatus();
}

absl::Status SetLabels(const NamedTensors& tensors, const std::string& name, LabelsField field,
                       std::vector<IndexedPhoto>* photos) {
  const auto found = tensors.find(name);
  const int64_t width =
      found == tensors.end() || found->second.rank() != 2 ? 0 : found->second.dim(1);
  const auto rows = static_cast<int64_t>(photos->size());
  ASSIGN_OR_RETURN(const int32_t* label, Column<int32_t>(tensors, name, rows, width));
  ASSIGN_OR_RETURN(const float* confidence,
                   Column<float>(tensors, ConfidencesOf(name), rows, width));
  for (IndexedPhoto& photo : *photos) {
    (photo.*field).reserve(width - std::count(label, label + width, -1));
    for (int64_t k = 0; k < width; ++k, ++label, ++confidence) {
      if (*label >= 0) (photo.*field).push_back({*label, *confidence});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PhotoIndex> PhotoIndex::Make(int64_t dimensions, const std::string& models) {
  PhotoIndex index;
  index.models_ = models;
  ASSIGN_OR_RETURN(index.graph_, VectorGraph::Make(dimensions));
  return index;
}

std::vector<const IndexedPhoto*> PhotoIndex::photos() const {
  std::vector<const IndexedPhoto*> there;
  for (int64_t i = 0; i < graph_->size(); ++i) {
    if (IsThere(i)) there.push_back(&photos_[i]);
  }
  return there;
}

bool PhotoIndex::IsThere(int64_t number) const {
  const auto found = numbers_.find(photos_[number].path);
  return found != numbers_.end() && found->second == number;
}

const IndexedPhoto* PhotoIndex::Find(const std::string& path) const {
  const auto found = numbers_.find(path);
  return found == numbers_.end() ? nullptr : &photos_[found->second];
}

absl::Status PhotoIndex::Put(IndexedPhoto photo, absl::Span<const float> embedding) {
  RETURN_IF_ERROR(graph_->Add(embedding));
  numbers_[photo.path] = static_cast<int64_t>(photos_.size());
  photos_.push_back(std::move(photo));
  return absl::OkStatus();
}

bool PhotoIndex::Remove(const std::string& path) { return numbers_.erase(path) > 0; }

absl::StatusOr<std::vector<SimilarPhoto>> PhotoIndex::Nearest(absl::Span<const float> embedding,
                                                              int64_t count) const {
  count = std::clamp<int64_t>(count, 0, size());
  // More are asked for until enough of them are there.
  for (int64_t asked = count;; asked = std::min(2 * asked + 10, graph_->size())) {
    ASSIGN_OR_RETURN(const std::vector<NearVector> near, graph_->Nearest(embedding, asked));
    std::vector<SimilarPhoto> similar;
    for (const NearVector& v : near) {
      if (static_cast<int64_t>(similar.size()) == count) break;
      if (IsThere(v.number)) similar.push_back({&photos_[v.number], v.similarity});
    }
    if (static_cast<int64_t>(similar.size()) == count || asked == graph_->size()) return similar;
  }
}

absl::StatusOr<std::vector<std::vector<const IndexedPhoto*>>> PhotoIndex::Duplicates(
    float similarity) const {
  constexpr int64_t kNeighbours = 16;
  // Each photo points to an earlier one of its group, or to itself.
  std::vector<int64_t> earlier(photos_.size());
  std::iota(earlier.begin(), earlier.end(), 0);
  const auto first_of = [&](int64_t i) {
    while (earlier[i] != i) i = earlier[i] = earlier[earlier[i]];
    return i;
  };
  const auto join = [&](int64_t a, int64_t b) {
    a = first_of(a);
    b = first_of(b);
    earlier[std::max(a, b)] = std::min(a, b);
  };
  std::unordered_map<uint64_t, int64_t> with_contents;
  for (int64_t i = 0; i < graph_->size(); ++i) {
    if (!IsThere(i)) continue;
    join(i, with_contents.emplace(photos_[i].contents, i).first->second);
    ASSIGN_OR_RETURN(const std::vector<NearVector> near, graph_->NearestTo(i, kNeighbours));
    for (const NearVector& v : near) {
      if (v.similarity >= similarity && IsThere(v.number)) join(i, v.number);
    }
  }
  std::vector<std::vector<const IndexedPhoto*>> groups(photos_.size());
  for (int64_t i = 0; i < graph_->size(); ++i) {
    if (IsThere(i)) groups[first_of(i)].push_back(&photos_[i]);
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(),
                              [](const auto& group) { return group.size() < 2; }),
               groups.end());
  return groups;
}

absl::Status PhotoIndex::Compact() {
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < graph_->size(); ++i) {
    if (IsThere(i)) kept.push_back(i);
  }
  ASSIGN_OR_RETURN(graph_, graph_->Part(kept));
  std::vector<IndexedPhoto> photos;
  for (const int64_t i : kept) {
    numbers_[photos_[i].path] = static_cast<int64_t>(photos.size());
    photos.push_back(std::move(photos_[i]));
  }
  photos_ = std::move(photos);
  return absl::OkStatus();
}

// Beside the graph's tensors and the columns of labels, of N photos: "files" int64 [N, 3], size,
// time and contents; "ends" int64 [N, 2], where path and caption end in "texts" uint8 [bytes, 1];
// "there" bool [N, 1].
absl::StatusOr<NamedTensors> PhotoIndex::ToTensors() const {
  const int64_t n = graph_->size();
  size_t bytes = 0;
  for (const IndexedPhoto& photo : photos_) bytes += photo.path.size() + photo.caption.size();
  ASSIGN_OR_RETURN(NamedTensors tensors, graph_->ToTensors());
  ASSIGN_OR_RETURN(Tensor files, Tensor::Make(kInt64, Shape({n, 3})));
  ASSIGN_OR_RETURN(Tensor ends, Tensor::Make(kInt64, Shape({n, 2})));
  ASSIGN_OR_RETURN(Tensor texts, Tensor::Make(kUInt8, Shape({static_cast<int64_t>(bytes), 1})));
  ASSIGN_OR_RETURN(Tensor there, Tensor::Make(kBool, Shape({n, 1})));
  uint8_t* const begin = texts.mutable_data<uint8_t>();
  uint8_t* text = begin;
  for (int64_t i = 0; i < n; ++i) {
    const IndexedPhoto& photo = photos_[i];
    int64_t* const file = files.mutable_data<int64_t>() + 3 * i;
    file[0] = photo.bytes;
    file[1] = photo.modified;
    file[2] = static_cast<int64_t>(photo.contents);
    text = std::copy(photo.path.begin(), photo.path.end(), text);
    ends.mutable_data<int64_t>()[2 * i] = text - begin;
    text = std::copy(photo.caption.begin(), photo.caption.end(), text);
    ends.mutable_data<int64_t>()[2 * i + 1] = text - begin;
    there.mutable_data<bool>()[i] = IsThere(i);
  }
  tensors.insert({{"files", files}, {"ends", ends}, {"texts", texts}, {"there", there}});
  for (const auto& [name, field] : kLabelColumns) {
    RETURN_IF_ERROR(AddLabels(photos_, name, field, &tensors));
  }
  return tensors;
}

absl::Status PhotoIndex::SetTensors(const NamedTensors& tensors) {
  ASSIGN_OR_RETURN(graph_, VectorGraph::FromTensors(tensors));
  const int64_t n = graph_->size();
  const auto found_texts = tensors.find("texts");
  const int64_t bytes = found_texts == tensors.end() || found_texts->second.rank() != 2
                            ? 0
                            : found_texts->second.dim(0);
  ASSIGN_OR_RETURN(const int64_t* file, Column<int64_t>(tensors, "files", n, 3));
  ASSIGN_OR_RETURN(const int64_t* end, Column<int64_t>(tensors, "ends", n, 2));
  ASSIGN_OR_RETURN(const uint8_t* texts, Column<uint8_t>(tensors, "texts", bytes, 1));
  // As bytes: a bool from a file may be neither true nor false.
  const auto there = tensors.find("there");
  if (there == tensors.end() || there->second.dtype() != kBool ||
      there->second.shape() != Shape({n, 1})) {
    return Damaged("its column 'there'");
  }
  const auto* is_there = static_cast<const uint8_t*>(there->second.raw());
  const char* const text = reinterpret_cast<const char*>(texts);
  int64_t at = 0;
  photos_.reserve(n);
  numbers_.reserve(n);
  for (int64_t i = 0; i < n; ++i, file += 3, end += 2) {
    if (end[0] < at || end[1] < end[0] || end[1] > bytes) return Damaged("its texts");
    IndexedPhoto photo = {.path = std::string(text + at, text + end[0]),
                          .bytes = file[0],
                          .modified = file[1],
                          .contents = static_cast<uint64_t>(file[2]),
                          .caption = std::string(text + end[0], text + end[1])};
    at = end[1];
    if (is_there[i] != 0 && !numbers_.emplace(photo.path, i).second) {
      return Damaged(absl::StrCat("it has '", photo.path, "' twice"));
    }
    photos_.push_back(std::move(photo));
  }
  for (const auto& [name, field] : kLabelColumns) {
    RETURN_IF_ERROR(SetLabels(tensors, name, field, &photos_));
  }
  return absl::OkStatus();
}

absl::StatusOr<PhotoIndex> PhotoIndex::Load(Env* env, const std::string& path) {
  if (!env->FileExists(path)) {
    return absl::NotFoundError(absl::StrCat("there is no index '", path, "'"));
  }
  const std::string again = "; index the photos again";
  absl::StatusOr<SafetensorsContents> file = ReadSafetensors(env, path);
  if (!file.ok()) {
    return absl::Status(file.status().code(), absl::StrCat(file.status().message(), again));
  }
  const auto format = file->metadata.find(kFormatKey), models = file->metadata.find(kModelsKey);
  if (format == file->metadata.end() || format->second != kFormat ||
      models == file->metadata.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", path, "' is no photo index of this version", again));
  }
  PhotoIndex index;
  index.models_ = models->second;
  const absl::Status status = index.SetTensors(file->tensors);
  if (status.ok()) return index;
  return absl::Status(status.code(), absl::StrCat("'", path, "': ", status.message(), again));
}

absl::Status PhotoIndex::Save(Env* env, const std::string& path) {
  const int64_t removed = graph_->size() - size();
  if (static_cast<double>(removed) > kMuch * static_cast<double>(graph_->size())) {
    RETURN_IF_ERROR(Compact());
  }
  ASSIGN_OR_RETURN(const NamedTensors tensors, ToTensors());
  const std::string beside = absl::StrCat(path, ".new");
  const auto write = [&]() -> absl::Status {
    RETURN_IF_ERROR(env->CreateDirs(DirName(path)));
    RETURN_IF_ERROR(
        WriteSafetensors(env, beside, tensors, {{kFormatKey, kFormat}, {kModelsKey, models_}}));
    RETURN_IF_ERROR(env->Rename(beside, path));
    return env->SyncDir(DirName(path));
  };
  absl::Status status = write();
  if (!status.ok()) env->Remove(beside).IgnoreError();
  return status;
}

}  // namespace viv
