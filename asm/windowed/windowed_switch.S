/* void windowed_switch(struct ThreadContext *old_ctx, const struct ThreadContext *new_ctx);
 *
 * The routine of note 001, instruction for instruction. It stores the running thread's window of nine registers in old_ctx
 * (rdi) and goes on with the window in new_ctx (rsi). Nothing but the return address lies on the stack: the contexts are
 * objects of their own.
 *
 *     ThreadContext      offset    +-----------+
 *                           0      | rbx       |
 *                           8      | rbp       |
 *                          16      | r12       |
 *                          24      | r13       |
 *                          32      | r14       |
 *                          40      | r15       |
 *                          48      | rsp       |   points at the return address: it has not been popped
 *                          56      | rip       |   the return address once more
 *                          64      | rflags    |
 *                                  +-----------+
 *
 * Two faults are the note's own and stay: windowed_switch_fixed.S has neither.
 *
 *   - rsp is saved as it is within the call, and the jump at the end pops nothing. A caller gets rsp back 8 lower than a
 *     `ret` would have left it, and 8 lower again after each further resume of the same frame.
 *   - rflags come back before rsp: where they hold IF = 1, an interrupt may strike while the new thread is already the
 *     current one, but rsp and the registers are still the old one's. Even behind the load of rsp it may: its own switch
 *     writes new_ctx anew, and the jump reads rip from there.
 *
 * Call frame information: the frame address is rsp + 8 throughout, on either stack. From the first restored register to
 * the load of rsp the old thread is still the one on the stack, and its own registers lie in its context: the rows say so
 * relative to rdi. An unwinder that parks a thread at the load finds all of them there.
 */
#define DW_CFA_expression 0x10
#define DW_OP_breg_rdi 0x75
#define DWARF_RBX 3
#define DWARF_RBP 6
#define DWARF_R12 12
#define DWARF_R13 13
#define DWARF_R14 14
#define DWARF_R15 15

/* The caller's value of a register lies in the old context. */
        .macro  in_old_context register, offset
        .cfi_escape DW_CFA_expression, \register, 2, DW_OP_breg_rdi, \offset
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

        // Save stack pointer
        movq    %rsp, 48(%rdi)

        // Save return address
        movq    (%rsp), %rax
        movq    %rax, 56(%rdi)

        // Save flags
        pushfq
        .cfi_adjust_cfa_offset 8
        popq    %rax
        .cfi_adjust_cfa_offset -8
        movq    %rax, 64(%rdi)

        // ---- SWITCH POINT ----
windowed_restore:
        // Restore flags
        movq    64(%rsi), %rax
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        popfq
        .cfi_adjust_cfa_offset -8

        // Restore callee-saved registers
        movq    0(%rsi), %rbx
        in_old_context DWARF_RBX, 0
        movq    8(%rsi), %rbp
        in_old_context DWARF_RBP, 8
        movq    16(%rsi), %r12
        in_old_context DWARF_R12, 16
        movq    24(%rsi), %r13
        in_old_context DWARF_R13, 24
        movq    32(%rsi), %r14
        in_old_context DWARF_R14, 32
        movq    40(%rsi), %r15
        in_old_context DWARF_R15, 40

        // Restore stack pointer
windowed_point:
        movq    48(%rsi), %rsp
        .cfi_same_value rbx
        .cfi_same_value rbp
        .cfi_same_value r12
        .cfi_same_value r13
        .cfi_same_value r14
        .cfi_same_value r15

        // Jump to new thread
        jmp     *56(%rsi)

        .cfi_endproc
        .size   windowed_switch, . - windowed_switch

        .section .note.GNU-stack, "", @progbits
