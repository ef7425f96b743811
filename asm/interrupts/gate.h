/* The processor's table of interrupt handlers. */
#ifndef FIBERSCOPE_ASM_INTERRUPTS_GATE_H
#define FIBERSCOPE_ASM_INTERRUPTS_GATE_H

#include <stddef.h>
#include <stdint.h>

enum { VECTOR_TIMER = 32, VECTOR_SYSTEM_CALL = 0x80 };

/* Intel SDM vol. 3, figure 6-8. */
struct gate {
  uint16_t offset_low;
  uint16_t selector;
  uint8_t interrupt_stack; /* 1 … 7: the frame goes on that stack of the task-state segment; 0: on the current one */
  uint8_t type;
  uint16_t offset_middle;
  uint32_t offset_high;
  uint32_t reserved;
};

/* Makes it an interrupt gate: the handler runs with interrupts off. */
void set_gate(struct gate* gate, const char* handler, uint8_t interrupt_stack);

/* From now on the processor finds its handlers here. */
void load_gates(const struct gate* table, size_t count);

#endif
