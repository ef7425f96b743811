#include "asm/fibers/block_fiber.h"

#include "asm/fibers/swtch.h"
#include "asm/runtime/thread_table.h"

static struct tcb* running_fiber = &thread_table[0];

/* The note's three registers that are rewritten together: rip the function to call, rbp the base of its frame, rsi its
 * stack pointer. The context lies below cell 0, so that rsp points at cell 0 once swtch has popped it all. */
static void build_first_context(struct tcb* fiber, struct stack_bottom* bottom) {
  uint64_t* return_cell = (uint64_t*)bottom - 1;
  struct saved_context* context = (struct saved_context*)return_cell - 1;
  *context = (struct saved_context){
      .rip = fiber->entry,
      .rbp = (uint64_t)bottom,
      .rsi = (uint64_t)return_cell,
      .rdi = fiber->argument,
  };
  fiber->saved_rsp = (uint64_t)context;
  fiber->resume = (uint64_t)swtch_loaded;
}

struct tcb* fiber_create(const char* name, task_function task, void* argument) {
  struct stack_bottom* bottom = stackmalloc();
  if (bottom == NULL) return NULL;
  struct tcb* fiber = table_take(name, KIND_FIBER);
  fiber->entry = (uint64_t)task;
  fiber->argument = (uint64_t)argument;
  bottom->owner = (uint64_t)fiber;
  build_first_context(fiber, bottom);
  table_set_stack(fiber, stack_block_of(bottom), STACK_BLOCK_SIZE);
  fiber->state = THREAD_READY;
  return fiber;
}

static void switch_to(struct tcb* next) {
  struct tcb* self = running_fiber;
  self->state = THREAD_READY;
  next->state = THREAD_RUNNING;
  running_fiber = next;
  swtch(&self->saved_rsp, next->saved_rsp);
}

void fiber_resume(struct tcb* fiber) {
  switch_to(fiber);
}

void fiber_yield(void) {
  switch_to(&thread_table[0]);
}

/* frame_dealloc.S, on main's stack: the fiber that stood on this address has ended and has no stack any more. */
void release_block(uint64_t address) {
  struct stack_bottom* bottom = stack_bottom_of(address);
  struct tcb* fiber = (struct tcb*)bottom->owner;
  fiber->state = THREAD_FINISHED;
  table_set_stack(fiber, NULL, 0);
  running_fiber = &thread_table[0];
  running_fiber->state = THREAD_RUNNING;
  stackfree(bottom);
}
