// Flags of bundles that are learnt from data.
#include "apps/export_flags.h"

#include "apps/program.h"

DEFINE_string(export_to, "", "folder for the bundle that is made of what was learnt");
DEFINE_string(data_name, "", "name of the data, for the bundle; where it lies if empty");
DEFINE_string(licence, "Not stated.", "text of the data's licence, for the bundle");
DEFINE_bool(non_commercial, false, "whether that licence forbids commercial use");

namespace viv {

BundleExport ExportOfFlags(const std::string& data, const std::vector<std::string>& command_line) {
  return {.directory = FLAGS_export_to,
          .data = FLAGS_data_name.empty() ? data : FLAGS_data_name,
          .licence = FLAGS_licence,
          .non_commercial = FLAGS_non_commercial,
          .command = CommandLine(command_line)};
}

}  // namespace viv
