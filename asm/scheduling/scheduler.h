/* A scheduler with a policy, a clock and a quantum, in the place of runtime/scheduler.c: the threads of
 * runtime/thread.h run on either. It keeps account of the time that each thread had the CPU. */
#ifndef FIBERSCOPE_ASM_SCHEDULING_SCHEDULER_H
#define FIBERSCOPE_ASM_SCHEDULING_SCHEDULER_H

#include "asm/runtime/scheduler.h"

/* Steps that a thread may run before the timer interrupts it; 0: until it gives up the CPU itself. Supplied by the
 * program. */
extern const uint32_t quantum;

/* Time that each thread had the CPU so far, by id (steps; hosted: microseconds). The one that runs is charged when it
 * leaves. */
extern uint64_t time_spent[THREAD_TABLE_SIZE];

/* Takes the thread out of the ready queue that is to run next; NULL where nobody is ready. Supplied by a policy: round
 * robin, priority or lottery (policy_*.c). */
struct tcb* policy_choose(uint64_t* queue);

#endif
