/* timer_entry: the handler of the timer's interrupt. It has no C prototype, because nothing calls it.
 *
 * The CPU pushes what it would lose itself and jumps here; the thread did not ask for it, so nothing else has been put
 * aside. timer_entry stores all registers in the FullContext of the current thread, at the offsets of windowed.h, and
 * calls timer_interrupt. When that comes back, perhaps much later, because other threads ran in between, the same thread
 * gets all of them back, and `iretq` takes the CPU's own five words.
 *
 *     pushed by the CPU, from the      +----------------+
 *     next lower multiple of 16 on     | ss             |   rsp + 32
 *                                      | rsp            |   rsp + 24
 *                                      | rflags         |   rsp + 16   with IF = 1
 *                                      | cs             |   rsp +  8
 *                                      | rip            |   rsp +  0   the instruction that has not run
 *                                      +----------------+
 *
 * rbx holds the address of the FullContext over the call: it is callee-saved, also by windowed_switch. Call frame
 * information counts from it too, so every register of the interrupted code can be found while others run.
 *
 * With LAZY_FPU it leaves the x87 and SSE registers to those who switch (fpu.h).
 *
 * void time_slice_begin(void), void time_slice_end(void): arm the timer for a thread that begins, disarm it for one that
 * ends. Assembly, so that a slice has the same steps whatever the compiler.
 */
#define TIMER_PORT 0xF20 // platform.h

#ifdef FULL_CONTEXT_AS_PRINTED
#define FULL 72 // offset of FullContext in struct thread
#else
#define FULL 80
#endif

#define DW_CFA_expression 0x10
#define DW_OP_breg_rbx 0x73

/* The interrupted code's value of a register (by its DWARF number) lies in the FullContext. Two bytes of offset. */
        .macro  in_full_context number, offset
        .cfi_escape DW_CFA_expression, \number, 3, DW_OP_breg_rbx, (\offset & 0x7f) | 0x80, \offset >> 7
        .endm

        .text
        .p2align 4
        .globl  timer_entry
        .type   timer_entry, @function
timer_entry:
        .cfi_startproc simple
        .cfi_signal_frame
        .cfi_def_cfa rsp, 40
        .cfi_offset rip, -40
        .cfi_offset rsp, -16

        // rax is needed to reach the FullContext
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        .cfi_offset rax, -48
        movq    running(%rip), %rax
        leaq    FULL(%rax), %rax

        // the general registers
        movq    %rbx, 8(%rax)
        movq    %rcx, 16(%rax)
        movq    %rdx, 24(%rax)
        movq    %rsi, 32(%rax)
        movq    %rdi, 40(%rax)
        movq    %rbp, 48(%rax)
        movq    %r8, 64(%rax)
        movq    %r9, 72(%rax)
        movq    %r10, 80(%rax)
        movq    %r11, 88(%rax)
        movq    %r12, 96(%rax)
        movq    %r13, 104(%rax)
        movq    %r14, 112(%rax)
        movq    %r15, 120(%rax)
        movq    %rax, %rbx
        in_full_context 3, 8          // rbx
        in_full_context 2, 16          // rcx
        in_full_context 1, 24          // rdx
        in_full_context 4, 32          // rsi
        in_full_context 5, 40          // rdi
        in_full_context 6, 48          // rbp
        in_full_context 8, 64          // r8
        in_full_context 9, 72          // r9
        in_full_context 10, 80          // r10
        in_full_context 11, 88          // r11
        in_full_context 12, 96          // r12
        in_full_context 13, 104          // r13
        in_full_context 14, 112          // r14
        in_full_context 15, 120          // r15
        popq    0(%rbx)
        .cfi_adjust_cfa_offset -8
        in_full_context 0, 0            // rax

        // what the CPU pushed
        movq    0(%rsp), %rax
        movq    %rax, 128(%rbx)         // rip
        movq    8(%rsp), %rax
        movq    %rax, 144(%rbx)         // cs
        movq    16(%rsp), %rax
        movq    %rax, 136(%rbx)         // rflags
        movq    24(%rsp), %rax
        movq    %rax, 56(%rbx)          // rsp
        movq    32(%rsp), %rax
        movq    %rax, 152(%rbx)         // ss

#ifndef LAZY_FPU
        // x87, SSE
        fxsave  160(%rbx)
#endif

        // five words below a multiple of 16: one more, and rsp is one
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        cld
        callq   timer_interrupt
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8

        // a new time slice
        movl    time_slice(%rip), %eax
        movl    $TIMER_PORT, %edx
        outl    %eax, %dx

        // everything back
#ifndef LAZY_FPU
        fxrstor 160(%rbx)
#endif
        movq    120(%rbx), %r15
        .cfi_same_value r15
        movq    112(%rbx), %r14
        .cfi_same_value r14
        movq    104(%rbx), %r13
        .cfi_same_value r13
        movq    96(%rbx), %r12
        .cfi_same_value r12
        movq    88(%rbx), %r11
        .cfi_same_value r11
        movq    80(%rbx), %r10
        .cfi_same_value r10
        movq    72(%rbx), %r9
        .cfi_same_value r9
        movq    64(%rbx), %r8
        .cfi_same_value r8
        movq    48(%rbx), %rbp
        .cfi_same_value rbp
        movq    40(%rbx), %rdi
        .cfi_same_value rdi
        movq    32(%rbx), %rsi
        .cfi_same_value rsi
        movq    24(%rbx), %rdx
        .cfi_same_value rdx
        movq    16(%rbx), %rcx
        .cfi_same_value rcx
        movq    0(%rbx), %rax
        .cfi_same_value rax
        movq    8(%rbx), %rbx
        .cfi_same_value rbx
        iretq
        .cfi_endproc
        .size   timer_entry, . - timer_entry

        .globl  time_slice_begin
        .type   time_slice_begin, @function
time_slice_begin:
        .cfi_startproc
        movl    time_slice(%rip), %eax
        movl    $TIMER_PORT, %edx
        outl    %eax, %dx
        retq
        .cfi_endproc
        .size   time_slice_begin, . - time_slice_begin

        .globl  time_slice_end
        .type   time_slice_end, @function
time_slice_end:
        .cfi_startproc
        xorl    %eax, %eax
        movl    $TIMER_PORT, %edx
        outl    %eax, %dx
        retq
        .cfi_endproc
        .size   time_slice_end, . - time_slice_end

        .section .note.GNU-stack, "", @progbits
