/* What a routine that switches between two fibers has to offer to fiber.c. There are two such routines, one a program:
 * fiber_swapcontext.S and fiber_pop_rsp.S. */
#ifndef FIBERSCOPE_ASM_FIBERS_FIBER_SWITCH_H
#define FIBERSCOPE_ASM_FIBERS_FIBER_SWITCH_H

#include "asm/runtime/tcb.h"

/* Fills in what the first switch to a fiber will find: its registers, fiber_entry as the place to go on, and in the
 * control block saved_rsp and resume. Its stack, entry and argument are set. */
void build_first_context(struct tcb* fiber);

/* Parks `from`, which is the caller, and goes on with `to`. Comes back when somebody switches to `from`. */
void fiber_switch(struct tcb* from, struct tcb* to);

/* fiber_entry.S: addresses, not functions to call. */
extern char fiber_entry[], fiber_entry_end[];

#endif
