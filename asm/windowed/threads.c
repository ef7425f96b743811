#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/stack_pool.h"
#include "asm/windowed/interrupts.h"
#include "asm/windowed/windowed.h"
#include "asm/windowed/yield_now.h"

/* thread_entry.S: addresses, not functions to call. */
extern char thread_entry[], thread_entry_end[];

_Alignas(16) struct thread threads[WINDOWED_THREADS] = {[0] = {.block = &thread_table[0]}};

uint32_t thread_count = 1;

struct thread* running = &threads[0];

struct thread* current_thread(void) {
  return running;
}

static uint32_t id_after(uint32_t id) {
  return id + 1 < thread_count ? id + 1 : 0;
}

static int is_ready(uint32_t id) {
  return thread_table[id].state == THREAD_READY;
}

/* The first ready one behind the current thread, itself last. */
static uint32_t next_in_turn(uint32_t self) {
  uint32_t id = id_after(self);
  while (id != self && !is_ready(id)) id = id_after(id);
  return id;
}

static struct thread* pick_next(void) {
  struct thread* self = current_thread();
  self->block->saved_rsp = 0; /* from its first switch on, context.rsp tells */
  if (self->block->state == THREAD_RUNNING) self->block->state = THREAD_READY;
  uint32_t next = platform_pick();
  if (next >= thread_count || !is_ready(next)) next = next_in_turn(self->block->id);
  if (!is_ready(next)) {
    print("deadlock: every thread waits\n");
    platform_deadlock();
  }
  running = &threads[next];
  running->block->state = THREAD_RUNNING;
  return running;
}

static int should_preempt(void) {
  uint32_t self = current_thread()->block->id;
  return next_in_turn(self) != self;
}

const struct scheduler scheduler = {pick_next, should_preempt};

/* The stack of a thread that never ran is empty but for an address that traps whoever returns too far. */
static void build_context(struct thread* thread) {
  struct tcb* block = thread->block;
  uint64_t* top = (uint64_t*)(block->stack_base + block->stack_size);
  top[-1] = (uint64_t)thread_entry_end;
  thread->context.rbx = (uint64_t)block; /* where thread_entry finds entry and argument */
  thread->context.rsp = (uint64_t)&top[-1];
  thread->context.rip = (uint64_t)thread_entry;
  thread->context.rflags = RFLAGS_IF | RFLAGS_ALWAYS_ONE;
  block->saved_rsp = thread->context.rsp;
  block->resume = thread->context.rip;
}

struct thread* thread_spawn(const char* name, thread_function entry, void* argument) {
  struct tcb* block = table_take(name, KIND_USER);
  struct thread* thread = &threads[block->id];
  thread_count = block->id + 1;
  thread->block = block;
  table_set_stack(block, take_stack(), THREAD_STACK_SIZE);
  block->entry = (uint64_t)entry;
  block->argument = (uint64_t)argument;
  build_context(thread);
  block->state = THREAD_READY;
  return thread;
}

/* Not the caller's wish to let others run, so not called a yield. */
static void give_cpu_away(void) {
  yield_now_inlined();
}

void* thread_join(struct thread* thread) {
  uint64_t flags = interrupts_off();
  struct tcb* self = current_thread()->block;
  while (thread->block->state != THREAD_FINISHED) {
    self->waits_for = (uint64_t)thread->block;
    self->state = THREAD_WAITING;
    give_cpu_away();
  }
  self->waits_for = 0;
  interrupts_restore(flags);
  return (void*)thread->block->result;
}

void thread_exit(void* result) {
  interrupts_off();
  struct tcb* self = current_thread()->block;
  self->result = (uint64_t)result;
  self->state = THREAD_FINISHED;
  for (uint32_t id = 0; id < thread_count; ++id) {
    struct tcb* other = &thread_table[id];
    if (other->state == THREAD_WAITING && other->waits_for == (uint64_t)self) other->state = THREAD_READY;
  }
  give_cpu_away();
  __builtin_unreachable();
}
