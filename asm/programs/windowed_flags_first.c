/* The windowed switch of note 001 as printed, in a kernel whose threads run with interrupts on. The first switch to a
 * thread restores its rflags with IF = 1 while rsp and all registers are still those of the thread that leaves: a timer
 * that has been waiting strikes right there. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/timer_lab.h"

struct timer_results report PLATFORM_REPORT;

int main(void) {
  print("ada and bob add up\n");
  run_timer_lab(&report);
  print("ada ");
  print_number(report.ada);
  print(", bob ");
  print_number(report.bob);
  print("\n");
  return 0;
}
