/* Runs bodies as threads, thread N on processor N, and prints what they left in the shared variables. main stays on
 * processor 0 and waits there. */
#include <stddef.h>

#include "asm/replay_runtime/replay_runtime.h"
#include "asm/replay_runtime/shared_variables.h"
#include "asm/replay_runtime/store_buffers.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_table.h"

/* processor_bodies.S: an address, not a function to call. */
extern char processor_body[];
__attribute__((noreturn)) void run_body(uint64_t number);

struct store_buffer store_buffers[STORE_BUFFERS];
uint64_t replay_bodies[REPLAY_BODIES] __attribute__((section(".data")));
static uint64_t finished; /* bodies */

static void out(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

/* The thread of a processor, which is the only thing that runs there. */
void run_body(uint64_t number) {
  struct tcb* self = &thread_table[number];
  self->state = THREAD_RUNNING;
  ((void (*)(void))replay_bodies[number - 1])();
  *(volatile uint8_t*)&self->state = THREAD_FINISHED;
  replay_has_finished(number);
  __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
  for (;;) __asm__ volatile("hlt");
}

static void make_thread(uint64_t number) {
  const char name[] = {'T', (char)('0' + number), 0};
  struct tcb* thread = table_take(name, KIND_USER);
  table_set_stack(thread, take_stack(), THREAD_STACK_SIZE);
  thread->saved_rsp = thread->stack_base + thread->stack_size - 16; /* 16 bytes of zeros above */
  thread->resume = (uint64_t)processor_body;
  thread->state = THREAD_READY;
}

static void start_processor(uint64_t number) {
  out(PORT_START_RIP, (uint32_t)(uint64_t)processor_body);
  out(PORT_START_RSP, (uint32_t)thread_table[number].saved_rsp);
  out(PORT_START, (uint32_t)number);
}

/* Each store that leaves a store buffer does so behind one of these instructions (emu/processor_schedule.h). */
static __attribute__((noinline)) void wait_for_bodies(uint64_t count) {
  while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < count) __builtin_ia32_pause();
}

int main(void) {
  uint64_t count = 0;
  while (count < REPLAY_BODIES && replay_bodies[count] != 0) make_thread(++count);
  for (uint64_t number = 1; number <= count; ++number) start_processor(number);
  wait_for_bodies(count);
  print_shared_variables();
  return 0;
}
