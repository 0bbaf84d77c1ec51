// Means by node and by op.
#include "core/runtime/cost_model.h"

#include <algorithm>

#include "core/runtime/slot_table.h"

namespace viv {
namespace {

constexpr double kGuessSeconds = 1e-6;
// Measured between two threads of one machine: waking the other, and a copy.
constexpr double kLatencySeconds = 1e-5;
constexpr double kBytesPerSecond = 5e9;

}  // namespace

CostModel::CostModel(const Profile& profile) {
  for (const Profile::Event& event : profile.events()) {
    for (Mean* mean : {&by_name_[event.name], &by_op_[event.op]}) {
      ++mean->count;
      mean->seconds +=
          (static_cast<double>(event.end - event.begin) * 1e-9 - mean->seconds) / mean->count;
      mean->bytes += (static_cast<double>(event.output_bytes) - mean->bytes) / mean->count;
    }
  }
}

double CostModel::Seconds(const Node& node) const {
  if (IsSource(node)) return 0;
  if (const auto it = by_name_.find(node.name()); it != by_name_.end()) return it->second.seconds;
  if (const auto it = by_op_.find(node.op_name()); it != by_op_.end()) return it->second.seconds;
  return kGuessSeconds;
}

double CostModel::OutputBytes(const Node& node) const {
  if (const auto it = by_name_.find(node.name()); it != by_name_.end()) return it->second.bytes;
  double bytes = 0;
  for (int i = 0; i < node.num_outputs(); ++i) {
    const int64_t elements = std::max<int64_t>(1, node.output_shape(i).num_elements());
    bytes += static_cast<double>(elements) * static_cast<double>(DTypeSize(node.output_type(i)));
  }
  return bytes;
}

double CostModel::TransferSeconds(double bytes) {
  return kLatencySeconds + bytes / kBytesPerSecond;
}

}  // namespace viv
