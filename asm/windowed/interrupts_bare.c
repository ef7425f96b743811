#include "asm/windowed/interrupts.h"

/* timer_entry.S: an address, not a function to call. */
extern char timer_entry[];

enum { TIMER_VECTOR = 32, GATES = TIMER_VECTOR + 1, CODE_SELECTOR = 8, INTERRUPT_GATE = 0x8E };

/* Intel SDM vol. 3, figure 6-8. */
struct gate {
  uint16_t offset_low;
  uint16_t selector;
  uint8_t interrupt_stack;
  uint8_t type;
  uint16_t offset_middle;
  uint32_t offset_high;
  uint32_t reserved;
};

struct __attribute__((packed)) table_register {
  uint16_t limit;
  uint64_t base;
};

static struct gate gates[GATES];

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
  uint64_t offset = (uint64_t)entry;
  struct gate* gate = &gates[vector];
  gate->offset_low = (uint16_t)offset;
  gate->selector = CODE_SELECTOR;
  gate->type = INTERRUPT_GATE;
  gate->offset_middle = (uint16_t)(offset >> 16);
  gate->offset_high = (uint32_t)(offset >> 32);
  const struct table_register table = {sizeof gates - 1, (uint64_t)gates};
  __asm__ volatile("lidt %0" : : "m"(table));
}

void timer_install(void) {
  gate_install(TIMER_VECTOR, timer_entry);
}
