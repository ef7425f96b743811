/* Kernel threads that share a list of jobs, interrupted by the timer. Each asks the scheduler for a job, on a
 * scheduler's stack, and does it on its own. Bare machine only. */
#ifndef FIBERSCOPE_ASM_FIBERS_KERNEL_JOBS_H
#define FIBERSCOPE_ASM_FIBERS_KERNEL_JOBS_H

#define MOST_JOBS 8

#ifndef __ASSEMBLER__
#include "asm/runtime/tcb.h"

enum { MOST_KERNEL_THREADS = 3 };

/* The jobs: job n adds up the numbers from job_effort[n] down to 1, and counts in job_done[n] how often it was done. */
extern uint64_t job_count;
extern uint64_t job_effort[MOST_JOBS];
extern uint64_t job_done[MOST_JOBS];
extern uint64_t job_result[MOST_JOBS];
extern uint64_t next_job;     /* number of the job that the next one who asks will get */
extern uint64_t jobs_waiting; /* as the scheduler counted last */

/* Where a kernel thread enters the scheduler. */
struct scheduler_place {
  uint64_t stack_top;  /* a multiple of 16 */
  uint64_t thread;     /* struct tcb *: of kind scheduler */
  uint64_t first_turn; /* steps until the kernel thread is interrupted for the first time */
};

_Static_assert(offsetof(struct scheduler_place, stack_top) == 0, "kernel_jobs.S");
_Static_assert(offsetof(struct scheduler_place, thread) == 8, "kernel_jobs.S");
_Static_assert(offsetof(struct scheduler_place, first_turn) == 16, "kernel_jobs.S");

/* Runs kernel threads until there is no job left, on so many schedulers' stacks of stackmalloc: one for all, or one for
 * each. first_turns: the length of each thread's first turn in steps, 0 behind the last thread; all later turns last
 * later_turns, counted from within the interrupt. */
void run_kernel_threads(const uint32_t first_turns[MOST_KERNEL_THREADS], uint32_t later_turns, uint64_t stacks);

/* Prints how often each job was done, with its result where that is asked for. Whether each was done once. */
int print_jobs(int with_results);

/* kernel_jobs.S. Works until the scheduler has no job left, open to interrupts. */
void work_on_jobs(const struct scheduler_place* place);
#endif

#endif
