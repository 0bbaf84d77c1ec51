// The texts of a bundle.
#include "core/bundle/bundle_export.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace viv {

std::string BundleExport::LicenceText(absl::string_view start) const {
  std::string text = absl::StrCat(non_commercial ? "Non-commercial use only.\n\n" : "",
                                  "These weights were learnt from ", data,
                                  ". Its licence governs their use:\n\n", licence, "\n");
  // What went on learning from the same data says so once.
  if (absl::StartsWith(start, text)) return std::string(start);
  if (!start.empty()) {
    absl::StrAppend(&text, "\nThey began with the weights of another bundle, of which is said:\n\n",
                    start);
  }
  return text;
}

std::string BundleExport::Card(absl::string_view title, absl::string_view net,
                               int64_t updates) const {
  return absl::StrCat("# ", title, "\n\n",
                      non_commercial ? "**Learnt from non-commercial data.** " : "", net,
                      "\n\n- data: ", data, "\n- licence: see LICENSE\n",
                      updates < 0 ? "" : absl::StrCat("- trained: ", updates, " updates\n"),
                      "- command:\n\n```sh\n", command, "\n```\n");
}

}  // namespace viv
