#include "asm/windowed/filter_lab.h"

#include "asm/runtime/console.h"
#include "asm/windowed/yield_now.h"
#include "asm/windowed/yield_until.h"

/* Two numbers in one SSE register: the compiler keeps such a variable at a multiple of 16 and moves it with movaps. */
typedef double pair __attribute__((vector_size(16)));

static double samples[SAMPLES];
static uint64_t samples_taken;
static struct filter_results* filter_results;

static uint64_t mean_of_pair(const double* two) {
  pair values = {two[0], two[1]};
  pair halves = values * (pair){0.5, 0.5};
  return (uint64_t)(int64_t)(halves[0] + halves[1]);
}

static void filter_newest(uint64_t sunk) {
  struct filter_results* results = filter_results;
  results->sunk[results->resumes++] = sunk;
  print("rsp ");
  if (sunk != 0) print("-");
  print_number(sunk);
  if (samples_taken % 2 == 0 || samples_taken == SAMPLES) {
    print(": mean ");
    uint64_t mean = mean_of_pair(&samples[samples_taken - 2]);
    results->means[results->mean_count++] = mean;
    print_number(mean);
  }
  print("\n");
}

static void* filter(void* argument) {
  yield_until(&samples_taken, SAMPLES, filter_newest);
  return argument;
}

static void take_sample(double value) {
  samples[samples_taken] = value;
  samples_taken += 1;
  yield_now();
}

static void* sampler(void* argument) {
  const double* values = argument;
  for (uint64_t i = 0; i < SAMPLES; ++i) take_sample(values[i]);
  return argument;
}

void run_filter(struct filter_results* results) {
  static const double values[SAMPLES] = {10, 30, 20, 40, 50};
  filter_results = results;
  struct thread* reader = thread_spawn("filter", filter, results);
  struct thread* writer = thread_spawn("sampler", sampler, (void*)values);
  thread_join(reader);
  thread_join(writer);
}
