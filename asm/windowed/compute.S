/* void *compute(void *job);      job: struct compute_job { uint64_t seed, rounds; }
 *
 * A thread that never yields. It stirs all 15 general registers beside rsp and all 16 xmm registers, `rounds` times, and
 * returns what they hold, folded into one number. One register that an interrupt does not give back, at any instruction,
 * and the number is another one.
 *
 * It asks for a time slice when it begins and gives it back when it ends. Assembly, because no compiler keeps something in
 * every register.
 *
 *     frame of compute     +----------------+
 *                          | return address |
 *                          | rbx … r15      |   six callee-saved registers
 *                          | unused         |   rsp + 16
 *                          | seed           |   rsp +  8
 *                          | rounds left    |   rsp +  0, a multiple of 16
 *                          +----------------+
 */
        .text
        .p2align 4
        .globl  compute
        .type   compute, @function
compute:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -16
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -24
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
        subq    $24, %rsp
        .cfi_adjust_cfa_offset 24
        movq    0(%rdi), %rax
        movq    %rax, 8(%rsp)
        movq    8(%rdi), %rax
        movq    %rax, 0(%rsp)
        callq   time_slice_begin

        // every register gets something of its own
        movq    8(%rsp), %rax
        leaq    1(%rax,%rax,1), %rbx
        leaq    2(%rax,%rax,2), %rcx
        leaq    3(%rax,%rax,4), %rdx
        leaq    4(%rax,%rax,8), %rsi
        leaq    5(%rax,%rax,1), %rdi
        leaq    6(%rax,%rax,2), %rbp
        leaq    7(%rax,%rax,4), %r8
        leaq    8(%rax,%rax,8), %r9
        leaq    9(%rax,%rax,1), %r10
        leaq    10(%rax,%rax,2), %r11
        leaq    11(%rax,%rax,4), %r12
        leaq    12(%rax,%rax,8), %r13
        leaq    13(%rax,%rax,1), %r14
        leaq    14(%rax,%rax,2), %r15
        movq    %rax, %xmm0
        movq    %rbx, %xmm1
        movq    %rcx, %xmm2
        movq    %rdx, %xmm3
        movq    %rsi, %xmm4
        movq    %rdi, %xmm5
        movq    %rbp, %xmm6
        movq    %r8, %xmm7
        movq    %r9, %xmm8
        movq    %r10, %xmm9
        movq    %r11, %xmm10
        movq    %r12, %xmm11
        movq    %r13, %xmm12
        movq    %r14, %xmm13
        movq    %r15, %xmm14
        movq    %rax, %xmm15

1:      callq   compute_round
        decq    (%rsp)
        jnz     1b

        // fold
        paddq   %xmm1, %xmm0
        paddq   %xmm2, %xmm0
        paddq   %xmm3, %xmm0
        paddq   %xmm4, %xmm0
        paddq   %xmm5, %xmm0
        paddq   %xmm6, %xmm0
        paddq   %xmm7, %xmm0
        paddq   %xmm8, %xmm0
        paddq   %xmm9, %xmm0
        paddq   %xmm10, %xmm0
        paddq   %xmm11, %xmm0
        paddq   %xmm12, %xmm0
        paddq   %xmm13, %xmm0
        paddq   %xmm14, %xmm0
        paddq   %xmm15, %xmm0
        addq    %rbx, %rax
        addq    %rcx, %rax
        addq    %rdx, %rax
        addq    %rsi, %rax
        addq    %rdi, %rax
        addq    %rbp, %rax
        addq    %r8, %rax
        addq    %r9, %rax
        addq    %r10, %rax
        addq    %r11, %rax
        addq    %r12, %rax
        addq    %r13, %rax
        addq    %r14, %rax
        addq    %r15, %rax
        movq    %xmm0, %rcx
        xorq    %rcx, %rax
        movq    %rax, 8(%rsp)
        callq   time_slice_end
        movq    8(%rsp), %rax
        addq    $24, %rsp
        .cfi_adjust_cfa_offset -24
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
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        retq
        .cfi_endproc
        .size   compute, . - compute

/* One round: each register takes something from its neighbour. rbp is one of them, so nobody can follow it: the frames
 * above are found by call frame information alone. */
        .type   compute_round, @function
compute_round:
        .cfi_startproc
        .cfi_undefined rbp
        .cfi_undefined rbx
        .cfi_undefined r12
        .cfi_undefined r13
        .cfi_undefined r14
        .cfi_undefined r15
        addq    %rbx, %rax
        xorq    %rcx, %rbx
        addq    %rdx, %rcx
        xorq    %rsi, %rdx
        addq    %rdi, %rsi
        xorq    %rbp, %rdi
        addq    %r8, %rbp
        xorq    %r9, %r8
        addq    %r10, %r9
        xorq    %r11, %r10
        addq    %r12, %r11
        xorq    %r13, %r12
        addq    %r14, %r13
        xorq    %r15, %r14
        addq    %rax, %r15
        rolq    $7, %rax
        paddq   %xmm1, %xmm0
        paddq   %xmm2, %xmm1
        paddq   %xmm3, %xmm2
        paddq   %xmm4, %xmm3
        paddq   %xmm5, %xmm4
        paddq   %xmm6, %xmm5
        paddq   %xmm7, %xmm6
        paddq   %xmm8, %xmm7
        paddq   %xmm9, %xmm8
        paddq   %xmm10, %xmm9
        paddq   %xmm11, %xmm10
        paddq   %xmm12, %xmm11
        paddq   %xmm13, %xmm12
        paddq   %xmm14, %xmm13
        paddq   %xmm15, %xmm14
        paddq   %xmm0, %xmm15
        retq
        .cfi_endproc
        .size   compute_round, . - compute_round

        .section .note.GNU-stack, "", @progbits
