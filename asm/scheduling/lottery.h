/* What the lottery policy keeps. A thread's tickets are the priority in its control block. */
#ifndef FIBERSCOPE_ASM_SCHEDULING_LOTTERY_H
#define FIBERSCOPE_ASM_SCHEDULING_LOTTERY_H

#include "asm/runtime/tcb.h"

/* The state of the generator of random numbers: a linear congruential one (Numerical Recipes, 2nd edition, 7.1), the
 * same in every run. */
extern uint32_t lottery_seed;

/* By id: draws won. A draw in which nobody has a ticket is none. */
extern uint64_t wins[THREAD_TABLE_SIZE];

#endif
