/* The corrected windowed switch, and all that broke the printed one: SSE at odd resumes of one frame, and a timer that
 * strikes within a switch. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/filter_lab.h"
#include "asm/windowed/timer_lab.h"

struct report {
  struct filter_results filter;
  struct timer_results sums;
};

struct report report PLATFORM_REPORT;

int main(void) {
  print("means of pairs of samples\n");
  run_filter(&report.filter);
  print("ada and bob add up\n");
  run_timer_lab(&report.sums);
  print("ada ");
  print_number(report.sums.ada);
  print(", bob ");
  print_number(report.sums.bob);
  print("\n");
  return 0;
}
