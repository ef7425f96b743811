#include "asm/replay_runtime/runtime_calls.h"

#include "asm/runtime/thread.h"
#include "asm/runtime/thread_table.h"
#include "asm/scheduling/preemption.h"

static const int* awaited[THREAD_TABLE_SIZE]; /* by id of a thread that waits: the variable that must change */

/* Called with interrupts off. */
static void wait_for_change(const int* variable) {
  awaited[thread_self()->id] = variable;
  thread_block();
}

/* Whoever waits looks again, in the order of the threads' numbers. */
static void tell_change(const int* variable) {
  for (uint32_t id = 0; id < THREAD_TABLE_SIZE; ++id) {
    if (awaited[id] != variable) continue;
    awaited[id] = 0;
    thread_wake(&thread_table[id]);
  }
}

void lock(int* mutex) {
  preemption_off();
  while (*mutex != 0) wait_for_change(mutex);
  *mutex = (int)thread_self()->id;
  preemption_on();
}

void unlock(int* mutex) {
  preemption_off();
  *mutex = 0;
  tell_change(mutex);
  preemption_on();
}

void wait(int* semaphore) {
  preemption_off();
  while (*semaphore <= 0) wait_for_change(semaphore);
  *semaphore -= 1;
  preemption_on();
}

void signal(int* semaphore) {
  preemption_off();
  *semaphore += 1;
  tell_change(semaphore);
  preemption_on();
}

void join(int thread) {
  preemption_off();
  thread_join(&thread_table[thread]);
  preemption_on();
}
