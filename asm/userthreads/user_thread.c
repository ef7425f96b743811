#include "asm/userthreads/user_thread.h"

#include "asm/runtime/mapped_stack.h"
#include "asm/runtime/saved_rsp.h"
#include "asm/runtime/thread_table.h"

struct thread user_threads[USER_THREADS];
static int64_t created;
static const char* next_name;

struct thread* current_thread;
struct thread* run_queue;
jmp_buf scheduler_context;

static struct tcb* block_of(const struct thread* t) {
  return &thread_table[t->id];
}

static void set_state(struct thread* t, int8_t state) {
  t->state = state;
  block_of(t)->state = (uint8_t)state;
}

static struct thread* runqueue_take(void) {
  struct thread* first = run_queue;
  if (first != NULL) run_queue = first->next;
  return first;
}

void thread_name_next(const char* name) {
  next_name = name;
}

struct thread* thread_create(void (*fun)(void*), void* arg) {
  if (created == USER_THREADS) return NULL;
  void* stack = map_stack(USER_THREAD_STACK_SIZE);
  if (stack == NULL) return NULL;
  char name[] = "thread 0";
  name[sizeof name - 2] = (char)('1' + created);
  struct tcb* block = table_take(next_name != NULL ? next_name : name, KIND_USER);
  next_name = NULL;
  struct thread* t = &user_threads[created++];
  t->id = block->id;
  t->state = THREAD_INIT;
  t->fun = fun;
  t->arg = arg;
  t->sp_base = stack;
  t->s_size = USER_THREAD_STACK_SIZE;
  block->entry = (uint64_t)fun;
  block->argument = (uint64_t)arg;
  table_set_stack(block, stack, USER_THREAD_STACK_SIZE);
  return t;
}

/* The descriptor says THREAD_INIT until the first dispatch, which asks for it; the table already says ready. */
void thread_add_runqueue(struct thread* t) {
  struct thread** link = &run_queue;
  while (*link != NULL) link = &(*link)->next;
  t->next = NULL;
  *link = t;
  block_of(t)->state = THREAD_READY;
}

/* A thread's end: back to the scheduler, and nobody keeps the context. */
static _Noreturn void thread_exit(void) {
  set_state(current_thread, THREAD_FINISHED);
  longjmp(scheduler_context, 1);
}

/* The first dispatch. rbp goes first, as in the note; from there on nothing that the compiler keeps relative to it may
 * be touched, so fun and arg are in registers. rbx still has the frame on main's stack: the call frame information
 * counts from there until rsp moves, and from then on there is no caller. The top of the stack is divisible by 16, so
 * after the call's push rsp + 8 is: the x86-64 ABI's rule at the entry of a function. */
static _Noreturn void start_thread(struct thread* t) {
  char* top = (char*)t->sp_base + t->s_size;
  __asm__ volatile(
      ".cfi_def_cfa_register %%rbx\n\t"
      "movq %[stack], %%rbp\n\t"
      "movq %[stack], %%rsp\n\t"
      ".cfi_undefined %%rip\n\t"
      "callq *%[fun]\n\t"
      "callq %P[exit]"
      :
      : [stack] "a"(top), [fun] "d"(t->fun), "D"(t->arg), "b"(__builtin_frame_address(0)), [exit] "i"(thread_exit)
      : "memory");
  __builtin_unreachable();
}

static _Noreturn void dispatch(struct thread* t) {
  int8_t before = t->state;
  current_thread = t;
  thread_table[0].state = THREAD_WAITING;
  set_state(t, THREAD_RUNNING);
  if (before == THREAD_INIT) start_thread(t);
  longjmp(t->jmp_buf, 1);
}

void thread_yield(void) {
  if (current_thread == NULL) return;
  set_state(current_thread, THREAD_READY);
  thread_add_runqueue(current_thread);
  note_saved_rsp(block_of(current_thread));
  if (setjmp(current_thread->jmp_buf) == 0) longjmp(scheduler_context, 1);
}

/* Each yield and each end comes back to the setjmp: the frame it belongs to is still there. */
void thread_start_threading(void) {
  note_saved_rsp(&thread_table[0]);
  setjmp(scheduler_context);
  current_thread = NULL;
  thread_table[0].state = THREAD_RUNNING;
  struct thread* t = runqueue_take();
  if (t != NULL) dispatch(t);
}
