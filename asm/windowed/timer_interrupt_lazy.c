#include "asm/windowed/fpu.h"
#include "asm/windowed/interrupts.h"
#include "asm/windowed/yield_now.h"

void timer_interrupt(void) {
  if (!scheduler.should_preempt()) return;
  struct thread* self = current_thread();
  fpu_leave(self);
  yield_now();
  fpu_return(self);
}
