// Inference or a training step (SGD with momentum) of an Inception net on random photos: the work
// of the peer scripts for GoogLeNet, in the same form of output.
//
//   inception [--mode infer|train] [--kind v1_norm] [--stem published] [--size 224] [--batch 1]
//             [--classes 1000] [--threads 2] [--dtype f32|bf16|int8] [--seconds 3] [--profile]
//             [--recompute]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/ops/array.h"
#include "core/passes/range_recorder.h"
#include "core/runtime/session.h"
#include "models/vision/inception.h"
#include "timed_runs.h"

namespace viv {
namespace {

struct Settings {
  InceptionOptions net;
  std::string dtype = "f32";
  bool train = false, recompute = false, profile = false;
  int batch = 1, threads = 2;
  double seconds = 3;
};

// False for what is no flag of this program.
bool Parse(int argc, char** argv, Settings& settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--profile" || flag == "--recompute") {
      (flag == "--profile" ? settings.profile : settings.recompute) = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    const int number = std::atoi(value.c_str());
    if (flag == "--mode") {
      settings.train = value == "train";
    } else if (flag == "--kind") {
      settings.net.kind = value;
    } else if (flag == "--stem") {
      settings.net.stem = value;
    } else if (flag == "--dtype") {
      settings.dtype = value;
    } else if (flag == "--size") {
      settings.net.input_size = number;
    } else if (flag == "--classes") {
      settings.net.classes = number;
    } else if (flag == "--batch") {
      settings.batch = number;
    } else if (flag == "--threads") {
      settings.threads = number;
    } else if (flag == "--seconds") {
      settings.seconds = std::atof(value.c_str());
    } else {
      return false;
    }
  }
  return settings.batch >= 1 && settings.threads >= 1;
}

std::vector<Tensor> RandomPhotos(const Settings& s) {
  RandomStream random(1);
  const int64_t n = s.batch, extent = s.net.input_size;
  std::vector<uint8_t> photos(n * extent * extent * 3);
  std::vector<int32_t> labels(n);
  for (uint8_t& colour : photos) colour = static_cast<uint8_t>(random.Below(256));
  for (int32_t& label : labels) label = static_cast<int32_t>(random.Below(s.net.classes));
  return {Tensor::Of<uint8_t>({n, extent, extent, 3}, photos), Tensor::Vector<int32_t>(labels)};
}

// What 8 bits need.
absl::Status RecordRanges(const GraphBuilder& b, const Feeds& feeds) {
  RangeRecorder ranges(&b.graph());
  ASSIGN_OR_RETURN(Session session, Session::Create(b));
  RETURN_IF_ERROR(session.Initialize());
  ASSIGN_OR_RETURN(const std::vector<Tensor> images, session.Run(feeds, ranges.images()));
  ranges.See(images);
  ranges.Write();
  return absl::OkStatus();
}

absl::Status Measure(const Settings& s) {
  const GraphBuilder b;
  const Inception net(b, s.net);
  const Output photos = Placeholder(b, kUInt8, {s.batch, s.net.input_size, s.net.input_size, 3});
  const Output labels = Placeholder(b, kInt32, {s.batch});
  std::vector<Output> fetches;
  if (s.train) {
    const InceptionOutputs out = net.ApplyToTrain(s.recompute ? b.Recomputing() : b, photos);
    const Output loss = InceptionLoss(b, out, labels);
    const Sgd sgd = {.learning_rate = 0.01f, .momentum = 0.9f};
    fetches = {loss, WithUpdates(b, sgd.Step(b, loss), out.updates).update};
  } else {
    fetches = {net.Apply(b, photos).logits};
  }
  ASSIGN_OR_RETURN(const DType precision, ParsePrecision(s.dtype));
  std::vector<Output> feeds = {photos};
  std::vector<Tensor> values = RandomPhotos(s), results(fetches.size());
  if (precision == kInt8) RETURN_IF_ERROR(RecordRanges(b, {{photos, values[0]}}));
  ASSIGN_OR_RETURN(Session session, Session::Create(b, {.precision = precision}));
  RETURN_IF_ERROR(session.Initialize());
  if (s.train) feeds.push_back(labels);
  values.resize(feeds.size());
  ASSIGN_OR_RETURN(const PreparedRun run, session.Prepare(feeds, fetches));
  ASSIGN_OR_RETURN(const std::vector<double> times,
                   TimeRuns(run, values, absl::MakeSpan(results), s.seconds));
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const double median = times[times.size() / 2];
  std::printf(
      "%s T=%d B=%d dtype=%s median_ms=%.2f best_ms=%.2f images_per_s=%.2f "
      "peak_rss_mb=%.0f\n",
      s.train ? "train" : "infer", s.threads, s.batch, s.dtype.c_str(), median, times[0],
      s.batch / median * 1e3, static_cast<double>(usage.ru_maxrss) / 1024);
  if (!s.profile) return absl::OkStatus();
  Profile profile;
  RETURN_IF_ERROR(run.Run(values, absl::MakeSpan(results), {.profile = &profile}));
  std::printf("%s", profile.Table().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace viv

int main(int argc, char** argv) {
  viv::Settings settings;
  if (!viv::Parse(argc, argv, settings)) {
    std::fprintf(stderr, "the head of this program's source lists its flags\n");
    return 2;
  }
  viv::SetMaxThreads(settings.threads);
  const absl::Status status = viv::Measure(settings);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
