/* Who runs next: round-robin over a ready queue, unless an outside scheduler has an opinion. */
#ifndef FIBERSCOPE_ASM_RUNTIME_SCHEDULER_H
#define FIBERSCOPE_ASM_RUNTIME_SCHEDULER_H

#include "asm/runtime/thread_table.h"

extern struct tcb* running_thread;

/* struct tcb *: the thread that is ready for the longest time; the others follow by `next`. */
extern uint64_t ready_queue;

/* Lets a ready thread run. The caller has put the running thread where it belongs before: into the ready queue, or
 * among those who wait, or it is finished. Comes back when the caller's turn has come again; at once where it is next
 * itself. The outside scheduler is asked first (platform_pick); naming a thread that is not ready counts as no opinion.
 */
void schedule(void);

/* switch_to_context.S */
void switch_to_context(uint64_t* save_rsp, uint64_t load_rsp);

#endif
