/* Three kernel threads share eight jobs of different size. The timer takes the CPU from each at any place: in the
 * middle of a job, in the scheduler, between the two. main prints how often each job was done, and its result. */
#include "asm/fibers/kernel_jobs.h"

uint64_t job_count = 8;
uint64_t job_effort[MOST_JOBS] = {20, 4, 9, 30, 2, 12, 6, 15};

static const uint32_t first_turns[MOST_KERNEL_THREADS] = {60, 60, 60};
enum { LATER_TURNS = 60 };

int main(void) {
  run_kernel_threads(first_turns, LATER_TURNS, MOST_KERNEL_THREADS);
  return print_jobs(1) ? 0 : 1;
}
