// Parses and checks equations such as "bij,bjk->bik".
#include "core/ops/einsum_equation.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"

namespace viv {
namespace {

absl::Status Bad(const std::string& equation, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("Einsum '", equation, "': ", why));
}

absl::StatusOr<EinsumEquation> Parse(const std::string& text, size_t operands) {
  std::string compact = text;
  compact.erase(std::remove(compact.begin(), compact.end(), ' '), compact.end());
  const std::vector<std::string> sides = absl::StrSplit(compact, "->");
  if (sides.size() > 2) return Bad(text, "more than one '->'");
  EinsumEquation equation;
  equation.operands = absl::StrSplit(sides[0], ',');
  if (equation.operands.size() != operands) {
    return Bad(text, absl::StrCat("names ", equation.operands.size(), " operands, got ", operands));
  }
  std::map<char, int> seen;
  for (const std::string& labels : equation.operands) {
    for (const char label : labels) {
      if (!std::isalpha(static_cast<unsigned char>(label))) {
        return Bad(text, absl::StrCat("'", std::string(1, label), "' is no letter"));
      }
      ++seen[label];
      if (std::count(labels.begin(), labels.end(), label) > 1) {
        return Bad(text, absl::StrCat("'", std::string(1, label), "' stands twice in an operand"));
      }
    }
  }
  if (sides.size() == 1) {
    for (const auto& [label, count] : seen) {
      if (count == 1) equation.result += label;
    }
    return equation;
  }
  equation.result = sides[1];
  for (const char label : equation.result) {
    const std::string name(1, label);
    if (seen.count(label) == 0) return Bad(text, absl::StrCat("no operand has '", name, "'"));
    if (std::count(equation.result.begin(), equation.result.end(), label) > 1) {
      return Bad(text, absl::StrCat("'", name, "' stands twice in the result"));
    }
  }
  return equation;
}

}  // namespace

absl::StatusOr<EinsumEquation> ParseEinsum(const std::string& text,
                                           absl::Span<const PartialShape> shapes) {
  ASSIGN_OR_RETURN(EinsumEquation equation, Parse(text, shapes.size()));
  std::map<char, int64_t> extents;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string& labels = equation.operands[i];
    if (shapes[i].rank() != static_cast<int>(labels.size())) {
      return Bad(
          text, absl::StrCat("'", labels, "' for operand ", i, " of shape ", shapes[i].ToString()));
    }
    for (size_t k = 0; k < labels.size(); ++k) {
      const int64_t extent = shapes[i].dim(static_cast<int>(k));
      if (extent < 0) continue;
      const int64_t known = extents.emplace(labels[k], extent).first->second;
      if (known != extent) {
        return Bad(text, absl::StrCat("'", std::string(1, labels[k]), "' has extents ", known,
                                      " and ", extent));
      }
    }
  }
  return equation;
}

}  // namespace viv
