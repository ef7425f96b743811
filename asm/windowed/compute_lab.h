/* Three threads that never yield. */
#ifndef FIBERSCOPE_ASM_WINDOWED_COMPUTE_LAB_H
#define FIBERSCOPE_ASM_WINDOWED_COMPUTE_LAB_H

#include <stdint.h>

struct compute_job {
  uint64_t seed;
  uint64_t rounds;
};

struct compute_results {
  uint64_t red, green, blue;
};

/* compute.S */
void* compute(void* job);

/* Runs compute in three threads, interrupted every `slice` steps of their own. */
void run_compute(struct compute_results* results, uint32_t slice);

#endif
