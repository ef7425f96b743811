/* void windowed_switch(struct ThreadContext *old_ctx, const struct ThreadContext *new_ctx);
 *
 * The corrected windowed_switch: the same window of nine registers at the same offsets as in windowed_switch.S, and what
 * is wrong there put right.
 *
 *   - The saved rsp is the one behind the call: where it will be once the return address is gone. The address goes back to
 *     its cell and `ret` pops it, so a caller gets rsp back exactly, and aligned.
 *   - rsp comes first, as in the note's own drawing (save window, switch stack pointer, restore window), and rflags come
 *     last. Before them the return address has been read: an interrupt that strikes behind popfq may switch, and that
 *     writes new_ctx anew.
 *
 * Call it with interrupts off. A window whose rflags have IF = 1, as that of a new thread, turns them on at the end.
 *
 * Call frame information: from the load of rsp on, the caller's registers lie in the new context until they are loaded,
 * and so does the return address until it is pushed. The rows say so relative to rsi.
 */
#define DW_CFA_expression 0x10
#define DW_OP_breg_rsi 0x74
#define DWARF_RBX 3
#define DWARF_RBP 6
#define DWARF_R12 12
#define DWARF_R13 13
#define DWARF_R14 14
#define DWARF_R15 15
#define DWARF_RIP 16

/* The caller's value of a register lies in the new context. */
        .macro  in_new_context register, offset
        .cfi_escape DW_CFA_expression, \register, 2, DW_OP_breg_rsi, \offset
        .endm

        .text
        .p2align 4
        .globl  windowed_switch, windowed_save, windowed_restore, windowed_point
        .type   windowed_switch, @function
windowed_switch:
        .cfi_startproc

windowed_save:
        // Save callee-saved registers
        movq    %rbx, 0(%rdi)
        movq    %rbp, 8(%rdi)
        movq    %r12, 16(%rdi)
        movq    %r13, 24(%rdi)
        movq    %r14, 32(%rdi)
        movq    %r15, 40(%rdi)

        // Save stack pointer, as it will be behind the call
        leaq    8(%rsp), %rax
        movq    %rax, 48(%rdi)

        // Save return address
        movq    (%rsp), %rax
        movq    %rax, 56(%rdi)

        // Save flags
        pushfq
        .cfi_adjust_cfa_offset 8
        popq    %rax
        .cfi_adjust_cfa_offset -8
        movq    %rax, 64(%rdi)

        // Switch stack pointer
windowed_point:
        movq    48(%rsi), %rsp
        .cfi_def_cfa_offset 0
        in_new_context DWARF_RIP, 56
        in_new_context DWARF_RBX, 0
        in_new_context DWARF_RBP, 8
        in_new_context DWARF_R12, 16
        in_new_context DWARF_R13, 24
        in_new_context DWARF_R14, 32
        in_new_context DWARF_R15, 40

windowed_restore:
        // The return address back to its cell
        pushq   56(%rsi)
        .cfi_adjust_cfa_offset 8
        .cfi_offset rip, -8

        // Restore callee-saved registers
        movq    0(%rsi), %rbx
        .cfi_same_value rbx
        movq    8(%rsi), %rbp
        .cfi_same_value rbp
        movq    16(%rsi), %r12
        .cfi_same_value r12
        movq    24(%rsi), %r13
        .cfi_same_value r13
        movq    32(%rsi), %r14
        .cfi_same_value r14
        movq    40(%rsi), %r15
        .cfi_same_value r15

        // Restore flags: from here on an interrupt finds the new thread whole
        pushq   64(%rsi)
        .cfi_adjust_cfa_offset 8
        popfq
        .cfi_adjust_cfa_offset -8

        // Return into the new thread
        retq

        .cfi_endproc
        .size   windowed_switch, . - windowed_switch

        .section .note.GNU-stack, "", @progbits
