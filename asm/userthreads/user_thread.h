/* The user space threading library of note 004: M threads of a process on one kernel task, cooperative, round-robin.
 * The scheduler runs on the stack that the kernel gave to main, each thread on a stack of its own. */
#ifndef FIBERSCOPE_ASM_USERTHREADS_USER_THREAD_H
#define FIBERSCOPE_ASM_USERTHREADS_USER_THREAD_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "asm/runtime/tcb.h"

enum { USER_THREADS = 8, USER_THREAD_STACK_SIZE = 0x4000 };

/* The note's thread descriptor, field by field. */
struct thread {
  int64_t id;          /* 1, 2, …: also the index of its block in thread_table */
  int8_t state;        /* enum thread_state; THREAD_INIT until it is dispatched for the first time */
  void (*fun)(void*);  /* its main function … */
  void* arg;           /* … and the argument for it */
  void* sp_base;       /* lowest address of its stack */
  int32_t s_size;      /* bytes of the stack */
  jmp_buf jmp_buf;     /* the CPU context where it yielded; nothing yet where it never ran */
  struct thread* next; /* the one behind it in the run queue */
};

_Static_assert(offsetof(struct thread, id) == 0, "the note's descriptor");
_Static_assert(offsetof(struct thread, state) == 8, "the note's descriptor");
_Static_assert(offsetof(struct thread, fun) == 16, "the note's descriptor");
_Static_assert(offsetof(struct thread, arg) == 24, "the note's descriptor");
_Static_assert(offsetof(struct thread, sp_base) == 32, "the note's descriptor");
_Static_assert(offsetof(struct thread, s_size) == 40, "the note's descriptor");
_Static_assert(offsetof(struct thread, jmp_buf) == 48, "the note's descriptor");
_Static_assert(sizeof(jmp_buf) == 200, "eight registers, a flag and room for a signal mask");
_Static_assert(offsetof(struct thread, next) == 248, "the note's descriptor");

/* All descriptors, in the order of their creation. */
extern struct thread user_threads[USER_THREADS];

/* Where the scheduler goes on when a thread yields or ends. */
extern jmp_buf scheduler_context;

/* The thread that runs, NULL while the scheduler does. */
extern struct thread* current_thread;

/* The first one in the run queue; the others follow by `next`. */
extern struct thread* run_queue;

/* Makes a thread that will run fun(arg), with a stack of its own. It does not run before it is in the run queue. NULL
 * where there are USER_THREADS already, or no memory is left. */
struct thread* thread_create(void (*fun)(void*), void* arg);

/* Puts a thread at the end of the run queue. */
void thread_add_runqueue(struct thread* t);

/* Lets the others run: the caller goes to the end of the run queue, and the scheduler dispatches the first one. Does
 * nothing while the scheduler itself runs. */
void thread_yield(void);

/* Runs the threads of the run queue. Returns when all of them have returned. */
void thread_start_threading(void);

/* What a debugger shows as the name of the thread that is created next; without it, "thread 1" and so on. */
void thread_name_next(const char* name);

#endif
