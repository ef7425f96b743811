/* The calls of a body whose thread has a processor to itself: who has to wait asks again and again. */
#include "asm/replay_runtime/runtime_calls.h"

#include <stdint.h>

#include "asm/runtime/thread_table.h"

enum { PORT_PROCESSOR = 0xF60 };

static uint32_t this_processor(void) {
  uint32_t number;
  __asm__ volatile("inl %1, %0" : "=a"(number) : "d"((uint16_t)PORT_PROCESSOR));
  return number;
}

void lock(int* mutex) {
  const int self = (int)this_processor() + 1;
  int free = 0;
  while (!__atomic_compare_exchange_n(mutex, &free, self, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    free = 0;
    __builtin_ia32_pause();
  }
}

void unlock(int* mutex) {
  __atomic_store_n(mutex, 0, __ATOMIC_SEQ_CST);
}

void wait(int* semaphore) {
  for (;;) {
    int value = __atomic_load_n(semaphore, __ATOMIC_SEQ_CST);
    if (value > 0 && __atomic_compare_exchange_n(semaphore, &value, value - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return;
    __builtin_ia32_pause();
  }
}

void signal(int* semaphore) {
  __atomic_fetch_add(semaphore, 1, __ATOMIC_SEQ_CST);
}

void join(int thread) {
  while (*(volatile uint8_t*)&thread_table[thread].state != THREAD_FINISHED) __builtin_ia32_pause();
}
