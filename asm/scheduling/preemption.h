/* Preemption: the timer takes the CPU away. Natively nobody does, and the threads run one after the other. */
#ifndef FIBERSCOPE_ASM_SCHEDULING_PREEMPTION_H
#define FIBERSCOPE_ASM_SCHEDULING_PREEMPTION_H

/* Tells the processor where timer_interrupt is. Interrupts stay off. */
void preemption_prepare(void);

/* From here on the caller may be interrupted between any two instructions … */
void preemption_on(void);
/* … and from here on it may not: needed before any call of the runtime, whose queues must not change under its hands.
 */
void preemption_off(void);

/* Called by timer_interrupt.S with interrupts off: the interrupted thread goes to the end of the ready queue. */
void preempt(void);

#endif
