/* void switch_to_context(uint64_t *save_rsp, uint64_t load_rsp);
 *
 * Parks the running thread and goes on with another one. The callee-saved registers are pushed on the stack of the
 * caller, its stack pointer is stored through save_rsp (rdi), rsp becomes load_rsp (rsi), and the same registers are
 * popped from there. load_rsp must have come from an earlier call of this routine, or point at a first frame of the same
 * shape (thread.c, build_first_frame). The call returns when somebody switches back. The other registers are lost, as in
 * any call (System V ABI for x86-64, figure 3.4); rflags, mxcsr and the x87 control word are not switched.
 *
 *   what a parked thread's saved rsp points at      high addresses
 *                                               +----------------+
 *                                      rsp + 48 | return address |  to the caller of switch_to_context
 *                                      rsp + 40 | rbp            |  <- rbp, while its owner is still pushing
 *                                      rsp + 32 | rbx            |
 *                                      rsp + 24 | r12            |
 *                                      rsp + 16 | r13            |
 *                                      rsp +  8 | r14            |
 *                           saved rsp: rsp +  0 | r15            |
 *                                               +----------------+
 *                                                 low addresses
 *
 * Call frame information: the canonical frame address always counts from rsp, never from rbp. Right after the load, rsp
 * lies on the new thread's stack and rbp still in the old one's frame; the row needs no change there, because both stacks
 * have the same shape. An unwinder starts a parked thread at {rip = switch_resume, rsp = its saved rsp}.
 */
        .text
        .p2align 4
        .globl  switch_to_context, switch_point, switch_resume
        .type   switch_to_context, @function
switch_to_context:
        .cfi_startproc

        // save: what a called function must preserve goes on the stack of the thread that leaves
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -24
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_offset r12, -32
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_offset r13, -40
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_offset r14, -48
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_offset r15, -56
        movq    %rsp, (%rdi)

        // switch: one instruction, and another thread is running
switch_point:
        movq    %rsi, %rsp
switch_resume:

        // restore: the same registers, from the stack of the thread that goes on
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        retq

        .cfi_endproc
        .size   switch_to_context, . - switch_to_context

        .section .note.GNU-stack, "", @progbits
