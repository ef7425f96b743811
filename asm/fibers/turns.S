/* Taking turns, and two handlers of the timer's interrupt. Contracts: turns.h.
 *
 * Nobody calls a handler: the processor comes here between two instructions, with five words pushed on the running thread's
 * own stack (ss, rsp, rflags, cs, rip) and interrupts off. Both handlers go on with another thread by turn_switch, from in
 * here, and return to the interrupted code when this one's turn has come again. They differ in what they save:
 *
 *   timer_interrupt_callee_saved   nothing; fiber_swapcontext saves six registers, as for a call
 *   timer_interrupt                the nine others first
 *
 *                      high addresses: what the thread was doing
 *                  +----------------+  <- a multiple of 16: the processor aligned rsp
 *      rsp + 104   | ss             |  pushed by the processor
 *      rsp +  96   | rsp            |
 *      rsp +  88   | rflags         |
 *      rsp +  80   | cs             |
 *      rsp +  72   | rip            |  the instruction that would have been next
 *      rsp +  64   | rax            |  pushed by timer_interrupt
 *        …         | rcx rdx rsi rdi r8 r9 r10
 *      rsp +   0   | r11            |
 *                  +----------------+
 *
 * Call frame information: nobody called these frames (.cfi_signal_frame).
 */
#include "asm/fibers/turns.h"

#define PORT_TIMER 0xf20
#define TCB_STATE 12 // tcb.h asserts both
#define TCB_NEXT 72
#define STATE_READY 2
#define STATE_RUNNING 3

        .text
        .p2align 4
        .globl  turn_switch
        .type   turn_switch, @function
turn_switch:
        .cfi_startproc
        // who is next?
        movq    turn_self(%rip), %rsi
        movq    %rsi, %rdi
1:      movq    TCB_NEXT(%rdi), %rdi
        cmpq    %rsi, %rdi
        je      2f                      // all around the ring: nobody
        cmpb    $STATE_READY, TCB_STATE(%rdi)
        jne     1b

        // its turn
        movq    %rdi, turn_self(%rip)
        movb    $STATE_READY, TCB_STATE(%rsi)
        movb    $STATE_RUNNING, TCB_STATE(%rdi)
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        callq   fiber_swapcontext
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
2:      retq
        .cfi_endproc
        .size   turn_switch, . - turn_switch

        .p2align 4
        .globl  turn_leave
        .type   turn_leave, @function
turn_leave:
        .cfi_startproc
        movl    $LEFT_IN_RCX, %ecx
        jmp     fiber_swapcontext
        .cfi_endproc
        .size   turn_leave, . - turn_leave

        .macro  BEGIN_HANDLER name
        .p2align 4
        .globl  \name
        .type   \name, @function
\name:
        .cfi_startproc simple
        .cfi_signal_frame
        .cfi_def_cfa rsp, 40
        .cfi_offset rip, -40
        .cfi_offset rsp, -16
        .endm

BEGIN_HANDLER timer_interrupt_callee_saved
        // another thread's turn
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        callq   turn_switch
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8

        // this one's again: arm the timer, go on
        movl    turn_quantum(%rip), %eax
        movl    $PORT_TIMER, %edx
        outl    %eax, %dx
        iretq
        .cfi_endproc
        .size   timer_interrupt_callee_saved, . - timer_interrupt_callee_saved

BEGIN_HANDLER timer_interrupt
        // save: what the interrupted code may have in registers that a call would lose
        .irp    register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
        pushq   %\register
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset \register, 0
        .endr

        // another thread's turn
        callq   turn_switch

        // this one's again: arm the timer, go on
        movl    turn_quantum(%rip), %eax
        movl    $PORT_TIMER, %edx
        outl    %eax, %dx
        .irp    register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
        popq    %\register
        .cfi_adjust_cfa_offset -8
        .cfi_same_value \register
        .endr
        iretq
        .cfi_endproc
        .size   timer_interrupt, . - timer_interrupt

        .section .note.GNU-stack, "", @progbits
