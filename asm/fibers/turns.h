/* Threads that take turns in a ring: by a call, or from the timer's interrupt. turns.S. Bare machine only. */
#ifndef FIBERSCOPE_ASM_FIBERS_TURNS_H
#define FIBERSCOPE_ASM_FIBERS_TURNS_H

#define LEFT_IN_RCX 1000 /* what a function that has ended left in rcx */

#ifndef __ASSEMBLER__
#include "asm/runtime/tcb.h"

/* The thread whose turn it is. The others follow by `next`, the last one's is the first. */
extern struct tcb* turn_self;

/* Steps from the arming of the timer to its next interrupt, the way out of the interrupt included. */
extern uint32_t turn_quantum;

/* Makes a thread that runs entry(argument) on a stack of the pool, and puts it into the ring. It waits. */
struct tcb* turn_create(const char* name, enum thread_kind kind, void* (*entry)(void*), void* argument);

/* Lets all threads of the ring run, beginning with this one, until none is ready. For main. */
void turn_run(struct tcb* first);

/* The caller waits until main lets the ring run again. */
void turn_wait(void);

/* Goes on with the next thread of the ring that is ready, if any; the caller stays ready. Interrupts are off. */
void turn_switch(void);

/* As fiber_swapcontext, but leaves LEFT_IN_RCX in rcx. */
void turn_leave(const uint64_t* restore_rsp, uint64_t* save_rsp);

/* Interrupt handlers, addresses and not functions to call. Both call turn_switch. */
extern char timer_interrupt_callee_saved[]; /* saves what a call must preserve, and nothing else */
extern char timer_interrupt[];              /* saves all registers */
#endif

#endif
