/* The windowed switch of note 001 as printed, and a function that uses SSE. The filter's frame loses 8 bytes a resume:
 * at every second one rsp is a multiple of 16 by luck, and the means of samples 1, 2 and of 3, 4 come out right. The
 * last one is asked for at an odd resume. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/filter_lab.h"

struct filter_results report PLATFORM_REPORT;

int main(void) {
  print("means of pairs of samples\n");
  run_filter(&report);
  print("done\n");
  return 0;
}
