/* Threads in user space: each has a control block and a stack, and gives up the CPU only by calling one of these. The
 * names of the functions are what the tool reads off a chain to say why a switch happened. */
#ifndef FIBERSCOPE_ASM_RUNTIME_THREAD_H
#define FIBERSCOPE_ASM_RUNTIME_THREAD_H

#include "asm/runtime/tcb.h"

typedef void* (*thread_function)(void* argument);

/* Makes a thread that will run entry(argument) and puts it into the ready queue; it does not run yet. The name is cut
 * to THREAD_NAME_SIZE - 1 characters. NULL where no stack is left: a finished thread keeps its own, to be looked at. */
struct tcb* thread_create(const char* name, thread_function entry, void* argument, uint16_t priority);

/* Runs a thread that is ready as the next one; the caller goes to the end of the ready queue. */
void thread_start(struct tcb* thread);

/* Lets the others run: the caller goes to the end of the ready queue. */
void thread_yield(void);

/* Waits until somebody calls thread_wake for the caller. */
void thread_block(void);

/* Puts a thread that waits into the ready queue; does nothing for one that does not wait. */
void thread_wake(struct tcb* thread);

/* Waits for the thread's end and returns its result. */
void* thread_join(struct tcb* thread);

/* Ends the caller. Returning from the entry function does the same. */
_Noreturn void thread_exit(void* result);

struct tcb* thread_self(void);

#endif
