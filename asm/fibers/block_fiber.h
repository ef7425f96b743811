/* Fibers on the stacks of stackmalloc.h. main picks who runs; a fiber goes on until it yields, or returns into
 * frame_dealloc, which gives its stack back. */
#ifndef FIBERSCOPE_ASM_FIBERS_BLOCK_FIBER_H
#define FIBERSCOPE_ASM_FIBERS_BLOCK_FIBER_H

#include "asm/fibers/stackmalloc.h"
#include "asm/runtime/tcb.h"

/* What a fiber runs. It is entered by a ret, with both arguments in registers that the switch has popped: its argument,
 * and where its stack pointer was at that moment. There (cell 0) lies the address it will return to. */
typedef void (*task_function)(void* argument, uint64_t* stack_pointer);

/* Makes a fiber on a fresh block. NULL where there is no block left. */
struct tcb* fiber_create(const char* name, task_function task, void* argument);

/* Runs a fiber until it yields or ends. For main. */
void fiber_resume(struct tcb* fiber);

/* Back to main. */
void fiber_yield(void);

#endif
