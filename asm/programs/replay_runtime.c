/* Runs bodies as threads, waits for them, prints what they left in the shared variables. */
#include "asm/replay_runtime/replay_runtime.h"

#include "asm/runtime/console.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/preemption.h"

uint64_t replay_bodies[REPLAY_BODIES] __attribute__((section(".data")));
struct replay_variable replay_variables[REPLAY_VARIABLES] __attribute__((section(".data")));

/* A body may be interrupted between any two instructions, the runtime around it may not. */
static void* run_body(void* number) {
  preemption_on();
  ((void (*)(void))replay_bodies[(uint64_t)number])();
  preemption_off();
  return NULL;
}

static int64_t value_of(const struct replay_variable* variable) {
  switch (variable->size) {
    case 1:
      return *(int8_t*)variable->address;
    case 2:
      return *(int16_t*)variable->address;
    case 4:
      return *(int32_t*)variable->address;
    default:
      return *(int64_t*)variable->address;
  }
}

static void print_variables(void) {
  for (int i = 0; i < REPLAY_VARIABLES && replay_variables[i].address != 0; ++i) {
    const struct replay_variable* variable = &replay_variables[i];
    int64_t value = value_of(variable);
    uint64_t length = 0;
    while (variable->name[length] != 0) length += 1;
    if (i > 0) print(" ");
    platform_put(variable->name, length);
    print("=");
    if (value < 0) print("-");
    print_number(value < 0 ? -(uint64_t)value : (uint64_t)value);
  }
  print("\n");
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
  print_variables();
  return 0;
}
