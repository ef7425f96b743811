/* void fiber_swapcontext(const uint64_t *restore_rsp, uint64_t *save_rsp);
 *
 * The swapcontext of note 003, instruction for instruction. It restores the context whose stack pointer lies at (rdi) and
 * saves the running one's at (rsi): the other way round than one reads it, and than the C library's swapcontext(save,
 * restore), whose name it may not have. One instruction is not the note's: its listing ends with `popq %r12`, and without
 * the `ret` behind it the CPU would run on into whatever the linker put there.
 *
 * The six registers that a called function must preserve go on the stack of the one that leaves. Any other is lost, as in
 * any call (System V ABI for x86-64, figure 3.4).
 *
 *   what a parked fiber's saved rsp points at       high addresses
 *                                               +----------------+
 *                                      rsp + 48 | return address |  to the caller of fiber_swapcontext
 *                                      rsp + 40 | r12            |
 *                                      rsp + 32 | r13            |
 *                                      rsp + 24 | r14            |
 *                                      rsp + 16 | r15            |
 *                                      rsp +  8 | rbx            |
 *                           saved rsp: rsp +  0 | rbp            |
 *                                               +----------------+
 *                                                 low addresses
 *
 * Call frame information counts from rsp at every instruction. At the load it needs no change: both stacks have the same
 * shape there.
 */
        .text
        .p2align 4
        .globl  fiber_swapcontext, fiber_swapcontext_loaded
        .type   fiber_swapcontext, @function
fiber_swapcontext:
        .cfi_startproc

        // save current context
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_offset r12, -16
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_offset r13, -24
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_offset r14, -32
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_offset r15, -40
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -48
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -56
        movq    %rsp, (%rsi)

        // restore previously saved context
        movq    (%rdi), %rsp
fiber_swapcontext_loaded:
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
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

        retq                            // not in the note
        .cfi_endproc
        .size   fiber_swapcontext, . - fiber_swapcontext

        .section .note.GNU-stack, "", @progbits
