/* void fiber_pop_rsp(struct fiber_context *save, const struct fiber_context *load, uint64_t *save_rsp);
 *
 * The other switch of note 003: "new a context, restore its registers with pop, finally pop rsp". A context is no part of
 * a stack here but an object of its own, with rsp and rbp stored in it. To leave, the registers are moved into it. To go
 * on, rsp is made to point at the other context, which is then popped as if it were a stack; the last pop is `pop rsp`, and
 * rsp is on a stack again.
 *
 *          struct fiber_context  + 48 | rsp |  -> the cell with the return address, on the fiber's stack
 *                                + 40 | rbp |
 *                                + 32 | rbx |
 *                                + 24 | r12 |
 *                                + 16 | r13 |
 *                                +  8 | r14 |
 *                                +  0 | r15 |
 *
 * Between the load and `pop rsp`, rsp is on nobody's stack. An interrupt that comes then would push its frame right below
 * the context, into whatever lies there.
 *
 * Call frame information: while rsp walks through the context, the frame is found through the rsp that is stored there: the
 * canonical frame address is that value, the return address lies at it, and the caller's rsp is 8 more.
 */
#define BREG7_DEREF(offset) .cfi_escape 0x0f, 0x03, 0x77, offset, 0x06 // DW_CFA_def_cfa_expression: *(rsp + offset)

        .text
        .p2align 4
        .globl  fiber_pop_rsp, fiber_pop_rsp_return
        .type   fiber_pop_rsp, @function
fiber_pop_rsp:
        .cfi_startproc
        .cfi_remember_state

        // save: into the context of the one that leaves
        movq    %r15, 0(%rdi)
        movq    %r14, 8(%rdi)
        movq    %r13, 16(%rdi)
        movq    %r12, 24(%rdi)
        movq    %rbx, 32(%rdi)
        movq    %rbp, 40(%rdi)
        movq    %rsp, 48(%rdi)
        movq    %rsp, (%rdx)

        // restore: the context is popped like a stack
        movq    %rsi, %rsp
        BREG7_DEREF(48)
        .cfi_offset rip, 0
        .cfi_val_offset rsp, 8
        popq    %r15
        BREG7_DEREF(40)
        popq    %r14
        BREG7_DEREF(32)
        popq    %r13
        BREG7_DEREF(24)
        popq    %r12
        BREG7_DEREF(16)
        popq    %rbx
        BREG7_DEREF(8)
        popq    %rbp
        BREG7_DEREF(0)

        // switch: the last pop leads to the other stack
        popq    %rsp
        .cfi_restore_state
fiber_pop_rsp_return:
        retq
        .cfi_endproc
        .size   fiber_pop_rsp, . - fiber_pop_rsp

        .section .note.GNU-stack, "", @progbits
