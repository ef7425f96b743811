/* The thread control block of Fiberscope's own runtime: one declaration, compiled into the guest and into the tool that
 * looks at the guest. Every member has a fixed size and offset, because assembly and the host read it by offset. */
#ifndef FIBERSCOPE_ASM_RUNTIME_TCB_H
#define FIBERSCOPE_ASM_RUNTIME_TCB_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
extern "C" {
#else
#include <stddef.h>
#include <stdint.h>
#endif

enum thread_state {
  THREAD_UNUSED = 0, /* the slot of the table is free */
  THREAD_INIT = 1,   /* being made: its first frame is not yet complete */
  THREAD_READY = 2,
  THREAD_RUNNING = 3,
  THREAD_WAITING = 4,
  THREAD_FINISHED = 5
};

enum thread_kind { KIND_MAIN = 0, KIND_USER = 1, KIND_FIBER = 2, KIND_KERNEL = 3, KIND_SCHEDULER = 4, KIND_SIGNAL = 5 };

enum { THREAD_NAME_SIZE = 16, THREAD_TABLE_SIZE = 16 };

struct tcb {
  uint64_t saved_rsp; /* where the thread's registers lie while it does not run; first, as the switch stores it through
                         rdi */
  uint32_t id;        /* index in thread_table */
  uint8_t state;      /* enum thread_state */
  uint8_t kind;       /* enum thread_kind */
  uint16_t priority;  /* larger runs first where a policy looks at it */
  char name[THREAD_NAME_SIZE]; /* NUL-terminated */
  uint64_t stack_base;         /* lowest address of the stack */
  uint64_t stack_size;         /* bytes */
  uint64_t entry;              /* void *(*)(void *) */
  uint64_t argument;           /* its only argument */
  uint64_t result;             /* what entry returned, once finished */
  uint64_t next;               /* struct tcb *: link of the queue the thread is in */
  uint64_t waits_for;          /* struct tcb *: the thread whose end it waits for */
  uint64_t waiters;            /* struct tcb *: head of the queue of those who wait for this one's end */
  uint64_t resume;             /* where a thread that never ran goes on, once rsp is saved_rsp; 0: at switch_resume */
};

#ifdef __cplusplus
}
#define TCB_ASSERT static_assert
#else
#define TCB_ASSERT _Static_assert
#endif

TCB_ASSERT(offsetof(struct tcb, saved_rsp) == 0, "switch_to_context stores the stack pointer at offset 0");
TCB_ASSERT(offsetof(struct tcb, id) == 8, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, state) == 12, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, kind) == 13, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, priority) == 14, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, name) == 16, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, stack_base) == 32, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, stack_size) == 40, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, entry) == 48, "thread_entry reads the entry point at offset 48");
TCB_ASSERT(offsetof(struct tcb, argument) == 56, "thread_entry reads the argument at offset 56");
TCB_ASSERT(offsetof(struct tcb, result) == 64, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, next) == 72, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, waits_for) == 80, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, waiters) == 88, "tcb layout");
TCB_ASSERT(offsetof(struct tcb, resume) == 96, "tcb layout");
TCB_ASSERT(sizeof(struct tcb) == 104, "thread_table is an array of these");

#endif
