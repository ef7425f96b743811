#include "asm/fibers/timer_gate.h"

#include "asm/interrupts/gate.h"

static struct gate interrupt_table[VECTOR_TIMER + 1];

void timer_gate_set(const char* handler) {
  set_gate(&interrupt_table[VECTOR_TIMER], handler, 0);
  load_gates(interrupt_table, VECTOR_TIMER + 1);
}
