/* A tiny kernel that is guest code too: tasks with a user stack and a kernel stack each, system calls through int
 * $0x80, a timer, and a scheduler of its own. Kernel and users run in ring 0, as all guests of the bare machine do:
 * what a system call costs is here (frame, second stack, all registers, iretq), the change of privilege is not. */
#ifndef FIBERSCOPE_ASM_KERNEL_KERNEL_H
#define FIBERSCOPE_ASM_KERNEL_KERNEL_H

#include "asm/kernel/system_call_numbers.h"
#include "asm/runtime/tcb.h"

/* What lies on the kernel stack of a task while it is in the kernel (picture: interrupts/frame.inc). */
struct kernel_frame {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
  uint64_t rip, cs, rflags, rsp, ss;
};

enum { KERNEL_FRAME_BYTES = sizeof(struct kernel_frame) };

/* What the kernel knows of a task. Whatever its user side does with its own stacks, to the kernel it is this one entry.
 */
struct task {
  uint64_t state;          /* enum thread_state */
  struct tcb* kernel_side; /* the block of its kernel stack: where it is parked while another task runs */
  struct tcb* user_side;   /* the block of its user stack */
  uint64_t
      has_own_threads; /* its user side keeps threads of its own, and their states: the kernel knows nothing of them */
  uint64_t kernel_stack_top; /* where the processor's frame goes */
  uint64_t wake_at;          /* the clock at which it goes on, while it sleeps */
};

enum { TASK_TABLE_SIZE = 4 };

/* Task 0 is the boot thread: it has no user side, and runs when no other task can. */
extern struct task task_table[TASK_TABLE_SIZE];
extern struct task* current_task;

extern uint64_t kernel_entries; /* system calls and interrupts so far */

/* Loads the tables of the processor: segments, task state, interrupt gates. Before anything else. */
void kernel_boot(void);

/* Makes a task that will run entry(argument). It gets two stacks of the pool, the lower one for its kernel side; the
 * names are those of the two stacks. NULL where the table is full. */
struct task* kernel_create_task(const char* name, const char* kernel_name, void* (*entry)(void*), void* argument);

/* Runs the tasks until all have finished. Called once, on the boot stack. */
void kernel_run(void);

/* Called by the entries (*.S). */
void kernel_system_call(struct kernel_frame* frame);
void kernel_timer(void);

/* The user's side: system_call.S. */
uint64_t system_call(uint64_t number, uint64_t argument);

#endif
