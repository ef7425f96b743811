#include "asm/windowed/compute_lab.h"

#include "asm/windowed/interrupts.h"
#include "asm/windowed/windowed.h"

enum { ROUNDS = 8 };

void run_compute(struct compute_results* results, uint32_t slice) {
  static struct compute_job jobs[] = {{3, ROUNDS}, {5, ROUNDS + 2}, {7, ROUNDS - 1}};
  timer_install();
  time_slice = slice;
  struct thread* red = thread_spawn("red", compute, &jobs[0]);
  struct thread* green = thread_spawn("green", compute, &jobs[1]);
  struct thread* blue = thread_spawn("blue", compute, &jobs[2]);
  results->red = (uint64_t)thread_join(red);
  results->green = (uint64_t)thread_join(green);
  results->blue = (uint64_t)thread_join(blue);
}
