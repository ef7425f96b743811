/* The note's two ways into the switch. */
#ifndef FIBERSCOPE_ASM_WINDOWED_YIELD_NOW_H
#define FIBERSCOPE_ASM_WINDOWED_YIELD_NOW_H

#include "asm/windowed/windowed.h"

/* Lets another ready thread run; comes back when the caller's turn has come again. As the note has it, it leaves
 * interrupts as they are: a kernel whose threads may be interrupted calls it with interrupts off. */
void yield_now(void);

/* The same within its caller, as an optimizing compiler does with a function this short: then the caller's frame is the
 * one that windowed_switch returns to, again and again. */
static inline __attribute__((always_inline)) void yield_now_inlined(void) {
  struct ThreadContext* old_ctx = &current_thread()->context;
  struct thread* new_thread = scheduler.pick_next();
  const struct ThreadContext* new_ctx = &new_thread->context;
  windowed_switch(old_ctx, new_ctx);
}

static inline __attribute__((always_inline)) uint64_t stack_pointer(void) {
  uint64_t rsp;
  __asm__ volatile("movq %%rsp, %0" : "=r"(rsp));
  return rsp;
}

#endif
