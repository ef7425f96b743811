/* Interrupts, and the timer that takes the CPU away from a thread. interrupts_bare.c and timer_entry.S are for the bare
 * machine, interrupts_none.c for user programs and for every program as a process of the host: there these functions do
 * nothing, and threads run until they give the CPU away. */
#ifndef FIBERSCOPE_ASM_WINDOWED_INTERRUPTS_H
#define FIBERSCOPE_ASM_WINDOWED_INTERRUPTS_H

#include <stdint.h>

/* Returns rflags as they were. */
uint64_t interrupts_off(void);

void interrupts_restore(uint64_t flags);

/* Bare machine only: lets the routine at `entry` handle a vector, through an interrupt gate. */
void gate_install(uint32_t vector, const char* entry);

/* Installs timer_entry for the timer's interrupts. Before, there must be none. */
void timer_install(void);

/* Steps until the timer strikes again, counted from the end of an interrupt or from time_slice_begin; 0: no more. */
extern uint32_t time_slice;

/* Arms the timer for a thread that begins, disarms it for one that ends. */
void time_slice_begin(void);
void time_slice_end(void);

/* The note's: called by timer_entry, with interrupts off and all registers in the current thread's FullContext. */
void timer_interrupt(void);

#endif
