#include "asm/fibers/timer_gate.h"

#include <stdint.h>

enum { VECTOR_TIMER = 32, CODE_SELECTOR = 0x08, INTERRUPT_GATE = 0x8e };

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

struct __attribute__((packed)) table_pointer {
  uint16_t limit;
  uint64_t base;
};

static struct gate interrupt_table[VECTOR_TIMER + 1];

void timer_gate_set(const char* handler) {
  uint64_t offset = (uint64_t)handler;
  interrupt_table[VECTOR_TIMER] = (struct gate){
      .offset_low = (uint16_t)offset,
      .selector = CODE_SELECTOR,
      .type = INTERRUPT_GATE,
      .offset_middle = (uint16_t)(offset >> 16),
      .offset_high = (uint32_t)(offset >> 32),
  };
  struct table_pointer interrupts = {sizeof interrupt_table - 1, (uint64_t)interrupt_table};
  __asm__ volatile("lidt %0" : : "m"(interrupts) : "memory");
}
