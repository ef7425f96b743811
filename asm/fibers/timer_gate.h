/* The timer's interrupt gate. Bare machine only. */
#ifndef FIBERSCOPE_ASM_FIBERS_TIMER_GATE_H
#define FIBERSCOPE_ASM_FIBERS_TIMER_GATE_H

/* Lets this routine handle the timer's interrupts: interrupts off, on the stack of whoever is interrupted. */
void timer_gate_set(const char* handler);

#endif
