// Asks the processor once.
#include "core/base/isa.h"

namespace viv {

Isa MachineIsa() {
  static const Isa isa = [] {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni")
                 ? Isa::kAvx512Bf16
                 : Isa::kAvx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::kAvx2;
#endif
    return Isa::kBaseline;
  }();
  return isa;
}

const char* IsaName(Isa isa) {
  constexpr const char* kNames[] = {"baseline", "avx2", "avx512", "avx512bf16"};
  return kNames[static_cast<int>(isa)];
}

}  // namespace viv
