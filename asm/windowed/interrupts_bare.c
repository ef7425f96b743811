#include "asm/windowed/interrupts.h"

#include "asm/interrupts/gate.h"

/* timer_entry.S: an address, not a function to call. */
extern char timer_entry[];

static struct gate interrupt_table[VECTOR_TIMER + 1];

uint32_t time_slice;

uint64_t interrupts_off(void) {
  uint64_t flags;
  __asm__ volatile(
      "pushfq\n"
      "popq %0\n"
      "cli"
      : "=r"(flags)
      :
      : "memory");
  return flags;
}

void interrupts_restore(uint64_t flags) {
  __asm__ volatile(
      "pushq %0\n"
      "popfq"
      :
      : "r"(flags)
      : "cc", "memory");
}

void gate_install(uint32_t vector, const char* entry) {
  set_gate(&interrupt_table[vector], entry, 0);
  load_gates(interrupt_table, VECTOR_TIMER + 1);
}

void timer_install(void) {
  gate_install(VECTOR_TIMER, timer_entry);
}
