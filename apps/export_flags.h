// What a training program is told of the bundle that it makes: --export_to, --data_name, --licence
// and --non_commercial.
#ifndef VIV_APPS_EXPORT_FLAGS_H_
#define VIV_APPS_EXPORT_FLAGS_H_

#include <string>
#include <vector>

#include "core/bundle/bundle_export.h"
#include "gflags/gflags.h"

DECLARE_string(export_to);

namespace viv {

// `data`: where the data lies, which is its name where none was given; `command_line`: the
// arguments of main.
BundleExport ExportOfFlags(const std::string& data, const std::vector<std::string>& command_line);

}  // namespace viv

#endif  // VIV_APPS_EXPORT_FLAGS_H_
