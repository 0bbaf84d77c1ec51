// Event files back into curves.
#include "absl/strings/match.h"
#include "core/base/status.h"
#include "core/data/tfrecord.h"
#include "core/train/curves.h"
#include "core/train/event_file.pb.h"

namespace viv {
namespace {

// Removes what curves hold from `step` on.
void Forget(int64_t step, std::map<std::string, Curve>* curves) {
  for (auto& [tag, curve] : *curves) {
    while (!curve.points.empty() && curve.points.back().first >= step) curve.points.pop_back();
  }
}

void Add(const proto::Event& event, std::map<std::string, Curve>* curves) {
  if (event.session_log().status() == proto::SessionLog::START) Forget(event.step(), curves);
  for (const proto::Summary::Value& value : event.summary().value()) {
    if (value.value_case() != proto::Summary::Value::kSimpleValue) continue;
    Curve& curve = (*curves)[value.tag()];
    curve.name = value.tag();
    const bool in_order = curve.points.empty() || curve.points.back().first < event.step();
    if (in_order) curve.points.emplace_back(event.step(), value.simple_value());
  }
}

}  // namespace

absl::StatusOr<std::map<std::string, Curve>> ReadCurves(Env* env, const std::string& directory) {
  std::map<std::string, Curve> curves;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env->ListDir(directory));
  for (const std::string& name : names) {
    if (!absl::StrContains(name, "tfevents")) continue;
    ASSIGN_OR_RETURN(const auto reader, TfRecordReader::Open(env, JoinPath(directory, name)));
    std::string record;
    for (absl::StatusOr<bool> more = reader->Next(&record); more.ok() && *more;
         more = reader->Next(&record)) {
      proto::Event event;
      if (!event.ParseFromString(record)) break;
      Add(event, &curves);
    }
  }
  return curves;
}

}  // namespace viv
