#include "asm/fibers/scheduled_fiber.h"

#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_queue.h"
#include "asm/runtime/thread_table.h"

/* Addresses, not functions to call: fiber_entry.S, fiber_scheduler.S. */
extern char fiber_entry[], fiber_entry_end[], fiber_scheduler[], fiber_scheduler_end[];

/* The scheduler's control block. */
struct tcb* scheduler_thread;

struct scheduler_allocation* scheduler_allocation;

static struct tcb* running_fiber = &thread_table[0];

/* struct tcb *: the fiber that is ready for the longest time; the others follow by `next`. */
static uint64_t ready_fibers;

struct saved_context* get_context(uint64_t stack_top, uint64_t unused_return) {
  uint64_t* return_cell = (uint64_t*)stack_top - 1;
  *return_cell = unused_return;
  return (struct saved_context*)return_cell - 1;
}

static void make_first_context(struct tcb* thread, char* place, char* unused_return) {
  struct saved_context* context = get_context(thread->stack_base + thread->stack_size, (uint64_t)unused_return);
  context->rip = (uint64_t)place;
  context->rbp = 0; /* the end of the chain */
  context->rbx = (uint64_t)thread;
  thread->saved_rsp = (uint64_t)context;
  thread->resume = (uint64_t)swtch_loaded;
}

static struct tcb* make_thread(const char* name, enum thread_kind kind) {
  struct tcb* thread = table_take(name, kind);
  if (thread == NULL) return NULL;
  void* stack = take_stack();
  if (stack == NULL) {
    thread->state = THREAD_UNUSED;
    return NULL;
  }
  table_set_stack(thread, stack, THREAD_STACK_SIZE);
  return thread;
}

void scheduler_create(void) {
  scheduler_thread = make_thread("scheduler", KIND_SCHEDULER);
  make_first_context(scheduler_thread, fiber_scheduler, fiber_scheduler_end);
  scheduler_allocation =
      (struct scheduler_allocation*)(scheduler_thread->stack_base + scheduler_thread->stack_size) - 1;
  scheduler_thread->state = THREAD_READY;
}

struct tcb* fiber_create(const char* name, fiber_function entry, void* argument) {
  struct tcb* fiber = make_thread(name, KIND_FIBER);
  if (fiber == NULL) return NULL;
  fiber->entry = (uint64_t)entry;
  fiber->argument = (uint64_t)argument;
  make_first_context(fiber, fiber_entry, fiber_entry_end);
  fiber->state = THREAD_WAITING;
  return fiber;
}

void fiber_make_ready(struct tcb* fiber) {
  fiber->state = THREAD_READY;
  queue_append(&ready_fibers, fiber);
}

/* fiber_scheduler.S. NULL where main is to go on. */
struct tcb* scheduler_pick(void) {
  struct tcb* next = queue_take_first(&ready_fibers);
  running_fiber = next != NULL ? next : &thread_table[0];
  running_fiber->state = THREAD_RUNNING;
  scheduler_thread->state = THREAD_READY;
  return next;
}

static void enter_scheduler(struct tcb* self, struct register_marks* marks) {
  scheduler_thread->state = THREAD_RUNNING;
  if (marks != NULL)
    swtch_marked(&self->saved_rsp, scheduler_thread->saved_rsp, marks);
  else
    swtch(&self->saved_rsp, scheduler_thread->saved_rsp);
}

void fiber_run(void) {
  struct tcb* self = running_fiber;
  self->state = THREAD_WAITING;
  enter_scheduler(self, NULL);
}

void fiber_yield(struct register_marks* marks) {
  struct tcb* self = running_fiber;
  fiber_make_ready(self);
  enter_scheduler(self, marks);
}

void fiber_exit(void* result) {
  struct tcb* self = running_fiber;
  self->result = (uint64_t)result;
  self->state = THREAD_FINISHED;
  enter_scheduler(self, NULL);
  __builtin_unreachable();
}
