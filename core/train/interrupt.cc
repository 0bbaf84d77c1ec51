// The handler only sets a flag; SA_RESETHAND gives a second signal its usual effect.
#include "core/train/interrupt.h"

namespace viv {
namespace {

volatile std::sig_atomic_t interrupt_requested = 0;

void OnSignal(int) { interrupt_requested = 1; }

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupt_requested = 0;
  struct sigaction action = {};
  action.sa_handler = &OnSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool InterruptGuard::requested() { return interrupt_requested != 0; }

}  // namespace viv
