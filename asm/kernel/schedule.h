/* The kernel's scheduler. All of it runs with interrupts off. */
#ifndef FIBERSCOPE_ASM_KERNEL_SCHEDULE_H
#define FIBERSCOPE_ASM_KERNEL_SCHEDULE_H

#include "asm/kernel/kernel.h"

/* Also where others look: in the blocks of the task's stacks. A task that becomes ready joins the end of the queue. */
void kernel_set_state(struct task* task, enum thread_state state);

/* The current task gives way, sleeps, ends: what the system calls do. */
void kernel_yield(void);
void kernel_sleep(uint64_t steps);
void kernel_exit(void);

#endif
