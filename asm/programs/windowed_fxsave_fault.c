/* The FullContext of note 001 as declared: it asks for a multiple of 8, and its fxsave area lies 160 bytes behind its
 * beginning. struct thread puts it behind the 72 bytes of a ThreadContext, and the threads stand in an array: every
 * second one has its area at a multiple of 16. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/compute_lab.h"
#include "asm/windowed/windowed.h"

enum { SLICE = 100 };

struct compute_results report PLATFORM_REPORT;

/* Where a thread's fxsave area lies, modulo 16: 0 is what fxsave wants. */
static uint64_t misalignment(uint32_t id) {
  return (uint64_t)threads[id].full.fxsave % 16;
}

int main(void) {
  for (uint32_t id = 0; id < 4; ++id) {
    print("fxsave of thread ");
    print_number(id);
    print(": 16 n + ");
    print_number(misalignment(id));
    print("\n");
  }
  run_compute(&report, SLICE);
  print("done\n");
  return 0;
}
