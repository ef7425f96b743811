#include "asm/interrupts/gate.h"

enum { CODE_SELECTOR = 0x08, INTERRUPT_GATE = 0x8e };

struct __attribute__((packed)) table_pointer {
  uint16_t limit;
  uint64_t base;
};

void set_gate(struct gate* gate, const char* handler, uint8_t interrupt_stack) {
  uint64_t offset = (uint64_t)handler;
  *gate = (struct gate){
      .offset_low = (uint16_t)offset,
      .selector = CODE_SELECTOR,
      .interrupt_stack = interrupt_stack,
      .type = INTERRUPT_GATE,
      .offset_middle = (uint16_t)(offset >> 16),
      .offset_high = (uint32_t)(offset >> 32),
  };
}

void load_gates(const struct gate* table, size_t count) {
  struct table_pointer pointer = {(uint16_t)(count * sizeof *table - 1), (uint64_t)table};
  __asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
}
