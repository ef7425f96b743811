#include "asm/runtime/platform.h"

/* The loop is assembly to spend 4 steps a byte: at -O0, C would spend 14 that teach nothing. */
void platform_put(const char* text, size_t size) {
  if (size == 0) return;
  __asm__ volatile(
      "1: lodsb\n"
      "   outb %%al, %[console]\n"
      "   decq %[size]\n"
      "   jnz 1b"
      : [text] "+S"(text), [size] "+c"(size)
      : [console] "N"(PORT_CONSOLE)
      : "rax", "cc", "memory");
}

void platform_exit(int code) {
  __asm__ volatile("outl %0, %1" : : "a"(code), "d"((uint16_t)PORT_EXIT));
  for (;;) __asm__ volatile("hlt");
}

void platform_deadlock(void) {
  __asm__ volatile("outl %%eax, %0" : : "d"((uint16_t)PORT_DEADLOCK));
  for (;;) __asm__ volatile("hlt");
}

uint32_t platform_now(void) {
  uint32_t steps;
  __asm__ volatile("inl %1, %0" : "=a"(steps) : "d"((uint16_t)PORT_CLOCK));
  return steps;
}

void platform_arm_timer(uint32_t steps) {
  __asm__ volatile("outl %0, %1" : : "a"(steps), "d"((uint16_t)PORT_TIMER));
}

uint32_t platform_pick(void) {
  uint32_t pick;
  __asm__ volatile("inl %1, %0" : "=a"(pick) : "d"((uint16_t)PORT_SCHEDULER));
  return pick;
}
