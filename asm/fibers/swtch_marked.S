/* void swtch_marked(uint64_t *save_rsp, uint64_t load_rsp, struct register_marks *marks);
 *
 * Calls swtch with marks->before in rax, rcx, rdx, r8, r9, r10 and r11, and writes to marks->after what is in them when
 * swtch comes back: all registers that C would give up for lost at a call, but for rdi and rsi, which carry the arguments.
 * rbx keeps the address of the marks meanwhile.
 */
        .text
        .p2align 4
        .globl  swtch_marked
        .type   swtch_marked, @function
swtch_marked:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -16
        movq    %rdx, %rbx

        // mark
        movq    0(%rbx), %rax
        movq    8(%rbx), %rcx
        movq    16(%rbx), %rdx
        movq    24(%rbx), %r8
        movq    32(%rbx), %r9
        movq    40(%rbx), %r10
        movq    48(%rbx), %r11
        callq   swtch

        // look
        movq    %rax, 56(%rbx)
        movq    %rcx, 64(%rbx)
        movq    %rdx, 72(%rbx)
        movq    %r8, 80(%rbx)
        movq    %r9, 88(%rbx)
        movq    %r10, 96(%rbx)
        movq    %r11, 104(%rbx)
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        retq
        .cfi_endproc
        .size   swtch_marked, . - swtch_marked

        .section .note.GNU-stack, "", @progbits
