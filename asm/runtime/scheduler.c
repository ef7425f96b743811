#include "asm/runtime/scheduler.h"

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/stacks.h"
#include "asm/runtime/thread_queue.h"

extern char stack_main[THREAD_STACK_SIZE];

/* On a page of its own. Hosted, main's real stack is the one that the process came with. */
struct tcb thread_table[THREAD_TABLE_SIZE] __attribute__((section(".tcb"), aligned(4096))) = {
    [0] =
        {
            .id = 0,
            .state = THREAD_RUNNING,
            .kind = KIND_MAIN,
            .name = "main",
            .stack_base = (uint64_t)stack_main,
            .stack_size = THREAD_STACK_SIZE,
        },
};

struct tcb* running_thread = &thread_table[0];

uint64_t ready_queue;

void schedule(void) {
  struct tcb* self = running_thread;
  struct tcb* next = NULL;
  uint32_t pick = platform_pick();
  if (pick != PLATFORM_NO_OPINION) next = queue_take(&ready_queue, pick);
  if (next == NULL) next = queue_take_first(&ready_queue);
  if (next == NULL) {
    print("deadlock: every thread waits\n");
    platform_deadlock();
  }
  next->state = THREAD_RUNNING;
  running_thread = next;
  if (next != self) switch_to_context(&self->saved_rsp, next->saved_rsp);
}
