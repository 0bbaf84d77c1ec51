// Events as TFRecords of generated messages.
#include "core/train/event_file.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "core/base/utf8.h"
#include "core/data/tfrecord.h"
#include "core/train/event_file.pb.h"
#include "core/train/png.h"

namespace viv {
namespace {

constexpr char kPrefix[] = "events.out.tfevents.";
// From this version on, TensorBoard heeds SessionLog::START.
constexpr char kVersion[] = "brain.Event:2";
// Times in names have ten digits.
constexpr int64_t kMostSeconds = 9999999999;

double SystemSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

// The time in the last of the directory's event files, 0 where there is none.
absl::StatusOr<int64_t> LastTime(Env* env, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env->ListDir(directory));
  int64_t last = 0;
  for (const std::string& name : names) {
    absl::string_view rest = name;
    int64_t time = 0;
    if (absl::ConsumePrefix(&rest, kPrefix) &&
        absl::SimpleAtoi(rest.substr(0, rest.find('.')), &time) && time < kMostSeconds) {
      last = std::max(last, time);
    }
  }
  return last;
}

class TfEventFile : public EventFile {
 public:
  TfEventFile(std::string path, std::unique_ptr<TfRecordWriter> writer, EventFileOptions options)
      : path_(std::move(path)), writer_(std::move(writer)), options_(std::move(options)) {
    if (!options_.now) options_.now = SystemSeconds;
    last_flush_ = options_.now();
  }
  ~TfEventFile() override { Close().IgnoreError(); }

  absl::Status Begin() {
    proto::Event version = NewEvent(options_.first_step);
    version.set_file_version(kVersion);
    RETURN_IF_ERROR(Write(version));
    // Of a new run too: TensorBoard takes the directory's first start for no resumption, whatever
    // its step.
    proto::Event start = NewEvent(options_.first_step);
    start.mutable_session_log()->set_status(proto::SessionLog::START);
    RETURN_IF_ERROR(Write(start));
    return Flush();
  }

  absl::Status AddScalar(int64_t step, const std::string& tag, double value) override {
    return Add(step, tag, [&](proto::Summary::Value* summary) {
      summary->set_simple_value(static_cast<float>(value));
    });
  }

  absl::Status AddImage(int64_t step, const std::string& tag, const Tensor& image) override {
    ASSIGN_OR_RETURN(std::string png, EncodePng(image));
    return Add(step, tag, [&](proto::Summary::Value* summary) {
      summary->mutable_image()->set_height(static_cast<int32_t>(image.shape().dim(0)));
      summary->mutable_image()->set_width(static_cast<int32_t>(image.shape().dim(1)));
      summary->mutable_image()->set_colorspace(static_cast<int32_t>(image.shape().dim(2)));
      summary->mutable_image()->set_encoded_image_string(std::move(png));
    });
  }

  absl::Status AddText(int64_t step, const std::string& tag, absl::string_view text) override {
    if (!IsValidUtf8(text)) {
      return absl::InvalidArgumentError(absl::StrCat("the text '", tag, "' is not UTF-8"));
    }
    return Add(step, tag, [&](proto::Summary::Value* summary) {
      summary->mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
      summary->mutable_tensor()->set_dtype(proto::TensorProto::DT_STRING);
      summary->mutable_tensor()->mutable_tensor_shape();
      summary->mutable_tensor()->add_string_val(std::string(text));
    });
  }

  absl::Status Flush() override {
    RETURN_IF_ERROR(CheckOpen());
    last_flush_ = options_.now();
    return writer_->Flush();
  }

  absl::Status Close() override {
    if (writer_ == nullptr) return absl::OkStatus();
    return std::exchange(writer_, nullptr)->Close();
  }

  const std::string& path() const override { return path_; }

 private:
  proto::Event NewEvent(int64_t step) const {
    proto::Event event;
    event.set_wall_time(options_.now());
    event.set_step(step);
    return event;
  }

  template <typename Fill>
  absl::Status Add(int64_t step, const std::string& tag, Fill fill) {
    if (!IsValidUtf8(tag)) return absl::InvalidArgumentError("a tag is not UTF-8");
    proto::Event event = NewEvent(step);
    proto::Summary::Value* summary = event.mutable_summary()->add_value();
    summary->set_tag(tag);
    fill(summary);
    RETURN_IF_ERROR(Write(event));
    return event.wall_time() - last_flush_ < options_.flush_seconds ? absl::OkStatus() : Flush();
  }

  absl::Status CheckOpen() const {
    return writer_ != nullptr
               ? absl::OkStatus()
               : absl::FailedPreconditionError(absl::StrCat("'", path_, "' is closed"));
  }

  absl::Status Write(const proto::Event& event) {
    RETURN_IF_ERROR(CheckOpen());
    std::string record;
    if (!event.SerializeToString(&record)) {
      return absl::InvalidArgumentError("an event is larger than the 2 GB of one record");
    }
    return writer_->Write(record);
  }

  const std::string path_;
  std::unique_ptr<TfRecordWriter> writer_;  // null once closed
  EventFileOptions options_;
  double last_flush_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EventFile>> EventFile::Create(Env* env, const std::string& directory,
                                                             const EventFileOptions& options) {
  static std::atomic<int> number = 0;
  RETURN_IF_ERROR(env->CreateDirs(directory));
  ASSIGN_OR_RETURN(const int64_t last, LastTime(env, directory));
  const auto now = static_cast<int64_t>(options.now ? options.now() : SystemSeconds());
  const std::string path =
      JoinPath(directory, absl::StrFormat("%s%010d.%s.%d.%d", kPrefix, std::max(now, last + 1),
                                          HostName(), ::getpid(), number++));
  ASSIGN_OR_RETURN(std::unique_ptr<TfRecordWriter> writer, TfRecordWriter::Create(env, path));
  auto file = std::make_unique<TfEventFile>(path, std::move(writer), options);
  RETURN_IF_ERROR(file->Begin());
  return std::unique_ptr<EventFile>(std::move(file));
}

}  // namespace viv
