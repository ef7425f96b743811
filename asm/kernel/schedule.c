#include "asm/kernel/schedule.h"

#include "asm/kernel/boot.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/scheduler.h"
#include "asm/runtime/stacks.h"
#include "asm/runtime/thread_queue.h"

/* While the boot thread waits for an interrupt, the frame goes into the lower half of its own stack. */
extern char stack_main[THREAD_STACK_SIZE];

struct task task_table[TASK_TABLE_SIZE] = {
    [0] =
        {
            .state = THREAD_RUNNING,
            .kernel_side = &thread_table[0],
            .kernel_stack_top = (uint64_t)stack_main + THREAD_STACK_SIZE / 2,
        },
};
struct task* current_task = &task_table[0];

static uint64_t run_queue; /* struct tcb *: the kernel sides of tasks that are ready, linked by `next` */

static struct task* task_of(struct tcb* kernel_side) {
  struct task* task = task_table;
  while (task->kernel_side != kernel_side) ++task;
  return task;
}

void kernel_set_state(struct task* task, enum thread_state state) {
  task->state = state;
  task->kernel_side->state = (uint8_t)state;
  if (task->user_side != NULL && !task->has_own_threads) task->user_side->state = (uint8_t)state;
  if (state == THREAD_READY && task != task_table) queue_append(&run_queue, task->kernel_side);
}

static struct task* choose_task(void) {
  struct tcb* first = queue_take_first(&run_queue);
  return first != NULL ? task_of(first) : task_table;
}

/* The same routine as between threads in user space, but from one kernel stack to another. */
static void kernel_schedule(void) {
  struct task* self = current_task;
  struct task* next = choose_task();
  kernel_set_state(next, THREAD_RUNNING);
  if (next == self) return;
  current_task = next;
  set_kernel_stack(next->kernel_stack_top);
  switch_to_context(&self->kernel_side->saved_rsp, next->kernel_side->saved_rsp);
}

void kernel_yield(void) {
  kernel_set_state(current_task, THREAD_READY);
  kernel_schedule();
}

/* The clock wraps: what lies less than half its range ahead is yet to come. */
static int is_due(struct task* task) {
  return (int32_t)((uint32_t)task->wake_at - platform_now()) <= 0;
}

static void arm_timer_for_sleepers(void) {
  uint32_t nearest = 0;
  for (struct task* task = task_table + 1; task < task_table + TASK_TABLE_SIZE; ++task) {
    if (task->state != THREAD_WAITING) continue;
    uint32_t left = is_due(task) ? 1 : (uint32_t)task->wake_at - platform_now();
    if (nearest == 0 || left < nearest) nearest = left;
  }
  platform_arm_timer(nearest);
}

void kernel_sleep(uint64_t steps) {
  current_task->wake_at = platform_now() + (uint32_t)steps;
  kernel_set_state(current_task, THREAD_WAITING);
  arm_timer_for_sleepers();
  kernel_schedule();
}

void kernel_exit(void) {
  kernel_set_state(current_task, THREAD_FINISHED);
  kernel_schedule();
}

/* Those whose time has come are ready, and the interrupted task gives way to them. */
void kernel_timer(void) {
  kernel_entries += 1;
  for (struct task* task = task_table + 1; task < task_table + TASK_TABLE_SIZE; ++task)
    if (task->state == THREAD_WAITING && is_due(task)) kernel_set_state(task, THREAD_READY);
  arm_timer_for_sleepers();
  kernel_set_state(current_task, THREAD_READY);
  kernel_schedule();
}

static int tasks_left(void) {
  for (struct task* task = task_table + 1; task < task_table + TASK_TABLE_SIZE; ++task)
    if (task->state != THREAD_UNUSED && task->state != THREAD_FINISHED) return 1;
  return 0;
}

void kernel_run(void) {
  set_kernel_stack(task_table[0].kernel_stack_top);
  while (tasks_left()) {
    kernel_set_state(task_table, THREAD_READY);
    kernel_schedule();
    /* Back here with tasks left: all of them sleep. */
    if (tasks_left()) __asm__ volatile("sti\n hlt\n cli" : : : "memory");
  }
}
