#include "asm/interrupts/gate.h"
#include "asm/runtime/scheduler.h"
#include "asm/runtime/thread_queue.h"
#include "asm/scheduling/preemption.h"

/* An address, not a function to call. */
extern char timer_interrupt[];

struct gate interrupt_table[VECTOR_TIMER + 1];
uint64_t preemptions; /* times that the timer took the CPU away */

/* No stack of its own: the frame goes on the stack of whoever is interrupted. */
void preemption_prepare(void) {
  set_gate(&interrupt_table[VECTOR_TIMER], timer_interrupt, 0);
  load_gates(interrupt_table, VECTOR_TIMER + 1);
}

void preemption_on(void) {
  __asm__ volatile("sti" : : : "memory");
}

void preemption_off(void) {
  __asm__ volatile("cli" : : : "memory");
}

void preempt(void) {
  struct tcb* self = running_thread;
  preemptions += 1;
  self->state = THREAD_READY;
  queue_append(&ready_queue, self);
  schedule();
}
