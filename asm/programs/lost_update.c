/* Two threads, on a processor each, add 1 to the same variable: x without a lock, y with one. */
#include <stddef.h>

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/smp/additions.h"
#include "asm/smp/smp.h"

enum { TIMES = 20 };

uint64_t x; /* x = x + 1 in three instructions */
uint64_t y; /* in one, with lock */
uint64_t first_meeting;
uint64_t second_meeting;

static void* adder(void* argument) {
  int with_others = processors_running() > 1; /* on a single processor nobody would come */
  if (with_others) meet(&first_meeting);
  add_plain(&x, TIMES);
  if (with_others) meet(&second_meeting);
  add_locked(&y, TIMES);
  return argument;
}

int main(void) {
  struct tcb* one = thread_create("adder 1", adder, NULL);
  struct tcb* other = thread_create("adder 2", adder, NULL);
  processors_start();
  thread_join(one);
  thread_join(other);
  print("2 times 20 additions\nwithout lock: ");
  if (x == 2 * TIMES) {
    print("nothing was lost");
  } else {
    print("updates were lost");
  }
  print("\nwith lock: ");
  print_number(y);
  print("\n");
  return 0;
}
