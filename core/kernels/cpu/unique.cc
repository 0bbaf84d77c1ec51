// Unique, by hashing.
#include <string>
#include <unordered_map>

#include "core/base/status.h"
#include "core/kernels/cpu/elementwise.h"

namespace viv {
namespace {

// 0 and -0 are equal; a NaN is equal to nothing.
template <typename T>
absl::Status Unique(const KernelContext& c) {
  const auto x = c.input(0).flat<T>();
  RETURN_IF_ERROR(c.AllocateOutput(1, c.input(0).shape()));
  std::unordered_map<Wide<T>, int64_t> seen;
  std::vector<int64_t> first, counts;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto [it, is_new] =
        seen.emplace(static_cast<Wide<T>>(x[i]), static_cast<int64_t>(first.size()));
    if (is_new) {
      first.push_back(static_cast<int64_t>(i));
      counts.push_back(0);
    }
    c.out<int64_t>(1)[i] = it->second;
    ++counts[it->second];
  }
  const Shape distinct({static_cast<int64_t>(first.size())});
  RETURN_IF_ERROR(c.AllocateOutput(0, distinct));
  RETURN_IF_ERROR(c.AllocateOutput(2, distinct));
  std::copy(first.begin(), first.end(), c.out<int64_t>(0));
  std::copy(counts.begin(), counts.end(), c.out<int64_t>(2));
  return absl::OkStatus();
}
const bool kUnique = RegisterFor<VIV_NUMBERS, bool, std::string>(
    "Unique", []<typename T>() { return MakeKernel(ComputeFn{&Unique<T>}); });

}  // namespace
}  // namespace viv
