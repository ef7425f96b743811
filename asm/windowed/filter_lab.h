/* Two threads that need an aligned stack. The sampler takes one sample at a time and yields; the filter waits in
 * yield_until and, at the second resume, the fourth and the last, computes the mean of the two newest samples with SSE,
 * in a variable of 16 bytes on its stack. */
#ifndef FIBERSCOPE_ASM_WINDOWED_FILTER_LAB_H
#define FIBERSCOPE_ASM_WINDOWED_FILTER_LAB_H

#include <stdint.h>

enum { SAMPLES = 5, MEANS = 3 };

struct filter_results {
  uint64_t sunk[SAMPLES]; /* bytes by which rsp lay too low, resume by resume */
  uint64_t resumes;
  uint64_t means[MEANS];
  uint64_t mean_count;
};

/* Runs both threads to their end and writes into *results as they go. */
void run_filter(struct filter_results* results);

#endif
