/* The windowed context switch of note 001 in C: its two contexts, member by member at its offsets, and its API. The
 * names are the note's. */
#ifndef FIBERSCOPE_ASM_WINDOWED_WINDOWED_H
#define FIBERSCOPE_ASM_WINDOWED_WINDOWED_H

#include <stddef.h>
#include <stdint.h>

#include "asm/runtime/thread_table.h"

/* The window: callee-saved registers only. windowed_switch reads and writes it by offset. */
struct ThreadContext {
  uint64_t rbx, rbp, r12, r13, r14, r15;
  uint64_t rsp;
  uint64_t rip; /* return address */
  uint64_t rflags;
};

/* All of it: what a thread needs that did not ask to be stopped. timer_entry reads and writes it by offset. */
struct FullContext {
  uint64_t rax, rbx, rcx, rdx;
  uint64_t rsi, rdi, rbp, rsp;
  uint64_t r8, r9, r10, r11;
  uint64_t r12, r13, r14, r15;
  uint64_t rip;
  uint64_t rflags;
  uint64_t cs;
  uint64_t ss;
  uint8_t fxsave[512];
};

/* fxsave wants its 512 bytes at a multiple of 16 (Intel SDM vol. 2, FXSAVE). FullContext promises a multiple of 8, and
 * behind the 72 bytes of a ThreadContext that is all it gets: 72 + 160 is no multiple of 16. */
#ifdef FULL_CONTEXT_AS_PRINTED
#define FULL_CONTEXT_ALIGNMENT _Alignof(struct FullContext)
#else
#define FULL_CONTEXT_ALIGNMENT 16
#endif

struct thread {
  struct ThreadContext context;
  _Alignas(FULL_CONTEXT_ALIGNMENT) struct FullContext full;
  uint64_t uses_fpu; /* not 0: its FPU and SSE registers matter */
  struct tcb* block; /* its row in thread_table */
};

enum { WINDOWED_THREADS = 7, RFLAGS_IF = 1 << 9, RFLAGS_ALWAYS_ONE = 1 << 1 };

/* By id: threads[i].block == &thread_table[i]. */
extern struct thread threads[WINDOWED_THREADS];

/* How many of them there are. */
extern uint32_t thread_count;

/* The thread that runs. pick_next sets it, before the switch. */
extern struct thread* running;

typedef void* (*thread_function)(void* argument);

/* Makes a thread that will run entry(argument), with interrupts on, and is ready. At most WINDOWED_THREADS - 1. */
struct thread* thread_spawn(const char* name, thread_function entry, void* argument);

/* Waits for the thread's end and returns its result. */
void* thread_join(struct thread* thread);

/* Ends the caller: thread_entry.S calls it with what the thread's function returned. */
_Noreturn void thread_exit(void* result);

/* The note's API. */
struct thread* current_thread(void);

struct scheduler {
  /* Chooses the thread that runs next, round-robin or as the scheduler port says, and makes it the current one. */
  struct thread* (*pick_next)(void);
  /* Not 0 where another thread is ready. */
  int (*should_preempt)(void);
};
extern const struct scheduler scheduler;

/* windowed_switch.S as the note prints it, or windowed_switch_fixed.S: a program links one of them. */
void windowed_switch(struct ThreadContext* old_ctx, const struct ThreadContext* new_ctx);

_Static_assert(offsetof(struct ThreadContext, rbx) == 0, "note 001: [rdi + 0]");
_Static_assert(offsetof(struct ThreadContext, rbp) == 8, "note 001: [rdi + 8]");
_Static_assert(offsetof(struct ThreadContext, r12) == 16, "note 001: [rdi + 16]");
_Static_assert(offsetof(struct ThreadContext, r13) == 24, "note 001: [rdi + 24]");
_Static_assert(offsetof(struct ThreadContext, r14) == 32, "note 001: [rdi + 32]");
_Static_assert(offsetof(struct ThreadContext, r15) == 40, "note 001: [rdi + 40]");
_Static_assert(offsetof(struct ThreadContext, rsp) == 48, "note 001: [rdi + 48]");
_Static_assert(offsetof(struct ThreadContext, rip) == 56, "note 001: [rdi + 56]");
_Static_assert(offsetof(struct ThreadContext, rflags) == 64, "note 001: [rdi + 64]");
_Static_assert(sizeof(struct ThreadContext) == 72, "note 001: 9 registers of 8 bytes");

_Static_assert(offsetof(struct FullContext, rsp) == 56, "timer_entry.S");
_Static_assert(offsetof(struct FullContext, r8) == 64, "timer_entry.S");
_Static_assert(offsetof(struct FullContext, rip) == 128, "timer_entry.S");
_Static_assert(offsetof(struct FullContext, rflags) == 136, "timer_entry.S");
_Static_assert(offsetof(struct FullContext, cs) == 144, "timer_entry.S");
_Static_assert(offsetof(struct FullContext, ss) == 152, "timer_entry.S");
_Static_assert(offsetof(struct FullContext, fxsave) == 160, "note 001: behind 20 words");
_Static_assert(sizeof(struct FullContext) == 672 && _Alignof(struct FullContext) == 8, "note 001: repr(C)");

#ifdef FULL_CONTEXT_AS_PRINTED
_Static_assert(offsetof(struct thread, full) == 72, "timer_entry.S");
#else
_Static_assert(offsetof(struct thread, full) == 80, "timer_entry.S");
#endif

#endif
