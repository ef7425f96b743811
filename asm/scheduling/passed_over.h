/* What the priority policy notes of those who were not chosen. */
#ifndef FIBERSCOPE_ASM_SCHEDULING_PASSED_OVER_H
#define FIBERSCOPE_ASM_SCHEDULING_PASSED_OVER_H

#include "asm/runtime/tcb.h"

/* By id: how often the thread was ready and another one was chosen. */
extern uint64_t passed_over[THREAD_TABLE_SIZE];

#endif
