/* What else changes with the thread, besides its registers. */
#ifndef FIBERSCOPE_ASM_SCHEDULING_HANDOVER_H
#define FIBERSCOPE_ASM_SCHEDULING_HANDOVER_H

#include "asm/runtime/tcb.h"

/* Called just before the switch to a thread. */
void hand_over_to(struct tcb* next);

#endif
