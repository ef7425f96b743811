/* Whose values the x87 and SSE registers hold, and who saves them when. Two ways to save them less often than at every
 * switch: the note's, by a flag of the thread, and the processor's, by CR0.TS. */
#ifndef FIBERSCOPE_ASM_WINDOWED_FPU_H
#define FIBERSCOPE_ASM_WINDOWED_FPU_H

#include <stdint.h>

#include "asm/windowed/windowed.h"

enum fpu_policy {
  FPU_BY_FLAG, /* save where thread->uses_fpu */
  FPU_BY_TS    /* save when another thread touches the registers: #NM, Intel SDM vol. 3, 13.4 */
};

struct fpu_counts {
  uint64_t switches;      /* away from a thread by the timer: an eager kernel saves at each of them */
  uint64_t saves;         /* fxsave */
  uint64_t not_available; /* #NM */
};

/* Begins a policy and its counts: FPU_BY_FLAG before any thread has used the registers, FPU_BY_TS when no thread needs
 * what is in them. */
void fpu_begin(enum fpu_policy policy, struct fpu_counts* counts);

/* Gives a new thread clean registers. */
void fpu_prepare(struct thread* thread, uint64_t uses_fpu);

/* To be called by a thread before it is switched away from, and when it is back. */
void fpu_leave(struct thread* self);
void fpu_return(struct thread* self);

/* Handles #NM: device_not_available_entry.S calls it. */
void device_not_available(void);

#endif
