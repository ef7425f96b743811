/* Fibers under a scheduler that has a stack of its own: whoever gives up the CPU switches to the scheduler, and the
 * scheduler to the next one that is ready. The names of the functions are what the tool reads off a chain to say why a
 * switch happened. */
#ifndef FIBERSCOPE_ASM_FIBERS_SCHEDULED_FIBER_H
#define FIBERSCOPE_ASM_FIBERS_SCHEDULED_FIBER_H

#include "asm/fibers/swtch.h"
#include "asm/runtime/tcb.h"

typedef void* (*fiber_function)(void* argument);

/* The highest bytes of the scheduler's stack. */
extern struct scheduler_allocation* scheduler_allocation;

/* Makes the scheduler: a stack and its first context. Once, before anything else here. */
void scheduler_create(void);

/* Makes a fiber that will run entry(argument). It waits until somebody makes it ready. NULL where no stack is left. */
struct tcb* fiber_create(const char* name, fiber_function entry, void* argument);

/* Puts a fiber that waits at the end of the ready queue. */
void fiber_make_ready(struct tcb* fiber);

/* Runs all fibers until none is ready any more. For main. */
void fiber_run(void);

/* Lets the others run. With marks the registers are looked at (swtch_marked.S); NULL where nobody wants to know. */
void fiber_yield(struct register_marks* marks);

/* Ends the caller. Returning from the entry function does the same. */
_Noreturn void fiber_exit(void* result);

/* The note's GetContent: takes the space for a saved context from a stack whose top is here, below a return address
 * that nobody uses. */
struct saved_context* get_context(uint64_t stack_top, uint64_t unused_return);

#endif
