#include "asm/runtime/scheduler.h"

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread_queue.h"

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
