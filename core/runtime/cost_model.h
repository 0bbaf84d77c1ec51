// What nodes cost, as measured: for the placer.
#ifndef VIV_CORE_RUNTIME_COST_MODEL_H_
#define VIV_CORE_RUNTIME_COST_MODEL_H_

#include <map>
#include <string>

#include "core/graph/graph.h"
#include "core/runtime/profile.h"

namespace viv {

class CostModel {
 public:
  // The means of all runs that the profile saw.
  explicit CostModel(const Profile& profile);

  // Of one run of the node; where it was not measured, that of its op, else a small guess. Sources
  // (constants, variables, feeds) cost nothing.
  double Seconds(const Node& node) const;
  // Of all outputs; where it was not measured, by the shapes as far as they are known.
  double OutputBytes(const Node& node) const;
  // To bring as many bytes to another device of the process.
  static double TransferSeconds(double bytes);

 private:
  struct Mean {
    double seconds = 0;
    double bytes = 0;
    int count = 0;
  };
  std::map<std::string, Mean> by_name_;
  std::map<std::string, Mean> by_op_;
};

}  // namespace viv

#endif  // VIV_CORE_RUNTIME_COST_MODEL_H_
