/* Runs bodies as threads, waits for them, prints what they left in the shared variables. */
#include "asm/interleaving/interleaving.h"

#include "asm/runtime/console.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/preemption.h"

uint64_t bodies[MAX_BODIES] __attribute__((section(".data")));
struct shared shared[MAX_SHARED] __attribute__((section(".data")));

/* A body may be interrupted between any two instructions, the runtime around it may not. */
static void* run_body(void* body) {
  preemption_on();
  ((void (*)(void))body)();
  preemption_off();
  return NULL;
}

static void print_shared(void) {
  for (int i = 0; i < MAX_SHARED && shared[i].address != 0; ++i) {
    int32_t value = *(int32_t*)shared[i].address;
    uint64_t length = 0;
    while (shared[i].name[length] != 0) length += 1;
    if (i > 0) print(" ");
    platform_put(shared[i].name, length);
    print("=");
    if (value < 0) print("-");
    print_number((uint64_t)(value < 0 ? -(int64_t)value : value));
  }
  print("\n");
}

int main(void) {
  struct tcb* threads[MAX_BODIES];
  int count = 0;
  preemption_prepare();
  for (; count < MAX_BODIES && bodies[count] != 0; ++count) {
    char name[] = {'T', (char)('1' + count), 0};
    threads[count] = thread_create(name, run_body, (void*)bodies[count], 1);
  }
  for (int i = 0; i < count; ++i) thread_join(threads[i]);
  print_shared();
  return 0;
}
