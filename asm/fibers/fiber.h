/* Fibers that call each other like functions: whoever resumes one waits until it yields a value or ends. The names of
 * the functions are what the tool reads off a chain to say why a switch happened. */
#ifndef FIBERSCOPE_ASM_FIBERS_FIBER_H
#define FIBERSCOPE_ASM_FIBERS_FIBER_H

#include "asm/runtime/tcb.h"

typedef void* (*fiber_function)(void* argument);

/* Makes a fiber that will run entry(argument); it does not run yet. NULL where no stack is left. */
struct tcb* fiber_create(const char* name, fiber_function entry, void* argument);

/* Runs a fiber until it yields, and returns what it yielded; once it has ended, its result. */
uint64_t fiber_resume(struct tcb* fiber);

/* Hands a value to whoever resumed the caller, and waits to be resumed again. */
void fiber_yield(uint64_t value);

/* Ends the caller. Returning from the entry function does the same. */
_Noreturn void fiber_exit(void* result);

#endif
