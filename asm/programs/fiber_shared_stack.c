/* Two kernel threads share six jobs and one scheduler's stack. The timer takes the CPU from the first one while it is
 * in the scheduler; the second one enters on the same stack and writes over its cells. main prints how often each job
 * was done. */
#include "asm/fibers/kernel_jobs.h"

uint64_t job_count = 6;
uint64_t job_effort[MOST_JOBS] = {5, 5, 5, 5, 5, 5};

/* The first thread is interrupted in the scheduler, the second one in its first job. A whole round of either takes 84
 * steps, and the way out of the interrupt 10: so every later turn ends at the same place of the round as the first. */
static const uint32_t first_turns[MOST_KERNEL_THREADS] = {30, 70};
enum { LATER_TURNS = 94 };

int main(void) {
  run_kernel_threads(first_turns, LATER_TURNS, 1);
  return print_jobs(0) ? 0 : 1;
}
