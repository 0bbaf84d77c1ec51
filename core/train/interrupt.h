// Ctrl-C as a question that a loop asks.
#ifndef VIV_CORE_TRAIN_INTERRUPT_H_
#define VIV_CORE_TRAIN_INTERRUPT_H_

#include <csignal>

namespace viv {

// While it lives, the first SIGINT or SIGTERM sets requested(); a second one ends the process as
// usual. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool requested();

 private:
  struct sigaction old_interrupt_, old_terminate_;
};

}  // namespace viv

#endif  // VIV_CORE_TRAIN_INTERRUPT_H_
