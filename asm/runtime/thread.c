#include "asm/runtime/thread.h"

#include "asm/runtime/scheduler.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_queue.h"

/* thread_entry.S: addresses, not functions to call. */
extern char thread_entry[], thread_entry_end[];

/* The stack of a thread that never ran, as if thread_entry had called switch_to_context (picture: thread_entry.S). */
static void build_first_frame(struct tcb* thread) {
  uint64_t* top = (uint64_t*)(thread->stack_base + thread->stack_size);
  top[-1] = (uint64_t)thread_entry_end;
  top[-2] = (uint64_t)thread_entry; /* return address of the first switch */
  top[-3] = 0;                      /* rbp: the end of the chain */
  top[-4] = (uint64_t)thread;       /* rbx */
  top[-5] = 0;                      /* r12 */
  top[-6] = 0;                      /* r13 */
  top[-7] = 0;                      /* r14 */
  top[-8] = 0;                      /* r15 */
  thread->saved_rsp = (uint64_t)&top[-8];
}

struct tcb* thread_create(const char* name, thread_function entry, void* argument, uint16_t priority) {
  struct tcb* thread = table_take(name, KIND_USER);
  if (thread == NULL) return NULL;
  void* stack = take_stack();
  if (stack == NULL) {
    thread->state = THREAD_UNUSED;
    return NULL;
  }
  thread->priority = priority;
  table_set_stack(thread, stack, THREAD_STACK_SIZE);
  thread->entry = (uint64_t)entry;
  thread->argument = (uint64_t)argument;
  build_first_frame(thread);
  thread->state = THREAD_READY;
  queue_append(&ready_queue, thread);
  return thread;
}

void thread_start(struct tcb* thread) {
  struct tcb* self = running_thread;
  if (queue_take(&ready_queue, thread->id) == NULL) return;
  queue_prepend(&ready_queue, thread);
  self->state = THREAD_READY;
  queue_append(&ready_queue, self);
  schedule();
}

void thread_yield(void) {
  struct tcb* self = running_thread;
  self->state = THREAD_READY;
  queue_append(&ready_queue, self);
  schedule();
}

void thread_block(void) {
  running_thread->state = THREAD_WAITING;
  schedule();
}

void thread_wake(struct tcb* thread) {
  if (thread->state != THREAD_WAITING) return;
  struct tcb* awaited = (struct tcb*)thread->waits_for;
  if (awaited != NULL) queue_take(&awaited->waiters, thread->id);
  thread->waits_for = 0;
  thread->state = THREAD_READY;
  queue_append(&ready_queue, thread);
}

void* thread_join(struct tcb* thread) {
  struct tcb* self = running_thread;
  while (thread->state != THREAD_FINISHED) {
    self->waits_for = (uint64_t)thread;
    queue_append(&thread->waiters, self);
    thread_block();
  }
  return (void*)thread->result;
}

void thread_exit(void* result) {
  struct tcb* self = running_thread;
  self->result = (uint64_t)result;
  self->state = THREAD_FINISHED;
  while (self->waiters != 0) thread_wake((struct tcb*)self->waiters);
  schedule();
  __builtin_unreachable();
}

struct tcb* thread_self(void) {
  return running_thread;
}
