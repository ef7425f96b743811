#include "asm/runtime/thread_queue.h"
#include "asm/scheduling/passed_over.h"
#include "asm/scheduling/scheduler.h"

uint64_t passed_over[THREAD_TABLE_SIZE];

/* The highest priority; among equals, whoever has been ready for the longest time. Nothing else: a thread may starve.
 */
struct tcb* policy_choose(uint64_t* queue) {
  struct tcb* best = (struct tcb*)*queue;
  if (best == NULL) return NULL;
  for (struct tcb* thread = best; thread != NULL; thread = (struct tcb*)thread->next)
    if (thread->priority > best->priority) best = thread;
  for (struct tcb* thread = (struct tcb*)*queue; thread != NULL; thread = (struct tcb*)thread->next)
    if (thread != best) passed_over[thread->id] += 1;
  return queue_take(queue, best->id);
}
