#include "asm/smp/smp.h"

#include <stddef.h>

#include "asm/runtime/platform.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/stacks.h"
#include "asm/runtime/thread_queue.h"
#include "asm/smp/spin_lock.h"

/* switch_to_context.S */
void switch_to_context(uint64_t* save, uint64_t load);
/* thread_entry.S, processor_start.S: addresses, not functions to call. */
extern char thread_entry[], thread_entry_end[], processor_start[], scheduler_entry[];
void set_processor(struct processor* processor);
__attribute__((noreturn)) void run_scheduler(void);
__attribute__((noreturn)) void go_on_scheduling(void);

struct processor processors[MAX_PROCESSORS];
uint32_t scheduler_lock;
uint64_t ready_queue;

static thread_function functions[THREAD_TABLE_SIZE]; /* what a thread is for; its entry unlocks first */
static void* arguments[THREAD_TABLE_SIZE];

static struct processor* this_processor(void) {
  struct processor* self;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(self));
  return self;
}

/* To the processor's scheduler, with the lock held. It stays locked until the registers are saved and the scheduler has
 * taken the next thread: before that no other processor may go on with this one. */
static void leave(struct tcb* self) {
  switch_to_context(&self->saved_rsp, this_processor()->scheduler->saved_rsp);
  /* Here again, maybe on another processor, and with the lock held by it. */
  spin_unlock(&scheduler_lock);
}

/* Waits by reading until there seems to be a ready thread; the lock decides. */
static void wait_for_work(void) {
  while (*(volatile uint64_t*)&ready_queue == 0) __builtin_ia32_pause();
}

/* Takes one thread after the other, for ever. Called with the lock held. */
static void schedule(struct processor* self) {
  for (;;) {
    struct tcb* next = queue_take_first(&ready_queue);
    if (next == NULL) {
      spin_unlock(&scheduler_lock);
      wait_for_work();
    } else {
      next->state = THREAD_RUNNING;
      self->running = next;
      self->scheduler->state = THREAD_READY;
      switch_to_context(&self->scheduler->saved_rsp, next->saved_rsp);
      self->scheduler->state = THREAD_RUNNING;
      self->running = self->scheduler;
      spin_unlock(&scheduler_lock);
    }
    spin_lock(&scheduler_lock);
  }
}

void go_on_scheduling(void) {
  struct processor* self = this_processor();
  self->scheduler->state = THREAD_RUNNING;
  self->running = self->scheduler;
  schedule(self);
  __builtin_unreachable();
}

void run_scheduler(void) {
  struct processor* self = this_processor();
  self->scheduler->state = THREAD_RUNNING;
  self->running = self->scheduler;
  spin_lock(&scheduler_lock);
  schedule(self);
  __builtin_unreachable();
}

/* A stack as if its owner had once called switch_to_context from the place `from` (picture: thread_entry.S). */
static void build_first_frame(struct tcb* thread, const char* from, uint64_t first_argument) {
  uint64_t* top = (uint64_t*)(thread->stack_base + thread->stack_size);
  top[-1] = (uint64_t)thread_entry_end;
  top[-2] = (uint64_t)from;
  top[-3] = 0;              /* rbp: the end of the chain */
  top[-4] = first_argument; /* rbx */
  thread->saved_rsp = (uint64_t)&top[-8];
}

/* What every thread does first: whoever switched to it held the lock for it. */
static void* begin(void* argument) {
  (void)argument;
  struct tcb* self = this_processor()->running;
  spin_unlock(&scheduler_lock);
  return functions[self->id](arguments[self->id]);
}

static struct tcb* new_thread(const char* name, enum thread_kind kind) {
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

struct tcb* thread_create(const char* name, thread_function entry, void* argument) {
  spin_lock(&scheduler_lock);
  struct tcb* thread = new_thread(name, KIND_USER);
  if (thread != NULL) {
    functions[thread->id] = entry;
    arguments[thread->id] = argument;
    thread->entry = (uint64_t)begin;
    build_first_frame(thread, thread_entry, (uint64_t)thread);
    thread->state = THREAD_READY;
    queue_append(&ready_queue, thread);
  }
  spin_unlock(&scheduler_lock);
  return thread;
}

void thread_yield(void) {
  spin_lock(&scheduler_lock);
  struct tcb* self = this_processor()->running;
  self->state = THREAD_READY;
  queue_append(&ready_queue, self);
  leave(self);
}

void* thread_join(struct tcb* thread) {
  spin_lock(&scheduler_lock);
  if (thread->state != THREAD_FINISHED) {
    struct tcb* self = this_processor()->running;
    self->waits_for = (uint64_t)thread;
    queue_append(&thread->waiters, self);
    self->state = THREAD_WAITING;
    leave(self);
  } else {
    spin_unlock(&scheduler_lock);
  }
  return (void*)thread->result;
}

void thread_exit(void* result) {
  spin_lock(&scheduler_lock);
  struct tcb* self = this_processor()->running;
  self->result = (uint64_t)result;
  self->state = THREAD_FINISHED;
  while (self->waiters != 0) {
    struct tcb* waiting = queue_take_first(&self->waiters);
    waiting->waits_for = 0;
    waiting->state = THREAD_READY;
    queue_append(&ready_queue, waiting);
  }
  leave(self);
  __builtin_unreachable();
}

uint32_t processors_running(void) {
  uint32_t count;
  __asm__ volatile("inl %1, %0" : "=a"(count) : "d"((uint16_t)PORT_PROCESSORS));
  return count;
}

static void out(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

void processors_start(void) {
  static const char* const names[MAX_PROCESSORS] = {"scheduler 0", "scheduler 1", "scheduler 2", "scheduler 3",
                                                    "scheduler 4", "scheduler 5", "scheduler 6", "scheduler 7"};
  uint32_t count = processors_running();
  spin_lock(&scheduler_lock);
  for (uint32_t i = 0; i < count; ++i) {
    struct processor* processor = &processors[i];
    processor->self = processor;
    processor->number = i;
    processor->scheduler = new_thread(names[i], KIND_SCHEDULER);
    if (processor->scheduler == NULL) break; /* no stack left: the others stay off */
    processor->scheduler->state = THREAD_READY;
    if (i == 0) {
      build_first_frame(processor->scheduler, scheduler_entry, 0);
      processor->running = &thread_table[0];
      set_processor(processor);
    } else {
      struct tcb* scheduler = processor->scheduler;
      out(PORT_START_RIP, (uint32_t)(uint64_t)processor_start);
      out(PORT_START_RSP, (uint32_t)(scheduler->stack_base + scheduler->stack_size - 16));
      out(PORT_START, i);
    }
  }
  spin_unlock(&scheduler_lock);
}
