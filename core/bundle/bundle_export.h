// What a training program puts into a bundle beside the net: where the weights come from.
#ifndef VIV_CORE_BUNDLE_BUNDLE_EXPORT_H_
#define VIV_CORE_BUNDLE_BUNDLE_EXPORT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace viv {

struct BundleExport {
  std::string directory;
  // Of the training data: its name, and the text of its licence.
  std::string data, licence;
  bool non_commercial = false;
  // The command that trained it, for the model card.
  std::string command;

  // The text of LICENSE; `start`: that of the bundle whose weights the training began with, or "".
  std::string LicenceText(absl::string_view start) const;
  // A model card: the title, what the net is, data, licence, the number of updates (-1: that says
  // nothing), and the command.
  std::string Card(absl::string_view title, absl::string_view net, int64_t updates) const;
};

}  // namespace viv

#endif  // VIV_CORE_BUNDLE_BUNDLE_EXPORT_H_
