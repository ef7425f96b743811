#include "asm/windowed/interrupts.h"
#include "asm/windowed/yield_now.h"

uint64_t ticks;

void timer_interrupt(void) {
  ticks += 1;
  if (scheduler.should_preempt()) yield_now();
}
