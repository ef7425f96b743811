#include "asm/windowed/timer_lab.h"

#include "asm/runtime/platform.h"
#include "asm/windowed/interrupts.h"
#include "asm/windowed/yield_now.h"

uint32_t strike_after = 1;

/* A thread's own wish to let others run. */
static void thread_yield(void) {
  uint64_t flags = interrupts_off();
  yield_now();
  interrupts_restore(flags);
}

static uint64_t add_up(uint64_t unit) {
  uint64_t sum = 0;
  for (uint64_t term = 1; term <= TERMS; ++term) {
    sum += term * unit;
    thread_yield();
  }
  return sum;
}

static void* ada(void* argument) {
  return (void*)add_up((uint64_t)argument);
}

static void* bob(void* argument) {
  return (void*)add_up((uint64_t)argument);
}

void run_timer_lab(struct timer_results* results) {
  timer_install();
  struct thread* first = thread_spawn("ada", ada, (void*)1);
  struct thread* second = thread_spawn("bob", bob, (void*)10);
  interrupts_off();
  platform_arm_timer(strike_after);
  results->ada = (uint64_t)thread_join(first);
  results->bob = (uint64_t)thread_join(second);
}
