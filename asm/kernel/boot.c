#include "asm/kernel/boot.h"

#include "asm/interrupts/gate.h"
#include "asm/kernel/kernel.h"

/* Addresses, not functions to call. */
extern char system_call_entry[], timer_interrupt[];

enum { TASK_STATE_SELECTOR = 0x18, VECTORS = VECTOR_SYSTEM_CALL + 1 };

/* Intel SDM vol. 3, figure 8-11. Of all this only the first interrupt stack is used. */
struct __attribute__((packed)) task_state_segment {
  uint32_t reserved_0;
  uint64_t privilege_stacks[3];
  uint64_t reserved_1;
  uint64_t interrupt_stacks[7];
  uint64_t reserved_2;
  uint16_t reserved_3;
  uint16_t port_map;
};

struct __attribute__((packed)) segment_table_pointer {
  uint16_t limit;
  uint64_t base;
};

struct task_state_segment task_state;

/* Nothing, code, data of ring 0 (as the machine began with), and the task-state segment in two words. */
uint64_t descriptor_table[5] = {0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0, 0};

struct gate interrupt_table[VECTORS];

static void describe_task_state(void) {
  uint64_t base = (uint64_t)&task_state;
  uint64_t limit = sizeof task_state - 1;
  /* Present, type 9: a 64-bit task-state segment (Intel SDM vol. 3, figure 8-4). */
  descriptor_table[3] = limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  descriptor_table[4] = base >> 32;
}

void set_kernel_stack(uint64_t top) {
  task_state.interrupt_stacks[0] = top;
}

void kernel_boot(void) {
  describe_task_state();
  set_gate(&interrupt_table[VECTOR_TIMER], timer_interrupt, 1);
  set_gate(&interrupt_table[VECTOR_SYSTEM_CALL], system_call_entry, 1);
  load_gates(interrupt_table, VECTORS);
  struct segment_table_pointer descriptors = {sizeof descriptor_table - 1, (uint64_t)descriptor_table};
  uint16_t selector = TASK_STATE_SELECTOR;
  __asm__ volatile(
      "lgdt %0\n"
      "ltr %1"
      :
      : "m"(descriptors), "r"(selector)
      : "memory");
}
