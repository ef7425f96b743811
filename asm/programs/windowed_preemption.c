/* Threads that never yield, and a timer that takes the CPU from them. windowed_switch saves nine registers because its
 * caller expects to lose the others; an interrupted thread expects nothing, so timer_entry first saves all of them in
 * the note's FullContext. As a process of the host there is no timer: each thread runs to its end, with the same
 * results. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/compute_lab.h"

enum { SLICE = 100 };

struct compute_results report PLATFORM_REPORT;

static void print_result(uint64_t result) {
  print_number(result);
  print("\n");
}

int main(void) {
  run_compute(&report, SLICE);
  print("red   ");
  print_result(report.red);
  print("green ");
  print_result(report.green);
  print("blue  ");
  print_result(report.blue);
  return 0;
}
