#include "asm/fibers/turns.h"

#include "asm/fibers/fiber_switch.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_table.h"

struct tcb* turn_self;
uint32_t turn_quantum;

static struct tcb* last;

struct tcb* turn_create(const char* name, enum thread_kind kind, void* (*entry)(void*), void* argument) {
  struct tcb* thread = table_take(name, kind);
  table_set_stack(thread, take_stack(), THREAD_STACK_SIZE);
  thread->entry = (uint64_t)entry;
  thread->argument = (uint64_t)argument;
  build_first_context(thread);
  thread->next = last != NULL ? last->next : (uint64_t)thread;
  if (last != NULL) last->next = (uint64_t)thread;
  last = thread;
  thread->state = THREAD_WAITING;
  return thread;
}

void turn_run(struct tcb* first) {
  struct tcb* self = &thread_table[0];
  self->state = THREAD_WAITING;
  for (struct tcb* thread = (struct tcb*)first->next; thread != first; thread = (struct tcb*)thread->next)
    thread->state = THREAD_READY;
  first->state = THREAD_RUNNING;
  turn_self = first;
  fiber_switch(self, first);
}

/* Goes on with the next one that is ready, or with main where there is none. The caller's state is set. */
static void go_on_with_another(struct tcb* self) {
  struct tcb* next = (struct tcb*)self->next;
  while (next != self && next->state != THREAD_READY) next = (struct tcb*)next->next;
  if (next == self) next = &thread_table[0];
  next->state = THREAD_RUNNING;
  turn_self = next;
  turn_leave(&next->saved_rsp, &self->saved_rsp);
}

void turn_wait(void) {
  struct tcb* self = turn_self;
  self->state = THREAD_WAITING;
  go_on_with_another(self);
}

/* fiber_entry.S */
_Noreturn void fiber_exit(void* result) {
  struct tcb* self = turn_self;
  self->result = (uint64_t)result;
  self->state = THREAD_FINISHED;
  go_on_with_another(self);
  __builtin_unreachable();
}
