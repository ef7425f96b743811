/* Runs bodies as threads, each on a processor of its own, and prints what they left in the shared variables. */
#include <stddef.h>

#include "asm/replay_runtime/replay_runtime.h"
#include "asm/replay_runtime/shared_variables.h"
#include "asm/replay_runtime/store_buffers.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_table.h"

/* switch_to_context.S */
void switch_to_context(uint64_t* save, uint64_t load);
/* processor_bodies.S: an address, not a function to call. */
extern char processor_body[];
__attribute__((noreturn)) void run_body(uint64_t number);

struct store_buffer store_buffers[STORE_BUFFERS];
uint64_t replay_bodies[REPLAY_BODIES] __attribute__((section(".data")));
static uint64_t finished; /* bodies on the processors from 1 on */

static void out(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

/* main leaves its processor to the first thread, until that has finished. */
static void thread_start(struct tcb* first) {
  thread_table[0].state = THREAD_READY;
  switch_to_context(&thread_table[0].saved_rsp, first->saved_rsp);
  thread_table[0].state = THREAD_RUNNING;
}

static void thread_exit(struct tcb* self) {
  switch_to_context(&self->saved_rsp, thread_table[0].saved_rsp);
}

/* The thread of a processor, which is the first thing that runs there. */
void run_body(uint64_t number) {
  struct tcb* self = &thread_table[number + 1];
  self->state = THREAD_RUNNING;
  ((void (*)(void))replay_bodies[number])();
  self->state = THREAD_FINISHED;
  if (number == 0) thread_exit(self);
  __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
  for (;;) __asm__ volatile("hlt");
}

/* A stack as if its owner had called switch_to_context at processor_body, with 16 bytes of zeros above. */
static void build_first_frame(struct tcb* thread) {
  uint64_t* top = (uint64_t*)(thread->stack_base + thread->stack_size) - 2;
  top[-1] = (uint64_t)processor_body;
  thread->saved_rsp = (uint64_t)&top[-7];
}

static void make_thread(uint64_t number) {
  const char name[] = {'T', (char)('1' + number), 0};
  struct tcb* thread = table_take(name, KIND_USER);
  table_set_stack(thread, take_stack(), THREAD_STACK_SIZE);
  build_first_frame(thread);
  thread->state = THREAD_READY;
}

int main(void) {
  uint64_t count = 0;
  for (; count < REPLAY_BODIES && replay_bodies[count] != 0; ++count) make_thread(count);
  for (uint64_t i = 1; i < count; ++i) {
    out(PORT_START_RIP, (uint32_t)(uint64_t)processor_body);
    out(PORT_START_RSP, (uint32_t)(thread_table[i + 1].saved_rsp + 56));
    out(PORT_START, (uint32_t)i);
  }
  thread_start(&thread_table[1]);
  while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) + 1 < count) __builtin_ia32_pause();
  print_shared_variables();
  return 0;
}
