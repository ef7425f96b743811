/* fiber_scheduler: the scheduler of note 003, on a stack of its own. It has no C prototype, because nothing calls it.
 *
 * Its loop asks scheduler_pick for the next fiber and switches to it; when the fiber comes back, it asks again. When there
 * is none, it goes back to main, which waits for all fibers.
 *
 * All that it needs of its stack while a fiber runs is the note's 248 bytes:
 *
 *                +---------------------+  <- top of the stack
 *      top -   8 | fiber_scheduler_end |  the return address: 8 bytes
 *                +---------------------+
 *                | first context       |  120 bytes, built by hand, entered by swtch; kept for the next run
 *      top - 128 |                     |  <- rsp in the loop
 *                +---------------------+
 *                | second context      |  120 bytes, written by the call of swtch below and by swtch itself
 *      top - 248 |                     |  <- saved rsp while a fiber runs
 *                +---------------------+
 *
 * When it goes back to main the first context lies on top of its stack as swtch itself would have left it, so it pushes
 * nothing and enters swtch behind the load of rsp: the next run begins at fiber_scheduler again.
 */
#include "asm/fibers/swtch.h"
#include "asm/fibers/swtch_frame.inc"

/* What the scheduler has in rdx when it switches. It says nothing; code of C would leave something there that differs from
 * one compiler to the next. */
#define SCHEDULER_RDX 1000

        .text
        .p2align 4
        .globl  fiber_scheduler, fiber_scheduler_end
        .type   fiber_scheduler, @function
        .cfi_startproc
        .cfi_undefined rip
        nop
fiber_scheduler:
        // keep the first context, which swtch has just popped
        subq    $SAVED_CONTEXT_SIZE, %rsp
        .cfi_adjust_cfa_offset SAVED_CONTEXT_SIZE

        // whom next?
.Lpick:
        callq   scheduler_pick
        testq   %rax, %rax
        jz      .Lnobody

        // run it until it gives the CPU back
        movq    scheduler_thread(%rip), %rdi
        movq    (%rax), %rsi
        movl    $SCHEDULER_RDX, %edx
        callq   swtch
        jmp     .Lpick

        // all fibers wait for ever or have ended
.Lnobody:
        movq    scheduler_thread(%rip), %rdi
        movq    thread_table(%rip), %rsi  // main's saved rsp
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        .cfi_endproc
        ON_A_CONTEXT
        jmp     swtch_loaded
        .cfi_endproc
        .size   fiber_scheduler, . - fiber_scheduler

/* Nobody returns from the scheduler. Whoever does traps here. */
        .type   fiber_scheduler_end, @function
fiber_scheduler_end:
        .cfi_startproc
        .cfi_undefined rip
        ud2
        .cfi_endproc
        .size   fiber_scheduler_end, . - fiber_scheduler_end

        .section .note.GNU-stack, "", @progbits
