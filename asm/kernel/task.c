#include "asm/kernel/boot.h"
#include "asm/kernel/kernel.h"
#include "asm/kernel/schedule.h"
#include "asm/runtime/stack_pool.h"
#include "asm/runtime/thread_table.h"

/* Addresses, not functions to call. */
extern char system_call_return[], task_start[];

enum { CODE_SELECTOR = 0x08, DATA_SELECTOR = 0x10, FLAGS_INTERRUPTS_ON = 0x202 };

/* The kernel stack of a task that never ran, as if its user had made a system call and another task had been chosen in
 * there: the frame of an entry, and below it what switch_to_context pops. */
static void build_first_frame(struct task* task, void* (*entry)(void*), void* argument) {
  struct kernel_frame* frame = (struct kernel_frame*)task->kernel_stack_top - 1;
  frame->rbx = (uint64_t)entry;
  frame->rdi = (uint64_t)argument;
  frame->rip = (uint64_t)task_start;
  frame->cs = CODE_SELECTOR;
  frame->rflags = FLAGS_INTERRUPTS_ON;
  frame->rsp = task->user_side->saved_rsp;
  frame->ss = DATA_SELECTOR;
  uint64_t* below = (uint64_t*)frame;
  below[-1] = (uint64_t)system_call_return;
  task->kernel_side->saved_rsp = (uint64_t)&below[-7]; /* rbp, rbx and r12 to r15 are 0 */
}

static struct tcb* take_side(const char* name, enum thread_kind kind, char* stack) {
  struct tcb* side = table_take(name, kind);
  if (side != NULL) table_set_stack(side, stack, THREAD_STACK_SIZE);
  return side;
}

struct task* kernel_create_task(const char* name, const char* kernel_name, void* (*entry)(void*), void* argument) {
  struct task* task = task_table + 1;
  while (task < task_table + TASK_TABLE_SIZE && task->state != THREAD_UNUSED) ++task;
  if (task == task_table + TASK_TABLE_SIZE) return NULL;
  char* kernel_stack = take_stack();
  char* user_stack = take_stack();
  if (user_stack == NULL) return NULL;
  task->user_side = take_side(name, KIND_USER, user_stack);
  task->kernel_side = take_side(kernel_name, KIND_KERNEL, kernel_stack);
  if (task->kernel_side == NULL) return NULL;
  task->kernel_stack_top = (uint64_t)kernel_stack + THREAD_STACK_SIZE;
  task->user_side->saved_rsp = (uint64_t)user_stack + THREAD_STACK_SIZE - 16;
  task->user_side->resume = (uint64_t)task_start;
  build_first_frame(task, entry, argument);
  kernel_set_state(task, THREAD_READY);
  return task;
}
