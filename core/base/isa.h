// The instruction sets that hot loops are compiled for, and the one this machine runs.
#ifndef VIV_CORE_BASE_ISA_H_
#define VIV_CORE_BASE_ISA_H_

namespace viv {

enum class Isa { kBaseline, kAvx2, kAvx512, kAvx512Bf16 };

// The best of them that this machine has. Part of what fixes the bits of a result.
Isa MachineIsa();
// "baseline", "avx2", "avx512", "avx512bf16".
const char* IsaName(Isa isa);

// A *_isa.cc file defines its functions in namespace viv::VIV_ISA. A header declares them once,
//   VIV_DECLARE_ISA(void Scale(float* x, int64_t n);)
// and a kernel calls the machine's: VIV_CALL_ISA(Scale)(x, n).
#if defined(__x86_64__)
#define VIV_DECLARE_ISA(...) \
  namespace baseline {       \
  __VA_ARGS__                \
  }                          \
  namespace avx2 {           \
  __VA_ARGS__                \
  }                          \
  namespace avx512 {         \
  __VA_ARGS__                \
  }                          \
  namespace avx512bf16 {     \
  __VA_ARGS__                \
  }
#define VIV_CALL_ISA(function)                                                                    \
  (::viv::ChooseIsa(&::viv::baseline::function, &::viv::avx2::function, &::viv::avx512::function, \
                    &::viv::avx512bf16::function))
#else
#define VIV_DECLARE_ISA(...) \
  namespace baseline {       \
  __VA_ARGS__                \
  }
#define VIV_CALL_ISA(function) (&::viv::baseline::function)
#endif

template <typename F>
F* ChooseIsa(F* baseline, F* avx2, F* avx512, F* avx512bf16) {
  F* const all[] = {baseline, avx2, avx512, avx512bf16};
  return all[static_cast<int>(MachineIsa())];
}

}  // namespace viv

#endif  // VIV_CORE_BASE_ISA_H_
