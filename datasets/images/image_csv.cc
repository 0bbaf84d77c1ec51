// Tables of paths and labels (RFC 4180).
#include <filesystem>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/data/byte_source.h"
#include "datasets/images/labelled_images.h"

namespace viv {
namespace {

class ImageFiles : public ImageSource {
 public:
  explicit ImageFiles(Env* env) : env_(env) {}
  int64_t Add(std::string path) {
    paths_.push_back(std::move(path));
    return static_cast<int64_t>(paths_.size()) - 1;
  }
  std::string Name(int64_t i) const override { return paths_[static_cast<size_t>(i)]; }
  absl::StatusOr<Tensor> Decode(int64_t i, const DecodeOptions& options) const override {
    ASSIGN_OR_RETURN(const std::string bytes, env_->ReadFile(Name(i)));
    return DecodeImage(bytes, options);
  }

 private:
  Env* const env_;
  std::vector<std::string> paths_;
};

// The fields of a line; a field in quotes may hold the separator, and quotes twice.
absl::StatusOr<std::vector<std::string>> SplitLine(const std::string& line, char separator) {
  std::vector<std::string> fields(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == separator) {
      fields.emplace_back();
    } else if (line[i] != '"' || !fields.back().empty()) {
      fields.back() += line[i];
    } else {
      bool closed = false;
      for (++i; i < line.size() && !closed; ++i) {
        if (line[i] != '"') {
          fields.back() += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          fields.back() += line[i++];
        } else {
          closed = true;
        }
      }
      if (!closed) return absl::InvalidArgumentError("a quote is not closed");
      --i;
    }
  }
  return fields;
}

struct Row {
  std::string path;
  std::string label;
};

absl::StatusOr<std::vector<Row>> ReadRows(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(std::vector<std::string> lines, ReadLines(env, path));
  if (!lines.empty() && absl::StartsWith(lines[0], "\xef\xbb\xbf")) lines[0].erase(0, 3);
  const char separator = absl::EndsWithIgnoreCase(path, ".tsv") ? '\t' : ',';
  std::vector<Row> rows;
  for (size_t n = 0; n < lines.size(); ++n) {
    if (absl::StripAsciiWhitespace(lines[n]).empty()) continue;
    const std::string where = absl::StrCat("'", path, "': line ", n + 1);
    absl::StatusOr<std::vector<std::string>> fields = SplitLine(lines[n], separator);
    if (!fields.ok()) return Annotate(fields.status(), where);
    if (fields->size() < 2) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": 'path",
                                                     separator == ',' ? "," : "<tab>",
                                                     "label' is needed, there is only one field"));
    }
    Row row{std::string(absl::StripAsciiWhitespace((*fields)[0])),
            std::string(absl::StripAsciiWhitespace((*fields)[1]))};
    // A first line that names no image is one of headings.
    if (n == 0 && !HasImageName(row.path)) continue;
    if (row.path.empty() || row.label.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": the ", row.path.empty() ? "path" : "label", " is empty"));
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return absl::InvalidArgumentError(absl::StrCat("'", path, "': no image in it"));
  return rows;
}

}  // namespace

absl::StatusOr<LabelledImages> ReadImageCsv(Env* env, const std::string& path) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, ReadRows(env, path));
  LabelledImages all;
  std::map<std::string, std::vector<int64_t>> images;
  auto source = std::make_shared<ImageFiles>(env);
  for (Row& row : rows) {
    const std::filesystem::path file = std::filesystem::path(DirName(path)) / row.path;
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
      all.skipped.push_back(absl::StrCat(file.string(), ": there is no such file"));
      images[row.label];
    } else {
      images[row.label].push_back(source->Add(file.string()));
    }
  }
  for (const auto& [name, indices] : images) {
    const auto label = static_cast<int32_t>(all.classes.size());
    all.classes.push_back({name, name});
    for (const int64_t index : indices) all.images.push_back({source, index, label});
  }
  if (all.images.empty()) {
    return absl::NotFoundError(absl::StrCat("'", path, "': none of its ", rows.size(),
                                            " files is there, such as ", all.skipped[0],
                                            " (paths are relative to the table)"));
  }
  return all;
}

}  // namespace viv
