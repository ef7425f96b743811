/* Two threads with interrupts on, and a timer that strikes once: while the first of them is being switched to. */
#ifndef FIBERSCOPE_ASM_WINDOWED_TIMER_LAB_H
#define FIBERSCOPE_ASM_WINDOWED_TIMER_LAB_H

#include <stdint.h>

enum { TERMS = 4 };

/* What each thread has added up: 1 + 2 + … + TERMS, and ten times that. */
struct timer_results {
  uint64_t ada;
  uint64_t bob;
};

/* Steps from arming the timer to its strike. With 1 it strikes while interrupts are off, and is delivered by the first
 * instruction that turns them on. 0: it does not strike. */
extern uint32_t strike_after;

void run_timer_lab(struct timer_results* results);

#endif
