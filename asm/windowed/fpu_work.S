/* What the threads of windowed_lazy_fpu.c do, none of them ever yields:
 *
 * void *pi_work(void *terms);      SSE all the time: 4 - 4/3 + 4/5 - …, so many terms. Returns the sum in millionths.
 * void *burst_work(void *rounds);  SSE at the beginning and at the end, the square root of 2 in xmm7 all the while; in
 *                                  between so many rounds of integers. Returns the root in millionths plus their result.
 * void *count_work(void *rounds);  no SSE at all.
 *
 * Assembly, because a compiler keeps nothing in an xmm register over a loop of calls, and because a time slice then has
 * the same steps whatever the compiler.
 */
        .section .rodata
        .p2align 4
sign:   .quad   0x8000000000000000, 0
one:    .double 1
two:    .double 2
four:   .double 4
million:
        .double 1000000

        .text
        .p2align 4

/* Returns rax, after the time slice has been given back. */
        .macro  finish
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        callq   time_slice_end
        popq    %rax
        .cfi_adjust_cfa_offset -8
        retq
        .endm

/* rdi over the call. */
        .macro  start
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        callq   time_slice_begin
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        .endm

/* Rounds of integers: rdi of them, result in rax. */
        .macro  stir
        movl    $1, %eax
1:      imulq   $7, %rax, %rax
        addq    %rdi, %rax
        andl    $0xffff, %eax
        decq    %rdi
        jnz     1b
        .endm

        .globl  pi_work
        .type   pi_work, @function
pi_work:
        .cfi_startproc
        start
        xorps   %xmm0, %xmm0            // the sum
        movsd   one(%rip), %xmm1        // the denominator
        movsd   four(%rip), %xmm2       // the numerator with its sign
1:      movaps  %xmm2, %xmm3
        divsd   %xmm1, %xmm3
        addsd   %xmm3, %xmm0
        addsd   two(%rip), %xmm1
        xorps   sign(%rip), %xmm2
        decq    %rdi
        jnz     1b
        mulsd   million(%rip), %xmm0
        cvttsd2si %xmm0, %rax
        finish
        .cfi_endproc
        .size   pi_work, . - pi_work

        .globl  burst_work
        .type   burst_work, @function
burst_work:
        .cfi_startproc
        start
        sqrtsd  two(%rip), %xmm7
        mulsd   million(%rip), %xmm7
        stir
        cvttsd2si %xmm7, %rdx
        addq    %rdx, %rax
        finish
        .cfi_endproc
        .size   burst_work, . - burst_work

        .globl  count_work
        .type   count_work, @function
count_work:
        .cfi_startproc
        start
        stir
        finish
        .cfi_endproc
        .size   count_work, . - count_work

        .section .note.GNU-stack, "", @progbits
