/* The gate of the timer, vector 32: the same frame as for a system call (system_call_entry.S), but the user did not ask for
 * it and may stand between any two instructions.
 */
#include "asm/interrupts/frame.inc"

        .text
        .p2align 4
        .globl  timer_interrupt
        .type   timer_interrupt, @function
timer_interrupt:
        BEGIN_INTERRUPT_FRAME
        SAVE_REGISTERS
        callq   kernel_timer
        RESTORE_REGISTERS
        iretq
        .cfi_endproc
        .size   timer_interrupt, . - timer_interrupt

        .section .note.GNU-stack, "", @progbits
