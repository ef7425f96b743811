#include "asm/runtime/thread_table.h"

/* Assembly for the same reason as in platform_put: four steps a character. The last byte of the name stays 0. */
static void set_name(struct tcb* thread, const char* name) {
  char* to = thread->name;
  uint64_t size = THREAD_NAME_SIZE - 1;
  __asm__ volatile(
      "1: lodsb\n"
      "   stosb\n"
      "   testb %%al, %%al\n"
      "   loopne 1b"
      : "+S"(name), "+D"(to), "+c"(size)
      :
      : "rax", "cc", "memory");
}

struct tcb* table_take(const char* name, enum thread_kind kind) {
  for (uint32_t id = 1; id < THREAD_TABLE_SIZE; ++id) {
    struct tcb* thread = &thread_table[id];
    if (thread->state != THREAD_UNUSED) continue;
    thread->id = id;
    thread->kind = (uint8_t)kind;
    set_name(thread, name);
    thread->state = THREAD_INIT;
    return thread;
  }
  return (struct tcb*)0;
}

void table_set_stack(struct tcb* thread, void* lowest, uint64_t size) {
  thread->stack_base = (uint64_t)lowest;
  thread->stack_size = size;
}
