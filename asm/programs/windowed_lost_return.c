/* The windowed switch of note 001 as printed, and a caller whose stack pointer nobody repairs. The counter yields three
 * times by yield_now, whose `leave` hides that rsp has sunk, then once by yield_now_counted, which has none. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/yield_now.h"

enum { ROUNDS = 3 };

uint64_t yields; /* counted by yield_now_counted */

/* yield_now_counted.S */
void yield_now_counted(void);

/* `register` keeps the local in rbx: what yield_now_counted saves and gives back. */
static uint64_t count_rounds(void) {
  register uint64_t count = 0;
  while (count < ROUNDS) {
    count += 1;
    print("count ");
    print_number(count);
    print("\n");
    yield_now();
  }
  print("once more, without leave\n");
  yield_now_counted();
  print("back\n");
  return count;
}

static void* counter(void* argument) {
  *(uint64_t*)argument = count_rounds();
  return argument;
}

static void* companion(void* argument) {
  for (uint64_t i = 0; i <= ROUNDS; ++i) yield_now();
  return argument;
}

int main(void) {
  uint64_t counted = 0;
  struct thread* first = thread_spawn("counter", counter, &counted);
  struct thread* second = thread_spawn("companion", companion, NULL);
  thread_join(first);
  thread_join(second);
  print("counted ");
  print_number(counted);
  print("\n");
  return 0;
}
