/* Threads on several processors: one ready queue for all of them, behind one spin lock. Each processor finds its own
 * data through its GS base, and has a scheduler with a stack of its own. */
#ifndef FIBERSCOPE_ASM_SMP_SMP_H
#define FIBERSCOPE_ASM_SMP_SMP_H

#include <stdint.h>

#include "asm/runtime/thread_table.h"

enum { MAX_PROCESSORS = 8 };

struct processor {
  struct processor* self; /* at gs:0, so that one instruction finds it */
  uint64_t number;
  struct tcb* running;   /* who is on this processor */
  struct tcb* scheduler; /* who runs where no thread does */
};

_Static_assert(sizeof(struct processor) == 32, "processor_start.S counts on it");

typedef void* (*thread_function)(void* argument);

extern struct processor processors[MAX_PROCESSORS];
extern uint32_t scheduler_lock; /* held around every use of the queue and of a control block's state */
extern uint64_t ready_queue;

/* The calling thread becomes the first one on processor 0, and the other processors start. */
void processors_start(void);

/* How many processors there are. */
uint32_t processors_running(void);

/* A ready thread, which runs as soon as a processor has nothing else to do. NULL where there is no room. */
struct tcb* thread_create(const char* name, thread_function entry, void* argument);

/* To the end of the ready queue. */
void thread_yield(void);

/* Waits for the end of a thread; returns its result. */
void* thread_join(struct tcb* thread);

/* The end of the calling thread. thread_entry.S calls it with what the thread's function returned. */
__attribute__((noreturn)) void thread_exit(void* result);

#endif
