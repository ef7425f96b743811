/* Runs bodies as threads, waits for them, prints what they left in the shared variables. */
#include "asm/replay_runtime/replay_runtime.h"

#include "asm/replay_runtime/shared_variables.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/preemption.h"

uint64_t replay_bodies[REPLAY_BODIES] __attribute__((section(".data")));

/* A body may be interrupted between any two instructions, the runtime around it may not. */
static void* run_body(void* number) {
  preemption_on();
  ((void (*)(void))replay_bodies[(uint64_t)number])();
  preemption_off();
  return NULL;
}

int main(void) {
  struct tcb* threads[REPLAY_BODIES];
  uint64_t count = 0;
  preemption_prepare();
  for (; count < REPLAY_BODIES && replay_bodies[count] != 0; ++count) {
    char name[] = {'T', (char)('1' + count), 0};
    threads[count] = thread_create(name, run_body, (void*)count, 1);
  }
  for (uint64_t i = 0; i < count; ++i) thread_join(threads[i]);
  print_shared_variables();
  return 0;
}
