/* The calls of a body whose thread has a processor to itself, of its own number: who has to wait asks again and again.
 */
#include "asm/replay_runtime/runtime_calls.h"

#include <stdint.h>

#include "asm/replay_runtime/replay_runtime.h"
#include "asm/runtime/thread_table.h"

enum { PORT_PROCESSOR = 0xF60, PORT_DEADLOCK = 0xF50 };

static uint64_t changes; /* of what anybody could wait for */
/* By thread: changes + 1 when it last asked in vain; 0 where it does not wait, or asks. */
static uint64_t in_vain[REPLAY_BODIES + 1];
static const uint64_t kFinished = ~(uint64_t)0;

static uint32_t this_processor(void) {
  uint32_t number;
  __asm__ volatile("inl %1, %0" : "=a"(number) : "d"((uint16_t)PORT_PROCESSOR));
  return number;
}

static void tell_change(void) {
  __atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
}

void replay_has_finished(uint64_t thread) {
  tell_change();
  __atomic_store_n(&in_vain[thread], kFinished, __ATOMIC_SEQ_CST);
}

static uint64_t begin_asking(void) {
  __atomic_store_n(&in_vain[this_processor()], 0, __ATOMIC_SEQ_CST);
  return __atomic_load_n(&changes, __ATOMIC_SEQ_CST) + 1;
}

/* Where all that have not finished asked in vain since the last change, nothing can ever change. */
static void has_asked(uint64_t asked) {
  __atomic_store_n(&in_vain[this_processor()], asked, __ATOMIC_SEQ_CST);
  for (int id = 1; id <= REPLAY_BODIES && replay_bodies[id - 1] != 0; ++id) {
    const uint64_t other = __atomic_load_n(&in_vain[id], __ATOMIC_SEQ_CST);
    if (other != kFinished && other != asked) return;
  }
  if (__atomic_load_n(&changes, __ATOMIC_SEQ_CST) + 1 != asked) return;
  __asm__ volatile("outl %0, %1" : : "a"(0), "d"((uint16_t)PORT_DEADLOCK));
}

static int take_lock(int* mutex) {
  int free = 0;
  return __atomic_compare_exchange_n(mutex, &free, (int)this_processor(), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int take_one(int* semaphore) {
  int value = __atomic_load_n(semaphore, __ATOMIC_SEQ_CST);
  return value > 0 && __atomic_compare_exchange_n(semaphore, &value, value - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void lock(int* mutex) {
  for (uint64_t asked = begin_asking(); !take_lock(mutex); asked = begin_asking()) has_asked(asked);
  tell_change();
}

void unlock(int* mutex) {
  __atomic_store_n(mutex, 0, __ATOMIC_SEQ_CST);
  tell_change();
}

void wait(int* semaphore) {
  for (uint64_t asked = begin_asking(); !take_one(semaphore); asked = begin_asking()) has_asked(asked);
  tell_change();
}

void signal(int* semaphore) {
  __atomic_fetch_add(semaphore, 1, __ATOMIC_SEQ_CST);
  tell_change();
}

static int has_finished(int thread) {
  return *(volatile uint8_t*)&thread_table[thread].state == THREAD_FINISHED;
}

void join(int thread) {
  for (uint64_t asked = begin_asking(); !has_finished(thread); asked = begin_asking()) has_asked(asked);
  tell_change();
}
