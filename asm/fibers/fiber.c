#include "asm/fibers/fiber.h"

#include "asm/fibers/fiber_switch.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_table.h"

static struct tcb* running_fiber = &thread_table[0];
static uint64_t handed_over;

struct tcb* fiber_create(const char* name, fiber_function entry, void* argument) {
  struct tcb* fiber = table_take(name, KIND_FIBER);
  if (fiber == NULL) return NULL;
  void* stack = take_stack();
  if (stack == NULL) {
    fiber->state = THREAD_UNUSED;
    return NULL;
  }
  table_set_stack(fiber, stack, THREAD_STACK_SIZE);
  fiber->entry = (uint64_t)entry;
  fiber->argument = (uint64_t)argument;
  build_first_context(fiber);
  fiber->state = THREAD_READY;
  return fiber;
}

uint64_t fiber_resume(struct tcb* fiber) {
  struct tcb* self = running_fiber;
  fiber->waiters = (uint64_t)self;
  self->waits_for = (uint64_t)fiber;
  self->state = THREAD_WAITING;
  fiber->state = THREAD_RUNNING;
  running_fiber = fiber;
  fiber_switch(self, fiber);
  return handed_over;
}

/* The caller's state is set. */
static void go_back(uint64_t value) {
  struct tcb* self = running_fiber;
  struct tcb* resumer = (struct tcb*)self->waiters;
  handed_over = value;
  self->waiters = 0;
  resumer->waits_for = 0;
  resumer->state = THREAD_RUNNING;
  running_fiber = resumer;
  fiber_switch(self, resumer);
}

void fiber_yield(uint64_t value) {
  running_fiber->state = THREAD_READY;
  go_back(value);
}

void fiber_exit(void* result) {
  running_fiber->result = (uint64_t)result;
  running_fiber->state = THREAD_FINISHED;
  go_back((uint64_t)result);
  __builtin_unreachable();
}
