#include "asm/runtime/thread_queue.h"
#include "asm/scheduling/scheduler.h"

/* Whoever has been ready for the longest time. */
struct tcb* policy_choose(uint64_t* queue) {
  return queue_take_first(queue);
}
