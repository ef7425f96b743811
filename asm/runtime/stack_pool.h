/* The stacks of threads other than main: stack_1 … stack_8 of stacks.S. */
#ifndef FIBERSCOPE_ASM_RUNTIME_STACK_POOL_H
#define FIBERSCOPE_ASM_RUNTIME_STACK_POOL_H

#include "asm/runtime/stacks.h"

/* The lowest address of a stack of THREAD_STACK_SIZE bytes that nobody has yet, in this order. NULL where all are
 * taken: a finished thread keeps its own, to be looked at. */
void* take_stack(void);

#endif
