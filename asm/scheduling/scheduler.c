#include "asm/scheduling/scheduler.h"

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread_queue.h"
#include "asm/scheduling/handover.h"

struct tcb* running_thread = &thread_table[0];
uint64_t ready_queue;
uint64_t time_spent[THREAD_TABLE_SIZE];

static uint32_t running_since; /* the clock when the running thread got the CPU */

static void charge_time(struct tcb* thread) {
  uint32_t now = platform_now();
  time_spent[thread->id] += now - running_since;
  running_since = now;
}

/* Called with interrupts off, and comes back with interrupts off: a thread that another one interrupts is never in
 * here. */
void schedule(void) {
  struct tcb* self = running_thread;
  struct tcb* next = policy_choose(&ready_queue);
  if (next == NULL) {
    print("deadlock: every thread waits\n");
    platform_deadlock();
  }
  next->state = THREAD_RUNNING;
  running_thread = next;
  if (quantum != 0) platform_arm_timer(quantum);
  if (next == self) return;
  hand_over_to(next);
  charge_time(self);
  switch_to_context(&self->saved_rsp, next->saved_rsp);
}
