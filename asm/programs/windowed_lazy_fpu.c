/* Lazy saving of the FPU, both ways. The same three threads run twice, preempted by the timer: pi computes with SSE all
 * the time, burst only at its beginning and its end, count never. First the note's `if thread.uses_fpu()` decides at
 * each switch, then CR0.TS and #NM. Both give the same results; the counts say what each of them saved. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/fpu.h"
#include "asm/windowed/interrupts.h"

enum { SLICE = 110, TERMS = 50, BURST_ROUNDS = 60, COUNT_ROUNDS = 50 };

/* fpu_work.S */
void* pi_work(void* terms);
void* burst_work(void* rounds);
void* count_work(void* rounds);

struct results {
  uint64_t pi, burst, count;
};

struct report {
  struct results by_flag, by_ts;
};

struct report report PLATFORM_REPORT;

struct fpu_counts flag_counts, ts_counts;

static struct thread* start(const char* name, thread_function work, uint64_t amount, uint64_t uses_fpu) {
  struct thread* thread = thread_spawn(name, work, (void*)amount);
  fpu_prepare(thread, uses_fpu);
  return thread;
}

static void run_threads(struct results* results, const char* const names[3]) {
  struct thread* pi = start(names[0], pi_work, TERMS, 1);
  struct thread* burst = start(names[1], burst_work, BURST_ROUNDS, 1);
  struct thread* count = start(names[2], count_work, COUNT_ROUNDS, 0);
  results->pi = (uint64_t)thread_join(pi);
  results->burst = (uint64_t)thread_join(burst);
  results->count = (uint64_t)thread_join(count);
}

static void print_counts(const struct fpu_counts* counts) {
  print_number(counts->switches);
  print(" switches, ");
  print_number(counts->saves);
  print(" saves, ");
  print_number(counts->switches - counts->saves);
  print(" avoided, ");
  print_number(counts->not_available);
  print(" #NM\n");
}

int main(void) {
  static const char* const first_run[] = {"pi", "burst", "count"};
  static const char* const second_run[] = {"pi TS", "burst TS", "count TS"};
  timer_install();
  time_slice = SLICE;
  fpu_begin(FPU_BY_FLAG, &flag_counts);
  run_threads(&report.by_flag, first_run);
  fpu_begin(FPU_BY_TS, &ts_counts);
  run_threads(&report.by_ts, second_run);
  print("by flag: ");
  print_counts(&flag_counts);
  print("by TS:   ");
  print_counts(&ts_counts);
  print("pi ");
  print_number(report.by_flag.pi);
  print(" ");
  print_number(report.by_ts.pi);
  print("\n");
  return report.by_flag.pi == report.by_ts.pi && report.by_flag.burst == report.by_ts.burst ? 0 : 1;
}
