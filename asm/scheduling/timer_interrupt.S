/* timer_interrupt: the gate of the timer, vector 32. It has no C prototype, because nothing calls it.
 *
 * The processor comes here between two instructions of a thread that knows nothing of it, interrupts off, with five words
 * pushed on that thread's own stack. The thread has put nothing away, so all its other registers are saved too: the six
 * that switch_to_context would save, and the nine that a call may lose (picture: interrupts/frame.inc). Then preempt() lets
 * another thread run, from in here. Much later it comes back on the same stack, and everything is taken back.
 */
#include "asm/interrupts/frame.inc"

        .text
        .p2align 4
        .globl  timer_interrupt
        .type   timer_interrupt, @function
timer_interrupt:
        BEGIN_INTERRUPT_FRAME

        // save: the registers of a thread that did not ask for it
        SAVE_REGISTERS

        // another thread runs in here
        callq   preempt

        // restore: as if nothing had happened
        RESTORE_REGISTERS
        iretq
        .cfi_endproc
        .size   timer_interrupt, . - timer_interrupt

        .section .note.GNU-stack, "", @progbits
